import TelosEnvironments
import TelosLearning
import TelosRewards
import TelosTensor

extension SINDyExperiment {
    /// PPO in the model, PPO in the pendulum, and the former's policy as a sparse cubic.
    func learn(
        in model: SparseDynamics, from data: DynamicsData, _ key: RandomKey, _ result: inout Run
    ) throws {
        guard let pendulum = Environments.named("Pendulum"),
            let preset = Presets.all.first(where: { $0.learner == "ppo" && $0.environment == "Pendulum" })
        else { return }
        func policy(_ entry: EnvironmentEntry, steps: Int, _ key: RandomKey) throws -> any Policy {
            let learner = try Learners.named("ppo")!.make(
                LearnerContext(task: try TaskDefinition(entry), key: key, plannedSteps: steps), preset.options)
            while learner.steps < steps { _ = try learner.iterate() }
            return learner.policy()
        }
        let world = ImaginedPendulum(model: model, data: data)
        let imagined = EnvironmentEntry(
            name: "ImaginedPendulum", family: "catalogue", summary: "", horizon: 200, reward: pendulum.reward
        ) { _ in world }
        let learned = try policy(imagined, steps: context.whole("imagined"), key.derived("imagined"))
        result.imagined = PendulumPlan.score { act(learned, $0) }
        let free = try policy(pendulum, steps: 10 * data.count, key.derived("free"))
        result.free = PendulumPlan.score { act(free, $0) }
        // The policy's mean torques where it goes in the model, and beside.
        var random = key.derived("distillation").stream
        let starts = (0..<64).flatMap { row in
            let from = random.index(below: data.count)
            return Array(data.states[(3 * from)..<(3 * from + 3)])
        }
        let rollout = try model.rollOut(from: starts, steps: 100, using: &random) { states, _, random in
            act(learned, states).map { min(max($0 + 0.5 * random.normal(), -2), 2) }
        }
        let states = Array(rollout.states.dropLast().joined())
        let library = FeatureLibrary.polynomial(of: [0, 1, 2], degree: 3, variables: 3)
        var best = -Double.infinity
        for threshold in [0.0, 0.02, 0.05, 0.1, 0.2] {
            let fit = SparseModel(
                library: library,
                coefficients: try SparseRegression(threshold: threshold, ridge: 1e-4).fit(
                    features: library(states), targets: act(learned, states), rows: states.count / 3), outputCount: 1)
            func torques(_ states: [Double]) -> [Double] { fit(states).map { min(max($0, -2), 2) } }
            let trial = try model.rollOut(from: Array(starts), steps: 200, using: &random) { states, _, _ in
                torques(states)
            }
            let value = zip(trial.states, trial.actions).reduce(0) { sum, step in
                sum + PendulumPlan.reward(step.0, step.1).reduce(0, +)
            }
            // The sparsest of those that earn within 5% of the best in imagination.
            guard value > best * (best < 0 ? 1.05 : 1) || best == -.infinity else { continue }
            best = max(best, value)
            result.distilled = PendulumPlan.score(torques)
            result.policyCoefficients = Double(fit.nonzeroCount)
        }
    }

    private func act(_ policy: any Policy, _ states: [Double]) -> [Double] {
        var random = RandomKey(seed: 0).stream
        let rows = states.count / 3
        var actions = [Float](repeating: 0, count: rows)
        states.map(Float.init).withUnsafeBufferPointer { states in
            actions.withUnsafeMutableBufferPointer {
                policy.act(on: states, count: rows, into: $0, deterministic: true, using: &random)
            }
        }
        return actions.map { min(max(Double($0), -2), 2) }
    }
}
