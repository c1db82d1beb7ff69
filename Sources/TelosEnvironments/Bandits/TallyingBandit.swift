import TelosTensor

/// Arms whose mean depends on how often, and how lately, they were played themselves: people get used to things.
///
/// The tally of arm a is x(a) = sum over lags j of w_j [arm a was played j rounds ago], lag 0 being the present play, with
/// weights that sum to 1; a curve of each arm's own says what it pays at its tally. Payments are clipped to 0 ... 1.
/// `regret` is the highest mean of any arm when played for ever, minus the mean just now: its sum is, up to a constant,
/// the complete policy regret wherever some arm played for ever is at least as good as any other sequence (repeated
/// exposure optimality), which is required here: max over a of curve_a(1) >= every value of every curve.
///
/// (Malik, Igoe, Li and Singh, *Weighted tallying bandits: overcoming intractability via repeated exposure optimality*,
/// 2023.)
public struct TallyingBandit: Bandit {
    /// A mean that goes linearly from what an arm pays when it is fresh (tally 0) to what it pays when saturated (1).
    public struct Curve: Sendable, Hashable {
        public var fresh: Double
        public var saturated: Double

        public init(fresh: Double, saturated: Double) {
            self.fresh = fresh
            self.saturated = saturated
        }

        public func callAsFunction(_ tally: Double) -> Double { fresh + (saturated - fresh) * tally }
    }

    public struct State: BanditState, Hashable {
        public var outcome: BanditOutcome
        /// The last plays in a ring, -1 where there was none; the latest is at `head`.
        fileprivate var history: [Int]
        fileprivate var head: Int

        fileprivate init(memory: Int) {
            outcome = BanditOutcome()
            history = Array(repeating: -1, count: memory)
            head = 0
        }

        public init?(values: [Double]) {
            guard values.count > 3, let outcome = BanditOutcome(values: Array(values.prefix(3))) else { return nil }
            let plays = values.dropFirst(3).map { Int(exactly: $0) ?? -2 }
            guard plays.allSatisfy({ $0 >= -1 }) else { return nil }
            self.outcome = outcome
            // The latest first, going backwards through the ring.
            history = [plays[0]] + plays.dropFirst().reversed()
            head = 0
        }

        public var values: [Double] {
            outcome.values
                + history.indices.map { Double(history[(head - $0 + history.count) % history.count]) }
        }
    }

    public let curves: [Curve]
    /// w_j at lag j.
    public let weights: [Double]
    /// The standard deviation of the noise.
    public let noise: Double
    /// max over a of curve_a(1): what the best policy earns a round.
    public let bestMean: Double
    public let specification: EnvironmentSpecification

    /// - weights: any that are not negative; they are scaled to sum to 1.
    /// Throws `BanditError` for no arms, no weights, means outside 0 ... 1, or where no arm played for ever is best.
    public init(curves: [Curve], weights: [Double], noise: Double = 0.1) throws {
        let sum = weights.reduce(0, +)
        guard !curves.isEmpty, weights.allSatisfy({ $0 >= 0 && $0.isFinite }), sum > 0, noise >= 0, noise.isFinite
        else {
            throw BanditError(
                "a tallying bandit needs at least one arm, weights of 0 or more that are not all 0, and noise of 0 or "
                    + "more, not \(curves.count) arms, weights \(weights) and noise \(noise)")
        }
        let ends = curves.flatMap { [$0.fresh, $0.saturated] }
        let best = curves.map(\.saturated).max() ?? 0
        guard ends.allSatisfy({ (0...1).contains($0) }), let largest = ends.max(), largest <= best else {
            throw BanditError(
                "the means of a tallying bandit lie between 0 and 1, and the highest is some arm's when saturated: no "
                    + "sequence of plays may beat playing one arm for ever; they are \(ends)")
        }
        self.curves = curves
        self.weights = weights.map { $0 / sum }
        self.noise = noise
        bestMean = best
        specification = banditSpecification(
            name: "TallyingBandit", summary: "What an arm pays depends on how often it was played lately.",
            armCount: curves.count, payment: 0...1, regret: 0...1,
            stateNames: BanditOutcome.names + weights.indices.map { "play\($0)" },
            reference: "Malik, Igoe, Li and Singh, 2023")
    }

    public var armCount: Int { curves.count }
    public func reset(using random: inout RandomStream) -> State { State(memory: weights.count) }

    public func play(_ arm: Int, in state: inout State, using random: inout RandomStream) {
        let memory = weights.count
        state.head = state.head + 1 == memory ? 0 : state.head + 1
        state.history[state.head] = arm
        var tally = 0.0
        var position = state.head
        for weight in weights {
            if state.history[position] == arm { tally += weight }
            position = position == 0 ? memory - 1 : position - 1
        }
        let mean = curves[arm](tally)
        state.outcome = BanditOutcome(
            arm: arm, payment: min(1, max(0, mean + noise * random.normal())), regret: max(0, bestMean - mean))
    }

    /// One arm that must be practised (0.2 when fresh, 0.8 when saturated) among `armCount` - 1 that people tire of
    /// (0.6 to 0.7 when fresh, 0.25 to 0.35 when saturated), over a memory of `memory` plays.
    /// - ratio: the weight of a play over that of the play after it; 1 counts all alike.
    public static func habituation(
        armCount: Int, memory: Int, ratio: Double = 1, noise: Double = 0.1, using random: inout RandomStream
    ) throws -> TallyingBandit {
        var weights = [1.0]
        while weights.count < memory { weights.append(weights[weights.count - 1] * ratio) }
        let others = (1..<max(armCount, 1)).map { _ in
            Curve(fresh: random.uniform(0.6, 0.7), saturated: random.uniform(0.25, 0.35))
        }
        return try TallyingBandit(
            curves: [Curve(fresh: 0.2, saturated: 0.8)] + others, weights: weights, noise: noise)
    }
}

extension TallyingBandit {
    static let entry = EnvironmentEntry(
        name: "TallyingBandit", family: Environments.banditFamily,
        summary: "One arm must be practised to pay best; of the others one tires.",
        options: [
            EnvironmentOption("arms", .integer(2...100), .integer(10), "Arms. More: more fresh ones to be lured by."),
            EnvironmentOption(
                "memory", .integer(1...1000), .integer(50), "Plays that count. More: longer until practice pays."),
            EnvironmentOption("noise", .real(0...10), .real(0.1), "Standard deviation of a payment."),
            EnvironmentOption("problem", .integer(0...1_000_000), .integer(0), "Which arms people tire of, how much."),
        ],
        horizon: 1000, reward: "payment"
    ) { options in
        var random = RandomKey(seed: options.integer("problem")).derived("tallying bandit").stream
        return try TallyingBandit.habituation(
            armCount: options.integer("arms"), memory: options.integer("memory"), noise: options.real("noise"),
            using: &random)
    }
}
