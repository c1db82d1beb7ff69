import TelosRewards
import TelosTensor
import Testing

@testable import TelosLearning

@Suite struct ParetoTests {
    private func points(_ count: Int, _ width: Int, seed: Int, levels: Int = 6) -> [[Double]] {
        var random = RandomKey(seed: seed).stream
        return (0..<count).map { _ in (0..<width).map { _ in Double(random.index(below: levels)) } }
    }

    @Test func dominanceIsThatOfTheDefinition() {
        #expect(Pareto.dominates([1, 2], [1, 1]) && Pareto.dominates([2, 2], [1, 1]))
        #expect(!Pareto.dominates([1, 1], [1, 1]) && !Pareto.dominates([2, 0], [1, 1]))
    }

    /// Fronts by taking away what nothing left dominates, again and again.
    @Test func frontsArePeeledOff() {
        for seed in 0..<20 {
            let points = points(40, 2 + seed % 3, seed: seed)
            var left = Array(points.indices)
            var peeled: [[Int]] = []
            while !left.isEmpty {
                let front = left.filter { one in !left.contains { Pareto.dominates(points[$0], points[one]) } }
                peeled.append(front)
                left.removeAll(where: front.contains)
            }
            #expect(Pareto.fronts(points) == peeled)
            // The first front, without repetitions.
            let distinct = peeled[0].filter { one in !peeled[0].contains { $0 < one && points[$0] == points[one] } }
            #expect(Pareto.nondominated(points) == distinct)
        }
    }

    /// Worked out by hand: NSGA-II's distances on a front of five.
    @Test func crowdingDistancesAreNeighboursGaps() {
        let front = [[0, 10.0], [1, 8], [4, 4], [5, 3], [10, 0]]
        let distances = Pareto.crowdingDistances(front)
        #expect(distances[0] == .infinity && distances[4] == .infinity)
        #expect(abs(distances[1] - (4.0 / 10 + 6.0 / 10)) < 1e-12)
        #expect(abs(distances[2] - (4.0 / 10 + 5.0 / 10)) < 1e-12)
        #expect(abs(distances[3] - (6.0 / 10 + 4.0 / 10)) < 1e-12)
        #expect(Pareto.crowdingDistances([]) == [] && Pareto.crowdingDistances([[1, 2]]) == [.infinity])
        // An objective in which all are equal says nothing.
        #expect(Pareto.crowdingDistances([[1, 0], [1, 1], [1, 3]]) == [.infinity, 1, .infinity])
    }

    @Test func archivesKeepWhatNothingDominates() {
        for seed in 0..<20 {
            let points = points(60, 3, seed: 100 + seed)
            var archive = ParetoArchive<Int>()
            for (index, point) in points.enumerated() { archive.insert(index, values: point) }
            #expect(Set(archive.entries.map(\.member)) == Set(Pareto.nondominated(points)))
            #expect(archive.entries.allSatisfy { $0.values == points[$0.member] && $0.id == $0.member })
        }
    }

    @Test func fullArchivesGiveUpTheMostCrowded() {
        var archive = ParetoArchive<String>(capacity: 4, reference: [0, 0])
        func stays(_ name: String, _ values: [Double]) -> Bool { archive.insert(name, values: values) }
        for (name, values) in [("a", [1, 10]), ("b", [4, 6]), ("c", [5, 5.5]), ("d", [10, 1])] {
            #expect(stays(name, values))
        }
        #expect(!stays("below", [0, 20]))
        #expect(!stays("equal", [5, 5.5]))
        // Between b and c: it is the most crowded itself.
        #expect(!stays("e", [4.5, 5.7]))
        // Beside d: now c is the most crowded, at 7/9 against 8.5/9 of b and 9.5/9 of f.
        #expect(stays("f", [8, 3]))
        #expect(archive.entries.map(\.member) == ["a", "b", "d", "f"])
        let inner = archive.mostIsolated(1) { $0.values[0] > 1 && $0.values[0] < 10 }
        #expect(inner.map(\.member) == ["b"])
        #expect(archive.mostIsolated(2).map(\.member) == ["a", "d"])
        #expect(stays("all", [20, 20]) && archive.entries.count == 1)
        #expect(archive.best(for: .linear([1, 0]))?.member == "all")
        #expect(ParetoArchive<Int>().best(for: .linear([1])) == nil)
    }
}
