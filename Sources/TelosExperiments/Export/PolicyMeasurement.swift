import TelosEnvironments
import TelosEvaluation
import TelosLearning
import TelosTensor

/// What fresh episodes show of a policy, for its model card.
struct PolicyMeasurement {
    /// Episodes under noise on what is observed.
    struct NoiseLevel {
        /// Standard deviation, in standard deviations of each column over the episodes without noise.
        var share: Double
        var returns: [Double]
    }

    var episodes: [EpisodeRecord]
    var termNames: [String]
    /// Mean over episodes of each term's sum.
    var terms: [Double]
    /// Empty where nothing observed is a real number.
    var noise: [NoiseLevel]
    /// The signal that each column of the observation was equal to in every state seen; nil for none.
    var columnSignals: [Signal?]

    static let noiseShares = [0.05, 0.2]

    /// - episodes: at each level, at least 1.
    init(_ loaded: LoadedPolicy, episodes count: Int) throws {
        let task = loaded.experiment.task
        let key = RandomKey(seed: loaded.seed ?? 0).derived("model card")
        let observed = WatchedPolicy(loaded.policy, width: loaded.specification.observation.width)
        let result = try evaluate(observed, on: task, episodes: count, key: key.derived("episodes"))
        episodes = result.episodes
        terms = result.meanTerms
        termNames = try TaskRewards(task, specification: loaded.specification, count: 1, discount: 1).termNames
        let isReal = loaded.specification.observation.columnChoices.map { $0 == nil }
        let deviations = zip(observed.moments.variance, isReal).map { $1 ? Float($0.squareRoot()) : 0 }
        noise =
            !deviations.contains { $0 > 0 }
            ? []
            : try Self.noiseShares.enumerated().map { level, share in
                let policy = NoisyPolicy(
                    loaded.policy, deviations: deviations.map { $0 * Float(share) },
                    random: key.derived("noise", level).stream)
                let result = try evaluate(policy, on: task, episodes: count, key: key.derived("episodes"))
                return NoiseLevel(share: share, returns: result.episodes.map(\.primaryReturn))
            }
        columnSignals = try Self.signals(of: loaded, key: key.derived("signals"))
    }

    /// Steps several environments and finds for each column of the observation the first signal of the same values.
    private static func signals(of loaded: LoadedPolicy, key: RandomKey) throws -> [Signal?] {
        let specification = loaded.specification
        let (width, count) = (specification.observation.width, 16)
        let environments = try loaded.experiment.task.makeEnvironments(count: count, key: key)
        var candidates = Array(repeating: Array(specification.signals.indices), count: width)
        var seen = Array(repeating: Set<Float>(), count: width)
        let actions = Buffer<Float>(count: count * specification.action.width, repeating: 0)
        let mask = ActionMask(specification)
        let maskRows = Buffer<Float>(count: count * (mask?.width ?? 0), repeating: 0)
        var random = key.derived("policy").stream
        for _ in 0..<64 {
            let (observations, signals) = (environments.observations, environments.signals)
            for column in 0..<width {
                candidates[column].removeAll { signal in
                    (0..<count).contains {
                        Float(signals[signal * count + $0]) != observations[$0 * width + column]
                    }
                }
                for row in 0..<count { seen[column].insert(observations[row * width + column]) }
            }
            mask?.write(signals, count: count, into: maskRows.all)
            loaded.policy.act(
                on: PolicyInput(observations: observations, count: count, mask: mask.map { _ in maskRows.readOnly }),
                into: actions.all, deterministic: false, using: &random)
            environments.step(actions: actions.readOnly)
        }
        // A column that never changed says nothing about what it is.
        return (0..<width).map { seen[$0].count > 1 ? candidates[$0].first.map { specification.signals[$0] } : nil }
    }
}

/// Acts as another policy does and keeps the moments of what it was shown.
private final class WatchedPolicy: Policy {
    private let base: any Policy
    private(set) var moments: RunningMoments

    init(_ base: any Policy, width: Int) {
        self.base = base
        moments = RunningMoments(width: width)
    }

    var memoryWidth: Int { base.memoryWidth }

    func act(
        on input: PolicyInput, into actions: UnsafeMutableBufferPointer<Float>, deterministic: Bool,
        using random: inout RandomStream
    ) {
        moments.merge(rows: input.observations)
        base.act(on: input, into: actions, deterministic: deterministic, using: &random)
    }
}

/// Acts as another policy does on what it is shown with normal noise added.
private final class NoisyPolicy: Policy {
    private let base: any Policy
    private let deviations: [Float]
    private var random: RandomStream

    /// - deviations: of the noise, one a column.
    init(_ base: any Policy, deviations: [Float], random: RandomStream) {
        self.base = base
        self.deviations = deviations
        self.random = random
    }

    var memoryWidth: Int { base.memoryWidth }

    func act(
        on input: PolicyInput, into actions: UnsafeMutableBufferPointer<Float>, deterministic: Bool,
        using random: inout RandomStream
    ) {
        let rows = Buffer<Float>(input.observations)
        for index in 0..<rows.count {
            let deviation = deviations[index % deviations.count]
            if deviation > 0 { rows[index] += deviation * Float(self.random.normal()) }
        }
        var noisy = input
        noisy.observations = rows.readOnly
        withExtendedLifetime(rows) {
            base.act(on: noisy, into: actions, deterministic: deterministic, using: &random)
        }
    }
}
