import TelosNN

/// What the off-policy loop reads of a configuration, whichever algorithm it runs.
protocol OffPolicyOptions: LearnerConfiguration {
    var environments: Int { get }
    var bufferCapacity: Int { get }
    var batchSize: Int { get set }
    var learningStarts: Int { get }
    /// Environment steps from one round of updates to the next, and updates in a round.
    var trainInterval: Int { get }
    var gradientSteps: Int { get }
    var learningRate: Double { get set }
    var learningRateSchedule: Schedule { get }
    var discount: Double { get set }
    var multiStep: Int { get }
    var hindsightGoals: Int { get }
    var normalizeObservations: Bool { get set }
    var stepsPerIteration: Int { get }
    /// How transitions are preferred; nil samples uniformly.
    var replayPriority: ReplayPriority? { get }
    /// What remembers earlier observations; `mlp` where nothing does.
    var memory: NetworkKind { get }
    /// Rows of a sequence that a memory is trained on, and rows before them from which it is rebuilt.
    var sequenceLength: Int { get }
    var burnIn: Int { get }
}

/// Priorities |error|^exponent, with importance weights that begin at `importance` and rise to 1 over the run.
struct ReplayPriority {
    var exponent: Double
    var importance: Double
}

extension OffPolicyOptions {
    var replayPriority: ReplayPriority? { nil }
    var memory: NetworkKind { .mlp }
    var sequenceLength: Int { 1 }
    var burnIn: Int { 0 }

    /// How sequences are used; nil where there is no memory and single transitions are.
    var sequences: SequenceLayout? {
        memory.isRecurrent
            ? SequenceLayout(burnIn: burnIn, learned: sequenceLength, lookahead: multiStep) : nil
    }

    func learningRate(at progress: Double) -> Float { Float(learningRate * learningRateSchedule.factor(progress)) }

    /// What every configuration of the loop must keep to.
    func checkLoop() throws {
        try checkReplay()
        guard hindsightGoals == 0 || multiStep == 1 else {
            throw ConfigurationError(
                option: "hindsightGoals",
                "steps are remembered one by one under other goals, which multiStep: \(multiStep) is not; write 1 there"
            )
        }
    }

    /// A memory is trained on sequences as they happened.
    func checkSequences(_ hiddenSizes: [Int]) throws {
        guard memory.isRecurrent else { return }
        guard !hiddenSizes.isEmpty else {
            throw ConfigurationError(
                option: "hiddenSizes", "network: \(memory.rawValue) needs at least one size; write for example [64]")
        }
        guard hindsightGoals == 0 else {
            throw ConfigurationError(
                option: "hindsightGoals",
                "network: \(memory.rawValue) learns from sequences as they happened, without other goals; write 0")
        }
        guard sequenceLength <= bufferCapacity else {
            throw ConfigurationError(
                option: "sequenceLength",
                "\(sequenceLength) is more than the replay holds, bufferCapacity: \(bufferCapacity); write at most that"
            )
        }
    }

    /// A batch is drawn from what the replay holds.
    private func checkReplay() throws {
        guard batchSize <= bufferCapacity else {
            throw ConfigurationError(
                option: "batchSize",
                "\(batchSize) is more than the replay holds, bufferCapacity: \(bufferCapacity); write at most that")
        }
    }
}

/// Descriptions of the options of networks that remember.
enum SequenceOption {
    static let network = OptionDescription(
        "network",
        "what networks are made of: mlp, or with a memory (gru, lstm: the last hidden layer; s4d: a state-space layer "
            + "after them) that learns from sequences, of which batchSize then is the number",
        choices: NetworkKind.allCases.map(\.rawValue))
    static let sequenceLength = OptionDescription(
        "sequenceLength", "steps of a sequence that a memory is trained on; of no effect without one",
        raising: "longer memories can be learned, slower", lowering: "faster, more varied batches",
        range: 1...100_000)
    static let burnIn = OptionDescription(
        "burnIn", "steps before them, from which what the present network remembers is only rebuilt",
        raising: "memories less out of date, slower", lowering: "faster (0: memories as they were when acting)",
        range: 0...100_000)
}

/// Descriptions of the options that off-policy learners share.
enum OffPolicyOption {
    /// Those of the loop, which every learner has.
    static let loop = [
        OptionDescription(
            "environments", "copies of the environment stepped together",
            raising: "faster stepping, older data per update", lowering: "each update sees the newest step",
            range: 1...4096),
        OptionDescription(
            "bufferCapacity", "transitions kept; the oldest are overwritten", raising: "more varied, older data",
            lowering: "newer data, less memory", range: 1...100_000_000),
        OptionDescription(
            "batchSize", "transitions of a gradient step; with a memory, sequences", raising: "smoother, slower steps",
            lowering: "noisier, faster ones", range: 1...65_536),
        OptionDescription(
            "learningStarts", "steps taken at random before learning begins", raising: "a broader start",
            lowering: "an earlier one", range: 0...100_000_000),
        OptionDescription(
            "trainInterval", "environment steps between rounds of updates", raising: "fewer updates a step, faster",
            lowering: "more use of each step", range: 1...1_000_000),
        OptionDescription(
            "gradientSteps", "updates in a round", raising: "more use of each step, slower, may overfit the replay",
            lowering: "faster, less sample-efficient", range: 1...1_000_000),
        OnPolicyOption.learningRate, OnPolicyOption.learningRateSchedule, OnPolicyOption.discount,
        OptionDescription(
            "multiStep", "n of n-step returns", raising: "rewards travel faster, more off-policy bias and noise",
            lowering: "less bias (1: one-step)", range: 1...100),
        OptionDescription(
            "hindsightGoals",
            "goals reached later in an episode under which each of its steps is remembered again; 0 is none",
            raising: "more learned about what was reached by chance", lowering: "nearer to what really happened",
            range: 0...100),
        OnPolicyOption.normalizeObservations,
        OptionDescription(
            "stepsPerIteration", "environment steps of one iteration, over all copies",
            raising: "fewer, smoother reports", lowering: "more frequent ones; learning is the same",
            range: 1...1_000_000),
    ]
    static let targetRate = OptionDescription(
        "targetRate", "t of target <- (1 - t) target + t online", raising: "targets follow faster, less stable",
        lowering: "steadier, slower", range: 0...1)
}
