import TelosEnvironments
import TelosTensor
import Testing

@testable import TelosEvaluation

@Suite struct AbstractRewardProcessTests {
    private typealias Exact = EnumeratedEpisodes

    private func process(_ cells: [Int], _ count: Int, window: Int?) throws -> AbstractRewardProcess {
        try AbstractRewardProcess(
            Exact.episodes, cells: cells, cellCount: count, window: window, discount: Exact.discount)
    }

    /// With all ratios any cells give the exact value, however little they have in common.
    @Test(arguments: [[0, 1, 2, 0, 1, 2], [0, 0, 0, 0, 0, 0], [0, 1, 0, 1, 0, 1], [0, 1, 2, 3, 4, 5]])
    func allRatiosAreConsistentForAnyCells(cells: [Int]) throws {
        let count = cells.max()! + 1
        let exact = try process(cells, count, window: nil).value()
        #expect(abs(exact - Exact.truth) < 1e-9, "\(exact) and \(Exact.truth)")
        // A window as long as an episode is all of it.
        #expect(abs(try process(cells, count, window: 4).value() - Exact.truth) < 1e-9)
    }

    @Test func fewRatiosAreExactForSingleStatesOnly() throws {
        #expect(abs(try process([0, 1, 2, 3, 4, 5], 6, window: 1).value() - Exact.truth) < 1e-9)
        #expect(abs(try process([0, 1, 2, 0, 1, 2], 3, window: 1).value() - Exact.truth) > 0.01)
        // Without ratios it is the behaviour policy's value.
        let plain = try AbstractRewardProcess(
            Exact.episodes.map { episode in
                var copy = episode
                copy.ratios = episode.ratios.map { _ in 1 }
                return copy
            }, cells: [0, 0, 1, 0, 1, 0], cellCount: 2, window: 1, discount: Exact.discount)
        let behavior = try Exact.mdp.expectedReturn(
            policy: Exact.behavior, reward: Exact.reward, discount: Exact.discount)
        #expect(abs(try plain.value() - behavior) < 1e-9)
    }

    @Test func cellsOfTimeAreWeightedPerDecision() throws {
        var random = RandomKey(seed: 2).stream
        let episodes = (0..<20).map { _ in
            var episode = LoggedEpisode(
                rewards: (0..<6).map { _ in random.normal() }, ratios: (0..<6).map { _ in random.uniform(0, 3) })
            episode.states = Array(0...6)
            episode.actions = Array(repeating: 0, count: 6)
            return episode
        }
        let process = try AbstractRewardProcess(
            episodes, cells: Array(0...6), cellCount: 7, window: nil, discount: 0.9)
        let expected = try TrajectoryEstimator.weightedPerDecision.estimate(episodes, discount: 0.9)
        #expect(abs(try process.value() - expected) < 1e-12)
        #expect(abs(process.value(horizon: 6) - expected) < 1e-12)
    }

    /// Time that ran out is no termination: of one state that pays 1 for ever, 3 steps are seen and 10 are worth 10.
    @Test func truncationIsNoTermination() throws {
        var episode = LoggedEpisode(rewards: [1, 1, 1], ratios: [1, 1, 1], isTerminated: false)
        episode.states = [0, 0, 0, 0]
        episode.actions = [0, 0, 0]
        #expect(try AbstractRewardProcess([episode], cells: [0], cellCount: 1, window: 1).value(horizon: 10) == 10)
        episode.isTerminated = true
        let ended = try AbstractRewardProcess([episode], cells: [0], cellCount: 1, window: 1)
        #expect(abs(try ended.value() - 3) < 1e-12)
    }

    @Test func badInputIsRefused() {
        #expect(throws: StatisticsError.self) { try process([0, 1], 2, window: 1) }
        #expect(throws: StatisticsError.self) { try process([0, 0, 0, 0, 0, 3], 2, window: 1) }
        #expect(throws: StatisticsError.self) { try process([0, 0, 0, 0, 0, 0], 1, window: 0) }
    }

    /// Against every way of splitting six points in two.
    @Test func kMeansFindsTheLeastSquares() throws {
        let points = [[0.0, 0.1], [0.3, 0], [1.4, 0.2], [2.9, 1], [3.2, 0.7], [3.6, 1.2]]
        func squares(_ assignments: [Int]) -> Double {
            (0..<2).reduce(0) { sum, cluster in
                let members = points.indices.filter { assignments[$0] == cluster }.map { points[$0] }
                guard !members.isEmpty else { return sum }
                let centre = (0..<2).map { axis in members.reduce(0) { $0 + $1[axis] } / Double(members.count) }
                return sum + members.reduce(0) { $0 + KMeans.squaredDistance($1, centre) }
            }
        }
        let least = (0..<64).map { bits in squares((0..<6).map { bits >> $0 & 1 }) }.min()!
        let found = try (0..<10).map { seed in
            var random = RandomKey(seed: seed).stream
            let clusters = try KMeans(points, clusterCount: 2, using: &random)
            for (point, cluster) in zip(points, clusters.assignments) {
                #expect(clusters.nearestCluster(to: point) == cluster)
            }
            return squares(clusters.assignments)
        }
        #expect(abs(found.min()! - least) < 1e-12)
        var random = RandomKey(seed: 0).stream
        #expect(throws: StatisticsError.self) { try KMeans(points, clusterCount: 7, using: &random) }
        #expect(throws: StatisticsError.self) { try KMeans([[0], [0, 1]], clusterCount: 1, using: &random) }
    }
}
