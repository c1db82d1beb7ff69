import TelosEnvironments
import TelosLearning
import TelosRewards
import TelosTensor

@testable import TelosExperiments

/// A corridor of cells: one step left or right, one time in ten the other way; the right end is terminal.
struct Walk: Environment {
    var length = 6

    var specification: EnvironmentSpecification {
        EnvironmentSpecification(
            name: "Walk", summary: "A corridor.", observation: .box(0...100, count: 1), action: .discrete(2),
            actionNames: ["left", "right"],
            signals: [
                Signal("position", 0...Double(length), "Cell."), Signal("goal", 0...1, "1 at the right end."),
            ], stateNames: ["position"], reference: "none")
    }

    func reset(using random: inout RandomStream) -> Int { random.index(below: 2) }

    func step(_ state: inout Int, action: Action, using random: inout RandomStream) -> Bool {
        let slips = random.uniform() < 0.1
        state += (action.index == 1) != slips ? 1 : -1
        state = max(0, min(length, state))
        return state == length
    }

    func observe(_ state: Int, into observation: UnsafeMutableBufferPointer<Float>) { observation[0] = Float(state) }

    func readSignals(_ state: Int, into signals: SignalWriter) {
        signals[0] = Double(state)
        signals[1] = state == length ? 1 : 0
    }

    func draw(_ state: Int) -> Drawing {
        Drawing(
            width: Double(length) + 1, height: 1,
            elements: [.circle(x: Double(state) + 0.5, y: 0.5, radius: 0.3, fill: "#336")])
    }

    static let entry = EnvironmentEntry(
        name: "Walk", family: "tests", summary: "A corridor.",
        options: [EnvironmentOption("length", .integer(2...99), .integer(6), "Cells.")], horizon: 40,
        reward: "goal ? 0 : -1"
    ) { Walk(length: $0.integer("length")) }
}

/// A learner small enough for tests: prefers the action that earned more, and draws random numbers all the time, so
/// that nothing forgotten in a checkpoint goes unnoticed.
final class WalkLearner: Learner {
    struct Options: LearnerConfiguration {
        var batch = 8
        var rate = 0.1
        static let options = [
            OptionDescription("batch", "Steps an iteration.", range: 1...1000),
            OptionDescription("rate", "Step size.", range: 0...1),
        ]
    }

    struct State: Codable {
        var steps = 0
        var random: RandomStream
        var snapshot: BatchSnapshot
        var returns: [Double]
        var terms: [[Double]]
        var lengths: [Int]
    }

    static let count = 2
    let options: Options
    let environments: any BatchEnvironment
    let rewards: TaskRewards
    var state: State
    var weights: [Float]
    let hook: @Sendable (WalkLearner) throws -> Void

    init(_ context: LearnerContext, _ options: Options, _ hook: @escaping @Sendable (WalkLearner) throws -> Void) throws
    {
        self.options = options
        self.hook = hook
        environments = try context.task.makeEnvironments(
            count: WalkLearner.count, key: context.key.derived("environments"))
        rewards = try TaskRewards(
            context.task, specification: environments.specification, count: WalkLearner.count, discount: 0.99)
        weights = [Float](repeating: 0, count: 200)
        state = State(
            random: context.key.derived("exploration").stream, snapshot: environments.snapshot,
            returns: [0, 0], terms: Array(repeating: rewards.termNames.map { _ in 0 }, count: 2), lengths: [0, 0])
    }

    var steps: Int { state.steps }

    func iterate() throws -> IterationReport {
        var report = IterationReport(time: TimeSplit(environment: 1e-6, policy: 1e-6, learning: 1e-6))
        let actions = Buffer<Float>(count: 2, repeating: 0)
        for _ in 0..<options.batch {
            for index in 0..<2 {
                let cell = Int(environments.observations[index])
                let prefers: Float = weights[2 * cell + 1] > weights[2 * cell] ? 1 : 0
                actions[index] = state.random.uniform() < 0.3 ? Float(state.random.index(below: 2)) : prefers
            }
            let cells = environments.observations.map { Int($0) }
            environments.step(actions: actions.readOnly)
            state.steps += 2
            let values = rewards.evaluate(environments.transitions)
            for index in 0..<2 {
                let position = 2 * cells[index] + Int(actions[index])
                let next = environments.transitions.nextObservations[index]
                weights[position] += Float(options.rate) * (Float(values.channels[index]) + next - weights[position])
                state.returns[index] += values.channels[index]
                state.lengths[index] += 1
                for term in rewards.termNames.indices { state.terms[index][term] += values.terms[term * 2 + index] }
                let end = environments.transitions.ends[index]
                guard end != .ongoing else { continue }
                report.episodes.append(
                    EpisodeRecord(
                        step: state.steps, length: state.lengths[index], primaryReturn: state.returns[index],
                        terms: state.terms[index], end: end))
                state.returns[index] = 0
                state.lengths[index] = 0
                state.terms[index] = rewards.termNames.map { _ in 0 }
            }
        }
        report.metrics = [Metric("spread", Double(weights.max()! - weights.min()!))]
        try hook(self)
        return report
    }

    func policy() -> any Policy { WalkPolicy(weights: weights) }

    func checkpoint() throws -> Checkpoint {
        var checkpoint = Checkpoint()
        checkpoint.arrays["weights"] = Checkpoint.Array(shape: [100, 2], values: weights)
        state.snapshot = environments.snapshot
        try checkpoint.store(state, as: "state")
        return checkpoint
    }

    func restore(_ checkpoint: Checkpoint) throws {
        weights = try checkpoint.array("weights", count: 200)
        state = try checkpoint.load(State.self, from: "state")
        try environments.restore(state.snapshot)
    }

    var weightHash: UInt64 {
        weights.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1.bitPattern)) &* 0x0000_0100_0000_01B3 }
    }

    final class WalkPolicy: Policy {
        let weights: [Float]
        init(weights: [Float]) { self.weights = weights }

        func act(
            on input: PolicyInput, into actions: UnsafeMutableBufferPointer<Float>, deterministic: Bool,
            using random: inout RandomStream
        ) {
            for index in 0..<input.count {
                let cell = Int(input.observations[index])
                actions[index] = weights[2 * cell + 1] > weights[2 * cell] ? 1 : 0
            }
        }
    }

    /// - hook: called at the end of every iteration.
    static func entry(_ hook: @escaping @Sendable (WalkLearner) throws -> Void = { _ in }) -> LearnerEntry {
        LearnerEntry(
            name: "walk", family: "tests", summary: "A learner for tests.", reference: "none",
            configuration: Options.self, refusal: { _ in nil }
        ) { context, options in try WalkLearner(context, options, hook) }
    }

    static func plan(
        steps: Int = 1600, checkpoint: Int = 300, hook: @escaping @Sendable (WalkLearner) throws -> Void = { _ in }
    ) throws -> TrainingPlan {
        TrainingPlan(
            task: TaskDefinition(
                environment: Walk.entry, horizon: 40, primary: try ExpressionReward("goal ? 0 : -1"),
                auxiliaries: [AuxiliaryReward(name: "progress", reward: try ExpressionReward("position"))]),
            learner: entry(hook), options: "{}", steps: steps, evaluationEpisodes: 4, evaluationInterval: 500,
            checkpointInterval: checkpoint)
    }
}
