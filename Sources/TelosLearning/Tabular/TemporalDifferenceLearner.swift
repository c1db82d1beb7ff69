import CTelosKernels
import TelosEnvironments
import TelosRewards
import TelosTensor

/// The loop that Q-learning, SARSA and expected SARSA share: act epsilon-greedily, move the value of what was done
/// towards the target, step after step. (Sutton and Barto, *Reinforcement learning*, 2018, chapter 6.)
final class TemporalDifferenceLearner: Learner {
    private(set) var steps = 0
    /// q(s,a) at `s * actionCount + a`, where s is the observation.
    private(set) var values: [Double]
    private let target: TemporalDifferenceTarget
    private let configuration: TemporalDifferenceConfiguration
    private let plannedSteps: Int
    private let environments: any BatchEnvironment
    private let rewards: TaskRewards
    private let actionCount: Int
    private let actions: Buffer<Float>
    /// What an environment does next, where a target has already drawn it.
    private var decided: [Int?]
    private var tracker: EpisodeTracker
    private var exploration: RandomStream
    private let clock = ContinuousClock()

    /// - Throws: `LearnerError` where observations or actions are not discrete, `ConfigurationError` where the blend of
    ///   rewards would have to be learned, and what making the environment or binding the rewards throws.
    init(
        _ context: LearnerContext, _ configuration: TemporalDifferenceConfiguration, target: TemporalDifferenceTarget
    ) throws {
        try context.task.requireFixedBlend()
        self.target = target
        self.configuration = configuration
        plannedSteps = max(1, context.plannedSteps)
        let count = configuration.environments
        environments = try context.task.makeEnvironments(count: count, key: context.key.derived("environments"))
        let (stateCount, actionCount) = try TableShape.of(environments.specification)
        self.actionCount = actionCount
        values = Array(repeating: configuration.initialValue, count: stateCount * actionCount)
        rewards = try TaskRewards(
            context.task, specification: environments.specification, count: count, discount: configuration.discount)
        actions = Buffer(count: count, repeating: 0)
        decided = Array(repeating: nil, count: count)
        tracker = EpisodeTracker(environments: count, terms: rewards.termNames.count)
        exploration = context.key.derived("exploration").stream
    }

    private var progress: Double { min(1, Double(steps) / Double(plannedSteps)) }
    private var epsilon: Double { configuration.epsilon(at: progress) }

    func iterate() throws -> IterationReport {
        var report = IterationReport()
        let count = configuration.environments
        let batches = (configuration.stepsPerIteration + count - 1) / count
        var error = 0.0
        for _ in 0..<batches {
            let start = clock.now
            let epsilon = epsilon
            let rate = configuration.learningRate * configuration.learningRateSchedule.factor(progress)
            let observations = environments.observations
            for environment in 0..<count {
                actions[environment] = Float(
                    decided[environment] ?? draw(row(observations[environment]), epsilon))
            }
            let acted = clock.now
            environments.step(actions: actions.readOnly)
            steps += count
            let transitions = environments.transitions
            let paid = rewards.evaluate(transitions)
            report.episodes += tracker.record(
                channels: paid.channels, terms: paid.terms, ends: transitions.ends, step: steps)
            let stepped = clock.now
            for environment in 0..<count {
                let reward = rewards.blended(paid.channels, environment)
                error += abs(learn(transitions, environment, reward: reward, rate: rate, epsilon: epsilon))
            }
            report.time += TimeSplit(
                environment: (stepped - acted).inSeconds, policy: (acted - start).inSeconds,
                learning: (clock.now - stepped).inSeconds)
        }
        report.metrics = [
            Metric("temporalDifferenceError", error / Double(batches * count)), Metric("epsilon", epsilon),
            Metric("learningRate", configuration.learningRate * configuration.learningRateSchedule.factor(progress)),
        ]
        return report
    }

    /// One update from one environment's step; returns the temporal-difference error.
    private func learn(
        _ transitions: TransitionBatch, _ environment: Int, reward: Double, rate: Double, epsilon: Double
    ) -> Double {
        let end = transitions.ends[environment]
        var drawn: Int?
        var following = 0.0
        if end != .terminated {
            let next = row(transitions.nextObservations[environment])
            following = target.following(values, next, epsilon: epsilon) {
                let action = draw(next, epsilon)
                drawn = action
                return action
            }
        }
        // A cut-off episode's next action gives its target, and is never done: the environment is elsewhere by now.
        decided[environment] = end == .ongoing ? drawn : nil
        let entry = row(transitions.observations[environment]).lowerBound + Int(actions[environment])
        let error = reward + configuration.discount * following - values[entry]
        values[entry] += rate * error
        return error
    }

    private func row(_ observation: Float) -> Range<Int> {
        let start = Int(observation) * actionCount
        return start..<(start + actionCount)
    }

    private func draw(_ row: Range<Int>, _ epsilon: Double) -> Int {
        ActionValues.epsilonGreedy(values, row, epsilon: epsilon, &exploration)
    }

    // MARK: State

    var weightHash: UInt64 { values.bytesHash }

    func policy() -> any Policy { TablePolicy(values: values, actionCount: actionCount, epsilon: epsilon) }

    private struct State: Codable {
        var steps: Int
        var decided: [Int?]
        var tracker: EpisodeTracker
        var exploration: RandomStream
        var rewardMemory: [[Double]]
    }

    func checkpoint() throws -> Checkpoint {
        var checkpoint = Checkpoint()
        try checkpoint.store(values, as: "values")
        try checkpoint.store(environments.snapshot, as: "environments")
        try checkpoint.store(
            State(
                steps: steps, decided: decided, tracker: tracker, exploration: exploration,
                rewardMemory: rewards.snapshot), as: "learner")
        return checkpoint
    }

    func restore(_ checkpoint: Checkpoint) throws {
        let state: State = try checkpoint.load(from: "learner")
        let restored = try checkpoint.values(named: "values", count: values.count)
        guard state.decided.count == decided.count else {
            throw CheckpointError("it is of \(state.decided.count) environments, this learner has \(decided.count)")
        }
        try environments.restore(checkpoint.load(from: "environments"))
        values = restored
        steps = state.steps
        decided = state.decided
        tracker = state.tracker
        exploration = state.exploration
        rewards.snapshot = state.rewardMemory
    }
}

extension [Double] {
    /// FNV-1a over the bytes.
    var bytesHash: UInt64 { withUnsafeBytes { telos_hash($0.baseAddress, $0.count, 0) } }
}

extension Checkpoint {
    /// Doubles stored as text under `name`.
    func values(named name: String, count: Int) throws -> [Double] {
        let values: [Double] = try load(from: name)
        guard values.count == count else {
            throw CheckpointError("its '\(name)' has \(values.count) values where \(count) are needed")
        }
        return values
    }
}
