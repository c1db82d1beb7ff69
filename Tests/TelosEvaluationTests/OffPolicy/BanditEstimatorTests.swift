import Foundation
import TelosTensor
import Testing

@testable import TelosEvaluation

/// The estimators against Open Bandit Pipeline's on the same data (`Fixtures/open-bandit-pipeline.json` says which).
@Suite struct BanditEstimatorTests {
    private struct Estimates: Decodable {
        var inversePropensity, selfNormalized, directMethod, doublyRobust, selfNormalizedDoublyRobust: Double
        var switchDoublyRobust, shrunkDoublyRobust: [String: Double]

        var all: [(BanditEstimator, Double)] {
            [
                (.inversePropensity, inversePropensity), (.selfNormalized, selfNormalized),
                (.directMethod, directMethod), (.doublyRobust, doublyRobust),
                (.selfNormalizedDoublyRobust, selfNormalizedDoublyRobust),
            ] + switchDoublyRobust.sorted { $0.key < $1.key }.map { (.switchDoublyRobust(threshold: Double($0)!), $1) }
                + shrunkDoublyRobust.sorted { $0.key < $1.key }.map { (.shrunkDoublyRobust(lambda: Double($0)!), $1) }
        }
    }

    private struct Generated: Decodable {
        var actionCount: Int
        var actions: [Int]
        var rewards, propensities, policy, model: [Double]
        var estimates: Estimates
    }

    private struct OpenBandit: Decodable {
        var actionCount: Int
        var actions, positions, clickRounds: [Int]
        var policyByPosition: [[Double]]
        var model: [Double]
        var onlineClickRate: Double
        var estimates: Estimates
    }

    private struct Recorded: Decodable {
        var generated: Generated
        var openBandit: OpenBandit
    }

    private let recorded: Recorded

    init() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        recorded = try JSONDecoder().decode(
            Recorded.self, from: Data(contentsOf: folder.appending(path: "Fixtures/open-bandit-pipeline.json")))
    }

    private func generatedLog() throws -> BanditLog {
        let data = recorded.generated
        return try BanditLog(
            actionCount: data.actionCount, actions: data.actions, rewards: data.rewards,
            propensities: data.propensities)
    }

    @Test func agreeOnGeneratedData() throws {
        let (log, data) = (try generatedLog(), recorded.generated)
        #expect(data.estimates.all.count == 11)
        for (estimator, expected) in data.estimates.all {
            let value = try estimator.estimate(log, policy: data.policy, model: data.model)
            #expect(abs(value - expected) < 1e-9, "\(estimator): \(value) and \(expected)")
        }
    }

    @Test func agreeOnTheOpenBanditDataset() throws {
        let data = recorded.openBandit
        var rewards = [Double](repeating: 0, count: data.actions.count)
        for round in data.clickRounds { rewards[round] = 1 }
        let log = try BanditLog(
            actionCount: data.actionCount, actions: data.actions, rewards: rewards,
            propensities: rewards.map { _ in 1 / Double(data.actionCount) })
        let policy = data.positions.flatMap { data.policyByPosition[$0] }
        let model = data.positions.flatMap { _ in data.model }
        #expect(log.count == 10_000)
        for (estimator, expected) in data.estimates.all {
            let value = try estimator.estimate(log, policy: policy, model: model)
            #expect(abs(value - expected) < 1e-9, "\(estimator): \(value) and \(expected)")
        }
        // What Thompson sampling really earned lies in the interval that is estimated from the random policy's log.
        let interval = try BanditEstimator.inversePropensity.interval(
            log, policy: policy, replicates: 100, key: RandomKey(seed: 0))
        #expect(interval.contains(data.onlineClickRate), "\(interval)")
    }

    @Test func changedWeightsReachTheirEnds() throws {
        let (log, data) = (try generatedLog(), recorded.generated)
        func value(_ estimator: BanditEstimator) throws -> Double {
            try estimator.estimate(log, policy: data.policy, model: data.model)
        }
        let (model, robust) = (try value(.directMethod), try value(.doublyRobust))
        #expect(abs(try value(.switchDoublyRobust(threshold: 0)) - model) < 1e-12)
        #expect(abs(try value(.switchDoublyRobust(threshold: 1e9)) - robust) < 1e-12)
        #expect(abs(try value(.shrunkDoublyRobust(lambda: 0)) - model) < 1e-12)
        #expect(abs(try value(.shrunkDoublyRobust(lambda: .infinity)) - robust) < 1e-12)
    }

    /// Every estimator but the direct method is right for a log in which every action appears as often as it is likely.
    @Test func weightsUndoTheBehaviorPolicy() throws {
        // pi_b = (1/4, 3/4), two contexts with rewards (1, 5) and (2, -3).
        let log = try BanditLog(
            actionCount: 2, actions: [0, 1, 1, 1, 0, 1, 1, 1], rewards: [1, 5, 5, 5, 2, -3, -3, -3],
            propensities: [0.25, 0.75, 0.75, 0.75, 0.25, 0.75, 0.75, 0.75])
        let policy =
            Array(repeating: [0.9, 0.1], count: 4).flatMap { $0 }
            + Array(repeating: [0.4, 0.6], count: 4).flatMap { $0 }
        let (first, second): (Double, Double) = (0.9 * 1 + 0.1 * 5, 0.4 * 2 - 0.6 * 3)
        let truth = 0.5 * (first + second)
        // The same in every round of a context.
        let wrongModel = (0..<16).map { $0 < 8 ? [3.0, -1][$0 % 2] : [0, 2.5][$0 % 2] }
        for estimator: BanditEstimator in [
            .inversePropensity, .selfNormalized, .doublyRobust, .selfNormalizedDoublyRobust,
        ] {
            #expect(abs(try estimator.estimate(log, policy: policy, model: wrongModel) - truth) < 1e-12, "\(estimator)")
        }
        #expect(abs(try BanditEstimator.directMethod.estimate(log, policy: policy, model: wrongModel) - truth) > 0.1)
    }

    @Test func intervalsSurroundTheEstimate() throws {
        let (log, data) = (try generatedLog(), recorded.generated)
        for (estimator, expected) in data.estimates.all {
            let interval = try estimator.interval(
                log, policy: data.policy, model: data.model, replicates: 300, key: RandomKey(seed: 1))
            #expect(abs(interval.point - expected) < 1e-9)
            #expect(interval.lower < expected && expected < interval.upper && interval.width < 0.4)
        }
        // A mean's interval is that of its standard error.
        let rewards = log.rewards
        let interval = try bootstrapInterval(resampling: rewards, replicates: 4000, key: RandomKey(seed: 2)) {
            mean(of: $0)
        }
        let error = standardDeviation(of: rewards) / Double(rewards.count).squareRoot()
        #expect(abs(interval.width / (2 * 1.96 * error) - 1) < 0.08)
    }

    @Test func ridgeModelRecoversLinearRewards() throws {
        var random = RandomKey(seed: 3).stream
        let contexts = (0..<400).map { _ in random.normal() }
        let actions = (0..<400).map { _ in random.index(below: 2) }
        let rewards = actions.indices.map { actions[$0] == 0 ? 2 + contexts[$0] : 1 - 3 * contexts[$0] }
        let log = try BanditLog(
            actionCount: 3, actions: actions, rewards: rewards, propensities: actions.map { _ in 0.5 })
        let model = try log.ridgeRewardModel(contexts: contexts, width: 1, ridge: 1e-6)
        for round in 0..<400 {
            #expect(abs(model[round * 3] - (2 + contexts[round])) < 1e-4)
            #expect(abs(model[round * 3 + 1] - (1 - 3 * contexts[round])) < 1e-4)
            #expect(abs(model[round * 3 + 2] - mean(of: rewards)) < 1e-12)
        }
    }

    @Test func badInputIsRefused() throws {
        #expect(throws: StatisticsError.self) {
            try BanditLog(actionCount: 2, actions: [], rewards: [], propensities: [])
        }
        #expect(throws: StatisticsError.self) {
            try BanditLog(actionCount: 2, actions: [2], rewards: [1], propensities: [0.5])
        }
        #expect(throws: StatisticsError.self) {
            try BanditLog(actionCount: 2, actions: [1], rewards: [1], propensities: [0])
        }
        let log = try BanditLog(actionCount: 2, actions: [1], rewards: [1], propensities: [0.5])
        let estimator = BanditEstimator.doublyRobust
        #expect(throws: StatisticsError.self) { try estimator.estimate(log, policy: [0.5, 0.5]) }
        #expect(throws: StatisticsError.self) { try estimator.estimate(log, policy: [0.5, 0.4], model: [0, 0]) }
        #expect(throws: StatisticsError.self) { try BanditEstimator.selfNormalized.estimate(log, policy: [1, 0]) }
        #expect(throws: StatisticsError.self) {
            try BanditEstimator.switchDoublyRobust(threshold: -1).estimate(log, policy: [1, 0], model: [0, 0])
        }
        #expect(throws: StatisticsError.self) { try log.ridgeRewardModel(contexts: [1, 2], width: 1) }
    }
}
