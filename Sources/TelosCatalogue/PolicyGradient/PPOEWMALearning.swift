import TelosEnvironments
import TelosEvaluation
import TelosLearning
import TelosTensor

/// The same question put to the shared PPO learner and its option `proximalDecay`: does the learning curve of a small
/// batch, with the step size and the average's horizon rescaled, follow that of a large one? The policy is a softmax of
/// a linear layer on the context, with a learned critic; scores are estimated from drawn actions.
struct PPOEWMALearnerExperiment {
    let context: ClaimContext
    let averages: Bool
    private let clipRange = 0.05
    private let learningRate = 0.05

    init(_ context: ClaimContext, averages: Bool = true) {
        self.context = context
        self.averages = averages
    }

    func outcome() throws -> ClaimOutcome {
        let divisor = 1 << context.whole("halvings")
        let seeds = try context.perSeed { _, key in
            let bandit = ContextualBandit(
                contexts: context.whole("contexts"), arms: context.whole("arms"), key: key.derived("bandit"))
            return try [averages, false].enumerated().map { index, averages in
                let full = try curve(bandit, divisor: 1, averages: averages, key.derived("learner full", index))
                let small = try curve(bandit, divisor: divisor, averages: averages, key.derived("learner", index))
                return mean(of: zip(full, small).map { abs($0 - $1) })
            }
        }
        let metric = "mean distance to the full batch's learning curve, 1 from uniform to best"
        let arms = [("method", ClaimRole.method), ("baseline", .baseline)].enumerated().map { index, arm in
            ClaimArm(
                "shared PPO learner, " + (index == 0 ? "proximalDecay" : "plain") + ", batch / \(divisor)", arm.1,
                metric: metric, values: seeds.map { $0[index] })
        }
        return ClaimOutcome(
            arms: arms,
            tests: [
                ClaimTest(
                    "shared PPO learner: distance of plain PPO over proximalDecay's",
                    interquartileMean(of: arms[1].values) / interquartileMean(of: arms[0].values), .atLeast, 2)
            ])
    }

    private func curve(
        _ bandit: ContextualBandit, divisor: Int, averages: Bool, _ key: RandomKey
    ) throws -> [Double] {
        let c = Double(divisor)
        let size = 512 / divisor
        var options = PPOConfiguration()
        options.environments = 8
        options.rolloutSteps = size / 8
        options.minibatchSize = size / 4
        options.epochs = 1
        options.learningRate = learningRate / c.squareRoot()
        options.clipRange = clipRange
        // Standardising by the minibatch would tie the steps to its size.
        options.normalizeAdvantages = false
        options.maximumGradientNorm = 1e9
        options.hiddenSizes = []
        let centreOfMass = 1 / (1 - context["decay"]) - 1
        options.proximalDecay = averages ? 1 - 1 / (1 + c * centreOfMass) : 0
        let learner = try Learners.named("ppo")!.make(
            LearnerContext(
                task: try BanditEnvironment(bandit, noise: context["noise"]).task(), key: key,
                plannedSteps: context.whole("samples")), options.json)
        var result: [Double] = []
        while learner.steps < context.whole("samples") {
            _ = try learner.iterate()
            if learner.steps % 2048 == 0 {
                result.append(score(learner.policy(), bandit, key.derived("score", result.count)))
            }
        }
        return result
    }

    /// From 1000 actions a context.
    private func score(_ policy: any Policy, _ bandit: ContextualBandit, _ key: RandomKey) -> Double {
        let repeats = 1000
        var random = key.stream
        let contexts = (0..<(bandit.contexts * repeats)).map { Float($0 / repeats) }
        var actions = contexts
        contexts.withUnsafeBufferPointer { contexts in
            actions.withUnsafeMutableBufferPointer {
                policy.act(on: contexts, count: contexts.count, into: $0, deterministic: false, using: &random)
            }
        }
        var shares = [Double](repeating: 0, count: bandit.means.count)
        for (row, action) in actions.enumerated() {
            shares[row / repeats * bandit.arms + Int(action)] += 1 / Double(repeats)
        }
        return bandit.score(of: shares)
    }
}
