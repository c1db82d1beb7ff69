import Testing

@testable import TelosCatalogue

@Suite struct CurriculumClaimTests {
    /// On a cube of 5 x 5 cells what is proposed moves along with the student, and stays where it is with progress
    /// shuffled.
    @Test(arguments: [true, false]) func proposalsFollowProgress(usesProgress: Bool) throws {
        let context = try DistributionalClaimTests.context(
            "alp-gmm", seeds: 100..<101, set: ["episodes": 4000, "cells": 5])
        let outcome = try ALPGMMExperiment(context, usesProgress: usesProgress).outcome()
        #expect(outcome.tests.first { $0.name.contains("way from the origin") }?.passed == usesProgress)
        if !usesProgress { #expect(!outcome.holds) }
    }

    /// A cell is learned only beside one with 75, and the frontier is where something can be learned.
    @Test func theStudentIsAsDescribed() {
        var cube = CompetenceCube(cells: 3, axes: 2, unlearnable: 0.5)
        #expect(cube.frontier == [0])
        #expect(cube.episode([0.2, 0.1]) == 0)  // cell (1, 0): not yet
        #expect(cube.episode([0.6, 0.1]) == 0)  // beyond what can be learned
        for _ in 0..<75 { _ = cube.episode([0.1, 0.1]) }
        #expect(cube.competence[0] == 75 && cube.mastered == 0)
        #expect(cube.frontier == [0, 1, 3, 4])
        #expect(cube.episode([0.2, 0.1]) == 0.01)
        #expect(cube.episode([0.1, 0.1]) == 0.76)
        #expect(abs(cube.mastered - 100.0 / 9) < 1e-9)
        for _ in 0..<50 { _ = cube.episode([0.1, 0.1]) }
        #expect(cube.competence[0] == 100)
    }
}
