import Testing
import TelosTensor

@testable import TelosLearning

@Suite struct SkillsTests {
    @Test func theDiscriminatorKnowsStatesThatOneSkillVisits() {
        var discriminator = SkillDiscriminator(skillCount: 2, stateCount: 2, memory: 0.5, prior: 1)
        #expect(discriminator.reward(of: 0, in: 0) == 0)
        discriminator.observe([0, 0, 1], of: 0)
        discriminator.observe([1], of: 1)
        // After fading: N(0,0) = 1, N(0,1) = 0.5, N(1,1) = 1.
        #expect(discriminator.counts == [1, 0, 0.5, 1])
        #expect(discriminator.probability(of: 0, in: 0) == 2.0 / 3)
        #expect(discriminator.probability(of: 1, in: 1) == 2 / 3.5)
        #expect(abs(discriminator.reward(of: 0, in: 0) - 0.28768207245178085) < 1e-15)
    }

    @Test func anArchiveKeepsTheFittestOfACell() {
        var archive = EliteArchive<String>(ranges: [0...1, -1...1], bins: [2, 4])
        #expect(archive.cell(of: [0.4, -0.9]) == 0)
        #expect(archive.cell(of: [0.5, 0.49]) == 6)
        #expect(archive.cell(of: [7, 1]) == 7)
        #expect(archive.cell(of: [-7, -.infinity]) == nil)
        #expect(archive.insert("a", fitness: 1, description: [0.1, -0.8]) == .new)
        #expect(archive.insert("b", fitness: 1, description: [0.4, -0.6]) == .rejected)
        #expect(archive.insert("c", fitness: 2, description: [0.4, -0.6]) == .better)
        #expect(archive.insert("d", fitness: .nan, description: [0.9, 0.9]) == .rejected)
        #expect(archive.insert("e", fitness: -1, description: [0.9, 0.9]) == .new)
        #expect(archive.elites.map(\.solution) == ["c", "e"])
        #expect(archive.coverage == 0.25)
        #expect(archive.qualityDiversityScore(worst: -3) == 7)
    }

    @Test func samplesEveryElite() {
        var archive = EliteArchive<Int>(ranges: [0...1], bins: [10])
        var random = RandomKey(seed: 3).stream
        #expect(archive.sample(using: &random) == nil)
        for value in 0..<3 { archive.insert(value, fitness: 0, description: [Double(value) / 3]) }
        let seen = Set((0..<60).compactMap { _ in archive.sample(using: &random)?.solution })
        #expect(seen == [0, 1, 2])
    }
}
