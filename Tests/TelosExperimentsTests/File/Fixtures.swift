import Telos

@testable import TelosExperiments

/// A corridor: walk left or right, until the right end.
struct Corridor: Environment {
    var size: Int
    var isContinuous = false

    var specification: EnvironmentSpecification {
        EnvironmentSpecification(
            name: isContinuous ? "SmoothCorridor" : "Corridor", summary: "a corridor", observation: .discrete(size),
            action: isContinuous ? .box(-1...1, count: 1) : .discrete(2),
            actionNames: isContinuous ? ["push"] : ["left", "right"],
            signals: [
                Signal("position", unit: "m", 0...Double(size), "where one stands"),
                Signal("velocity", unit: "m/s", -1...1, "how fast one walks"),
                Signal("goal", 0...1, "whether the end is reached"),
            ], stateNames: ["position"], reference: "none")
    }
    func reset(using random: inout RandomStream) -> Int { 0 }
    func step(_ state: inout Int, action: Action, using random: inout RandomStream) -> Bool {
        state = max(0, state + (action[0] > 0 ? 1 : -1))
        return state >= size - 1
    }
    func observe(_ state: Int, into observation: UnsafeMutableBufferPointer<Float>) { observation[0] = Float(state) }
    func readSignals(_ state: Int, into signals: SignalWriter) {
        signals[0] = Double(state)
        signals[1] = 0
        signals[2] = state >= size - 1 ? 1 : 0
    }
    func draw(_ state: Int) -> Drawing { Drawing(width: 1, height: 1) }
}

struct CorridorError: Error, CustomStringConvertible {
    var description: String { "size 13 brings bad luck" }
}

struct FixtureConfiguration: LearnerConfiguration {
    var environments = 8
    var learningRate = 3e-4
    var discount = 1.0
    var clipRange = 0.2
    var minibatchSize = 64
    var normalizeAdvantage = true
    var activation = "tanh"
    var hiddenSizes = [64, 64]
    var criticSizes: [Int] = []

    static let options = [
        OptionDescription("environments", "how many", raising: "steadier", lowering: "fresher", range: 1...1024),
        OptionDescription("learningRate", "the step size", range: 0...1),
        OptionDescription("discount", "the discount", range: 0...1),
        OptionDescription("clipRange", "the clip", range: 0...10),
        OptionDescription("minibatchSize", "rows of a minibatch", range: 1...65536),
        OptionDescription("normalizeAdvantage", "whether to"),
        OptionDescription("activation", "of the hidden layers", choices: ["tanh", "relu"]),
        OptionDescription("hiddenSizes", "widths", range: 1...4096),
        OptionDescription("criticSizes", "the critic's", range: 1...4096),
    ]
    func validate() throws {
        if minibatchSize % environments != 0 {
            throw ConfigurationError(option: "minibatchSize", "must be a multiple of environments (\(environments))")
        }
    }
}

struct QConfiguration: LearnerConfiguration {
    var learningRate = 0.1
    static let options = [OptionDescription("learningRate", "the step size", range: 0...1)]
}

final class FixtureLearner: Learner, Policy {
    let steps = 0
    let weightHash: UInt64 = 0
    func iterate() throws -> IterationReport { IterationReport() }
    func policy() -> any Policy { self }
    func checkpoint() throws -> Checkpoint { Checkpoint() }
    func restore(_ checkpoint: Checkpoint) throws {}
    func act(
        on input: PolicyInput, into actions: UnsafeMutableBufferPointer<Float>, deterministic: Bool,
        using random: inout RandomStream
    ) {}
}

let fixtures = Registries(
    environments: [
        EnvironmentEntry(
            name: "Corridor", family: "test", summary: "a corridor",
            options: [
                EnvironmentOption("size", .integer(2...100), .integer(9), "its length"),
                EnvironmentOption("slip", .real(0...1), .real(0), "probability of slipping"),
                EnvironmentOption("wrap", .flag, .flag(false), "whether it wraps"),
                EnvironmentOption("layout", .text, .text("plain"), "its layout"),
            ], horizon: 100, reward: "goal ? 0 : -1",
            build: { options in
                if options.integer("size") == 13 { throw CorridorError() }
                return Corridor(size: options.integer("size"))
            }),
        EnvironmentEntry(
            name: "SmoothCorridor", family: "test", summary: "a corridor to push through", horizon: nil,
            reward: "-square(action)", build: { _ in Corridor(size: 9, isContinuous: true) }),
    ],
    learners: [
        LearnerEntry(
            name: "ppo", family: "on-policy", summary: "proximal", reference: "Schulman et al., 2017",
            configuration: FixtureConfiguration.self, refusal: { _ in nil },
            make: { context, configuration in
                if context.task.combination == .behaviorAlignment, configuration.environments == 1 {
                    throw ConfigurationError(option: "environments", "an aligned learner needs two")
                }
                return FixtureLearner()
            }),
        LearnerEntry(
            name: "q-learning", family: "tabular", summary: "Q", reference: "Watkins, 1989",
            configuration: QConfiguration.self,
            refusal: { specification in
                if case .discrete = specification.action { nil } else { "it needs a discrete action" }
            }, make: { _, _ in FixtureLearner() }),
    ])

func problems(_ text: String, overrides: [String] = [], seeds: String? = nil) -> [Problem] {
    do {
        _ = try Experiment(
            parsing: text, name: "file", overrides: overrides, seeds: seeds, registries: fixtures)
        return []
    } catch {
        return (error as? ExperimentError)?.problems ?? [Problem(message: "another error: \(error)")]
    }
}

func experiment(_ text: String, overrides: [String] = [], seeds: String? = nil) throws -> Experiment {
    try Experiment(parsing: text, name: "file", overrides: overrides, seeds: seeds, registries: fixtures)
}
