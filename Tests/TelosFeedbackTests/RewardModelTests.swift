import Foundation
import TelosNN
import TelosTensor
import Testing

@testable import TelosFeedback

@Suite struct RewardModelTests {
    /// Pairs of vectors answered by sigmoid(w . (x - x')), with w = (1, -2, 0.5).
    static func pairs(_ count: Int, seed: Int) -> (differences: [[Double]], targets: [Double], data: ComparisonFeatures)
    {
        var random = RandomKey(seed: seed).stream
        let truth = [1, -2, 0.5]
        var data = ComparisonFeatures(featureCount: 3)
        var (differences, targets) = ([[Double]](), [Double]())
        for _ in 0..<count {
            let options = (0..<2).map { _ in (0..<3).map { _ in random.normal() } }
            let difference = zip(options[0], options[1]).map { $0 - $1 }
            let chance = logistic(zip(truth, difference).reduce(0) { $0 + $1.0 * $1.1 })
            let target = random.uniform() < chance ? 1.0 : 0
            differences.append(difference)
            targets.append(target)
            try! data.append(options[0].map(Float.init), options[1].map(Float.init), target: target)
        }
        return (differences, targets, data)
    }

    @Test func linearModelsAreFittedExactly() throws {
        let (differences, targets, _) = Self.pairs(4000, seed: 1)
        let model = try LinearRewardModel.fit(differences: differences, targets: targets, ridge: 0.1)
        for (weight, truth) in zip(model.weights, [1, -2, 0.5]) { #expect(abs(weight - truth) < 0.15) }
        // The gradient vanishes at the fit, by central differences of the loss.
        func loss(_ weights: [Double]) -> Double {
            let model = LinearRewardModel(weights: weights)
            return zip(differences, targets).reduce(weights.reduce(0) { $0 + 0.05 * $1 * $1 }) {
                $0 - log($1.1 == 1 ? model.probability(difference: $1.0) : 1 - model.probability(difference: $1.0))
            }
        }
        for index in 0..<3 {
            var (up, down) = (model.weights, model.weights)
            up[index] += 1e-4
            down[index] -= 1e-4
            #expect(abs(loss(up) - loss(down)) / 2e-4 < 1e-3)
        }
        // A pair that counts twice is two pairs; a tie is half of either answer.
        let twice = try LinearRewardModel.fit(
            differences: [[1, 0], [0, 1]], targets: [1, 0.5], importances: [2, 1], ridge: 0.5)
        let listed = try LinearRewardModel.fit(
            differences: [[1, 0], [1, 0], [0, 1]], targets: [1, 1, 0.5], ridge: 0.5)
        #expect(zip(twice.weights, listed.weights).allSatisfy { abs($0 - $1) < 1e-9 } && twice.weights[1] == 0)
    }

    @Test func separableAnswersHaveAFiniteFit() throws {
        let model = try LinearRewardModel.fit(differences: [[1], [2], [5]], targets: [1, 1, 1], ridge: 1e-6)
        #expect(model.weights[0] > 3 && model.weights[0].isFinite)
    }

    @Test func wrongDataSayWhatIsMissing() throws {
        #expect(throws: FeedbackError.self) { try LinearRewardModel.fit(differences: [], targets: []) }
        #expect(throws: FeedbackError.self) {
            try LinearRewardModel.fit(differences: [[1], [1, 2]], targets: [1, 0])
        }
        #expect(throws: FeedbackError.self) { try LinearRewardModel.fit(differences: [[1]], targets: [2]) }
        #expect(throws: FeedbackError.self) { try LinearRewardModel.fit(differences: [[1]], targets: [1], ridge: 0) }
        var data = ComparisonFeatures(stepCount: 2, featureCount: 3)
        #expect(throws: FeedbackError.self) { try data.append([1, 2, 3], [1, 2, 3], target: 1) }
        let model = try RewardEnsemble(featureCount: 4, key: RandomKey(seed: 0))
        #expect(throws: FeedbackError("there are no comparisons to train on")) { try model.train(data, steps: 1) }
        try data.append([1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6], target: 1)
        #expect(throws: FeedbackError("the options have 3 features, the reward model 4")) {
            try model.train(data, steps: 1)
        }
    }

    @Test func networksLearnToPredictAndAreCalibrated() throws {
        let (training, judging) = (Self.pairs(2000, seed: 2), Self.pairs(2000, seed: 3))
        var options = RewardEnsemble.Options()
        options.memberCount = 2
        options.hiddenSizes = []
        options.learningRate = 0.02
        let model = try RewardEnsemble(featureCount: 3, options: options, key: RandomKey(seed: 9))
        let before = try PreferenceScore(
            probabilities: model.probabilities(judging.data)[0], targets: judging.targets)
        let losses = try model.train(training.data, steps: 500)
        #expect(losses.suffix(50).reduce(0, +) < losses.prefix(50).reduce(0, +))
        let exact = try LinearRewardModel.fit(differences: training.differences, targets: training.targets)
        let best = try PreferenceScore(
            probabilities: judging.differences.map { exact.probability(difference: $0) }, targets: judging.targets)
        for member in 0..<2 {
            let score = try PreferenceScore(
                probabilities: model.probabilities(judging.data)[member], targets: judging.targets)
            #expect(score.accuracy > best.accuracy - 0.02 && score.logLoss < best.logLoss + 0.02)
            #expect(score.expectedCalibrationError < 0.06 && score.logLoss < before.logLoss)
        }
        let probabilities = try model.probabilities(judging.data)
        try model.normalize(on: judging.data.first)
        let scores = try model.scores(judging.data.first)
        for values in scores {
            #expect(abs(values.reduce(0, +) / 2000) < 1e-6)
            #expect(abs(values.reduce(0) { $0 + $1 * $1 } / 2000 - 1) < 1e-6)
        }
        // Chances do not depend on the scale that scores are given in.
        for (now, then) in zip(try model.probabilities(judging.data)[0], probabilities[0]) {
            #expect(abs(now - then) < 1e-6)
        }
    }

    /// Which step of a segment is good is found from sums alone.
    @Test func segmentsAreScoredByTheSumOfTheirSteps() throws {
        var random = RandomKey(seed: 11).stream
        var data = ComparisonFeatures(stepCount: 3, featureCount: 1)
        func value(_ rows: [Float]) -> Double { rows.reduce(0) { $0 + Double($1 * $1) } }
        for _ in 0..<1500 {
            let (first, second) = (
                (0..<3).map { _ in Float(random.uniform(-1, 1)) }, (0..<3).map { _ in Float(random.uniform(-1, 1)) }
            )
            try data.append(
                first, second, target: random.uniform() < logistic(8 * (value(first) - value(second))) ? 1 : 0)
        }
        var options = RewardEnsemble.Options()
        options.hiddenSizes = [32]
        let model = try RewardEnsemble(featureCount: 1, options: options, key: RandomKey(seed: 12))
        try model.train(data, steps: 600)
        let scores = try model.scores([-0.9, 0, 0.9])[0]
        #expect(scores[0] > scores[1] + 3 && scores[2] > scores[1] + 3)
        let sums = try model.scores([-0.9, 0, 0.9, 0, 0, 0], stepCount: 3)[0]
        #expect(abs(sums[0] - scores.reduce(0, +)) < 1e-5)
    }

    @Test func segmentsBecomeRowsOfObservationAndAction() throws {
        let segment = try Segment(observations: [[1, 2], [3, 4], [5, 6]], actions: [[7], [8]])
        let data = try ComparisonFeatures([Preference(segment, segment, .tie)])
        #expect(data.first == [1, 2, 7, 3, 4, 8] && data.targets == [0.5] && data.stepCount == 2)
    }

    @Test func ensembleScoresCombineMembers() {
        let scores: [[Double]] = [[1, 4], [3, 4], [5, 1]]
        #expect(EnsembleScore.mean(scores) == [3, 3] && EnsembleScore.minimum(scores) == [1, 1])
        #expect(EnsembleScore.member(1)(scores) == [3, 4])
        let careful = EnsembleScore.uncertaintyWeighted(0.5)(scores)
        #expect(abs(careful[0] - (3 - 0.5 * 8 / 3)) < 1e-12 && abs(careful[1] - (3 - 0.5 * 2)) < 1e-12)
    }

    /// Against every subset of seven samples.
    @Test func bestOfNIsTheMeanOverAllSubsets() throws {
        let scores: [Double] = [3, 1, 4, 1.5, 9, 2.6, 5]
        let values: [Double] = [1, 2, -3, 4, -5, 6, 7]
        for n in 1...7 {
            var (sum, count) = (0.0, 0.0)
            for subset in 0..<128 where subset.nonzeroBitCount == n {
                let best = (0..<7).filter { subset >> $0 & 1 == 1 }.max { scores[$0] < scores[$1] }!
                sum += values[best]
                count += 1
            }
            #expect(abs(try BestOfN.expectedValue(n: n, scores: scores, values: values) - sum / count) < 1e-12)
        }
        #expect(abs(BestOfN.divergence(n: 8) - (log(8) - 7.0 / 8)) < 1e-12 && BestOfN.divergence(n: 1) == 0)
        #expect(throws: FeedbackError.self) { try BestOfN.expectedValue(n: 8, scores: scores, values: values) }
        #expect(throws: FeedbackError.self) { try BestOfN.expectedValue(n: 0, scores: scores, values: values) }
        #expect(throws: FeedbackError.self) { try BestOfN.expectedValue(n: 1, scores: scores, values: [1]) }
    }

    @Test func calibrationIsMeasuredInBins() throws {
        // Two bins: 0.15 predicted where 0.5 came true, 0.95 where 1 did.
        let curve = try ReliabilityCurve(
            probabilities: [0.1, 0.2, 0.9, 1], targets: [0, 1, 1, 1], bins: 2)
        #expect(curve.bins.count == 2 && curve.bins[0].count == 2)
        #expect(abs(curve.expectedError - (0.5 * 0.35 + 0.5 * 0.05)) < 1e-12)
        #expect(abs(curve.largestError - 0.35) < 1e-12)
        let score = try PreferenceScore(probabilities: [0.8, 0.5, 0.3, 0.6], targets: [1, 1, 1, 0.5])
        #expect(abs(score.accuracy - 1.5 / 3) < 1e-12)
        #expect(abs(score.brierScore - (0.04 + 0.25 + 0.49 + 0.01) / 4) < 1e-12)
        let loss = -(log(0.8) + log(0.5) + log(0.3) + 0.5 * log(0.6) + 0.5 * log(0.4)) / 4
        #expect(abs(score.logLoss - loss) < 1e-12)
        let perfect = try PreferenceScore(probabilities: [1, 0], targets: [1, 0])
        #expect(perfect.logLoss == 0 && perfect.accuracy == 1 && perfect.expectedCalibrationError == 0)
        #expect(throws: FeedbackError.self) { try PreferenceScore(probabilities: [], targets: []) }
        #expect(throws: FeedbackError.self) { try PreferenceScore(probabilities: [1.2], targets: [1]) }
    }

    /// The contrastive loss with bias 1 is the logistic one; with less, by its definition, and its gradient's sign.
    @Test func contrastiveLossHasItsClosedForm() throws {
        let (first, second, target): ([Float], [Float], [Float]) = ([-3, -1, -2], [-1, -4, -2], [1, 1, 0.5])
        func tensor(_ values: [Float]) -> Tensor { Tensor(values, shape: [3]) }
        func values(bias: Float) throws -> [Float] {
            let program = try Program(
                inputs: [],
                outputs: [
                    contrastivePreferenceLoss(
                        first: tensor(first), second: tensor(second), target: tensor(target), bias: bias)
                ])
            program.run()
            return Array(program.output(0))
        }
        let (plain, biased) = (try values(bias: 1), try values(bias: 0.5))
        for index in 0..<3 {
            let (a, b, y) = (Double(first[index]), Double(second[index]), Double(target[index]))
            #expect(abs(Double(plain[index]) - preferenceLoss(difference: a - b, target: y)) < 1e-5)
            let expected =
                -y * log(exp(a) / (exp(a) + exp(0.5 * b))) - (1 - y) * log(exp(b) / (exp(b) + exp(0.5 * a)))
            #expect(abs(Double(biased[index]) - expected) < 1e-5)
        }
        #expect(abs(preferenceLoss(difference: 700, target: 0) - 700) < 1e-9 && logistic(-800) == 0)
    }
}
