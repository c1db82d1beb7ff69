/// Settings of a learner that were found to work in an environment; `preset: tuned` in an experiment file.
public struct Preset: Sendable, Hashable {
    /// What an experiment file writes for the preset of its own environment.
    public static let tuned = "tuned"

    /// The learner's name, as in `Learners`.
    public var learner: String
    /// The environment's name, as in `Environments`; with options, where they are not as usual, as in
    /// `CartPole (hideVelocities)`.
    public var environment: String
    /// Environment steps a seed.
    public var steps: Int
    /// The options that differ from the learner's defaults, as a JSON object.
    public var options: String
    /// What else the settings count on; empty for nothing.
    public var note: String

    public init(_ learner: String, _ environment: String, steps: Int, _ options: String, note: String = "") {
        self.learner = learner
        self.environment = environment
        self.steps = steps
        self.options = options
        self.note = note
    }
}

/// The presets that come with Telos, one entry each. Tune on seeds 300 to 309 and judge on seeds 0 to 9.
public enum Presets {
    public static let all: [Preset] = [
        Preset(
            "ppo", "CartPole", steps: 100_000,
            #"{"rolloutSteps": 256, "learningRate": 0.0005, "learningRateSchedule": "linear"}"#),
        Preset(
            "ppo", "Acrobot", steps: 300_000,
            """
            {"environments": 16, "minibatchSize": 256, "learningRate": 0.001, "learningRateSchedule": "linear",
            "gaeLambda": 0.97, "entropyCoefficient": 0.01, "normalizeObservations": true}
            """),
        Preset(
            "ppo", "Pendulum", steps: 300_000,
            """
            {"rolloutSteps": 256, "minibatchSize": 128, "learningRate": 0.001, "learningRateSchedule": "linear",
            "discount": 0.95, "normalizeRewards": true}
            """),
        Preset(
            "ppo", "CartPole (hideVelocities)", steps: 200_000,
            """
            {"network": "s4d", "hiddenSizes": [64], "rolloutSteps": 128, "sequenceLength": 32, "minibatchSize": 256,
            "learningRate": 0.001, "learningRateSchedule": "linear", "normalizeObservations": true}
            """),
        Preset(
            "ppo", "Pendulum (hideVelocities)", steps: 1_000_000,
            """
            {"network": "gru", "hiddenSizes": [64], "rolloutSteps": 256, "sequenceLength": 32, "minibatchSize": 256,
            "learningRate": 0.001, "learningRateSchedule": "linear", "discount": 0.95, "normalizeRewards": true}
            """),
        Preset(
            "ppo", "MountainCarContinuous", steps: 100_000,
            """
            {"rolloutSteps": 512, "minibatchSize": 256, "learningRate": 0.001, "normalizeObservations": true,
            "normalizeRewards": true}
            """, note: "with auxiliary: {speed: \"10 * abs(velocity)\"} and combine: sum"),
        Preset(
            "ppo", "Hopper", steps: 1_000_000,
            """
            {"rolloutSteps": 256, "learningRateSchedule": "linear", "initialLogDeviation": -0.5,
            "normalizeObservations": true, "normalizeRewards": true}
            """),
        Preset(
            "ppo", "Walker2d", steps: 1_000_000,
            """
            {"rolloutSteps": 256, "learningRateSchedule": "linear", "initialLogDeviation": -0.5,
            "normalizeObservations": true, "normalizeRewards": true}
            """),
        Preset(
            "ppo", "HalfCheetah", steps: 1_000_000,
            """
            {"rolloutSteps": 256, "learningRateSchedule": "linear", "initialLogDeviation": -1, "discount": 0.98,
            "gaeLambda": 0.92, "normalizeObservations": true, "normalizeRewards": true}
            """),
        Preset(
            "dqn", "CartPole", steps: 50_000,
            """
            {"learningRate": 0.001, "learningRateSchedule": "linear", "targetInterval": 1, "targetRate": 0.005,
            "trainInterval": 4, "gradientSteps": 4, "multiStep": 5, "explorationFraction": 0.16, "finalEpsilon": 0.1,
            "layerNorm": true, "hiddenSizes": [64, 64], "stepsPerIteration": 1000}
            """),
        Preset(
            "dqn", "Acrobot", steps: 100_000,
            """
            {"learningRate": 0.001, "learningRateSchedule": "linear", "bufferCapacity": 20000, "targetInterval": 1,
            "targetRate": 0.01, "trainInterval": 4, "gradientSteps": 8, "multiStep": 3, "explorationFraction": 0.16,
            "finalEpsilon": 0.04, "layerNorm": true, "hiddenSizes": [64, 64], "stepsPerIteration": 1000}
            """),
        Preset(
            "dqn", "MountainCar", steps: 120_000,
            """
            {"learningRate": 0.002, "learningRateSchedule": "linear", "batchSize": 128, "bufferCapacity": 10000,
            "discount": 0.98, "targetInterval": 600, "trainInterval": 16, "gradientSteps": 8, "multiStep": 3,
            "explorationFraction": 0.2, "finalEpsilon": 0.07, "normalizeObservations": true, "hiddenSizes": [64, 64],
            "stepsPerIteration": 1000}
            """),
        Preset("sac", "Pendulum", steps: 20_000, #"{"learningRate": 0.001, "hiddenSizes": [64, 64]}"#),
        Preset(
            "sac", "InvertedDoublePendulum", steps: 100_000,
            """
            {"learningStarts": 1000, "batchSize": 128, "learningRate": 0.001, "learningRateSchedule": "linear",
            "hiddenSizes": [64, 64], "layerNorm": true}
            """),
        Preset(
            "sac", "Hopper", steps: 1_000_000,
            """
            {"learningStarts": 10000, "batchSize": 128, "learningRateSchedule": "linear", "hiddenSizes": [128, 128],
            "layerNorm": true}
            """),
        Preset(
            "sac", "HalfCheetah", steps: 1_000_000,
            #"{"learningStarts": 10000, "batchSize": 128, "trainInterval": 2}"#),
        Preset(
            "td3", "Pendulum", steps: 20_000, #"{"learningRate": 0.001, "batchSize": 128, "hiddenSizes": [64, 64]}"#),
    ]
}
