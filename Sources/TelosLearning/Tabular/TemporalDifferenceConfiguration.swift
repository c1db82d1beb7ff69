/// Options of one-step temporal-difference control: Q-learning, SARSA and expected SARSA.
public struct TemporalDifferenceConfiguration: LearnerConfiguration {
    public var environments = 1
    public var stepsPerIteration = 1000
    public var learningRate = 0.1
    public var learningRateSchedule = Schedule.constant
    public var discount = 0.99
    public var epsilon = 1.0
    public var finalEpsilon = 0.05
    public var explorationFraction = 0.5
    public var initialValue = 0.0

    public init() {}

    public static let options: [OptionDescription] = [
        OptionDescription(
            "environments", "copies of the environment stepped together, learning in turn",
            raising: "more varied experience between updates of a state",
            lowering: "each step uses all learned before it", range: 1...65_536),
        OptionDescription(
            "stepsPerIteration",
            "environment steps of one iteration, over all copies; it ends with a whole step of all",
            raising: "fewer, smoother reports", lowering: "more frequent ones; learning is the same",
            range: 1...100_000_000),
        OptionDescription(
            "learningRate", "alpha: how far a value moves towards its target", raising: "learns faster, forgets faster",
            lowering: "averages over more steps, slower", range: 0...1),
        OptionDescription(
            "learningRateSchedule", "how the learning rate changes over the run",
            choices: Schedule.allCases.map(\.rawValue)),
        OptionDescription(
            "discount", "gamma: worth of a reward one step later", raising: "looks further ahead, learns more slowly",
            lowering: "prefers soon, easier to learn", range: 0...1),
        OptionDescription(
            "epsilon", "share of random actions at the start", raising: "explores more at first",
            lowering: "exploits sooner", range: 0...1),
        OptionDescription(
            "finalEpsilon", "share of random actions once exploration has faded; at most epsilon",
            raising: "keeps finding better ways", lowering: "behaves as well as it can", range: 0...1),
        OptionDescription(
            "explorationFraction", "share of the planned steps over which epsilon falls, in a straight line",
            raising: "explores for longer", lowering: "settles sooner (0: finalEpsilon throughout)", range: 0...1),
        OptionDescription(
            "initialValue", "every action's value before learning",
            raising: "above what can be earned: tries every action out of optimism",
            lowering: "below it: stays with what worked", range: -1e9...1e9),
    ]

    public func validate() throws {
        guard finalEpsilon <= epsilon else {
            throw ConfigurationError(
                option: "finalEpsilon",
                "\(finalEpsilon) is more exploration than at the start, epsilon: \(epsilon); write at most \(epsilon), "
                    + "or raise epsilon")
        }
    }

    /// The share of random actions at `progress` in 0 ... 1 of the planned steps.
    func epsilon(at progress: Double) -> Double {
        guard progress < explorationFraction else { return finalEpsilon }
        return epsilon + (finalEpsilon - epsilon) * progress / explorationFraction
    }
}
