import TelosTensor

/// Arms described anew each round by random features, that pay a fixed linear function of them and normal noise.
///
/// payment = theta · x_a + noise z with x_a uniform on the unit sphere, drawn for every arm each round; regret =
/// max_b theta · x_b - theta · x_a.
///
/// (Li, Chu, Langford and Schapire, *A contextual-bandit approach to personalized news article recommendation*, 2010;
/// Abbasi-Yadkori, Pál and Szepesvári, *Improved algorithms for linear stochastic bandits*, 2011.)
public struct LinearContextualBandit: Bandit {
    public struct State: BanditState, Hashable {
        public var outcome: BanditOutcome
        /// The features of every arm for the next play, a row an arm.
        public var features: [Double]

        init(outcome: BanditOutcome, features: [Double]) {
            self.outcome = outcome
            self.features = features
        }

        public init?(values: [Double]) {
            guard let outcome = BanditOutcome(values: Array(values.prefix(3))) else { return nil }
            self.init(outcome: outcome, features: Array(values.dropFirst(3)))
        }

        public var values: [Double] { outcome.values + features }
    }

    /// The weights of the features.
    public let theta: [Double]
    public let armCount: Int
    /// The standard deviation of the noise.
    public let noise: Double
    public let specification: EnvironmentSpecification

    /// Throws `BanditError` for no arms, no features, or numbers that are not finite.
    public init(theta: [Double], armCount: Int, noise: Double = 0.1) throws {
        guard !theta.isEmpty, theta.allSatisfy(\.isFinite), armCount > 0, noise >= 0, noise.isFinite else {
            throw BanditError(
                "a linear contextual bandit needs at least one arm, one finite weight a feature and noise of 0 or more, "
                    + "not \(armCount) arms, weights \(theta) and noise \(noise)")
        }
        self.theta = theta
        self.armCount = armCount
        self.noise = noise
        specification = banditSpecification(
            name: "LinearContextualBandit", summary: "Play the arm whose features promise most.", armCount: armCount,
            featureCount: theta.count,
            stateNames: BanditOutcome.names
                + (0..<armCount).flatMap { arm in theta.indices.map { "feature\($0)OfArm\(arm)" } },
            reference: "Li, Chu, Langford and Schapire, 2010")
    }

    public var featureCount: Int { theta.count }
    public func features(_ state: State) -> [Double] { state.features }

    public func reset(using random: inout RandomStream) -> State {
        var state = State(
            outcome: BanditOutcome(), features: Array(repeating: 0, count: armCount * featureCount))
        drawFeatures(&state.features, &random)
        return state
    }

    public func play(_ arm: Int, in state: inout State, using random: inout RandomStream) {
        let means = (0..<armCount).map { mean(ofArm: $0, state.features) }
        let best = means.max() ?? 0
        state.outcome = BanditOutcome(
            arm: arm, payment: means[arm] + noise * random.normal(), regret: best - means[arm])
        drawFeatures(&state.features, &random)
    }

    private func mean(ofArm arm: Int, _ features: [Double]) -> Double {
        theta.indices.reduce(0) { $0 + theta[$1] * features[arm * theta.count + $1] }
    }

    private func drawFeatures(_ features: inout [Double], _ random: inout RandomStream) {
        for arm in 0..<armCount {
            let row = arm * featureCount..<(arm + 1) * featureCount
            var square = 0.0
            for index in row {
                features[index] = random.normal()
                square += features[index] * features[index]
            }
            let scale = square > 0 ? 1 / square.squareRoot() : 0
            for index in row { features[index] *= scale }
        }
    }
}

extension LinearContextualBandit {
    static let entry = EnvironmentEntry(
        name: "LinearContextualBandit", family: Environments.banditFamily,
        summary: "Play the arm whose features promise most.",
        options: [
            EnvironmentOption("arms", .integer(1...1000), .integer(10), "Arms. More: more to choose from each round."),
            EnvironmentOption("features", .integer(1...100), .integer(5), "Features of an arm. More: more to learn."),
            EnvironmentOption(
                "noise", .real(0...1e6), .real(0.1), "Standard deviation of a payment. Higher: slower to learn."),
            EnvironmentOption(
                "problem", .integer(0...1_000_000), .integer(0), "Which weights, of norm 1, the features have."),
        ],
        horizon: 100, reward: "payment"
    ) { options in
        var random = RandomKey(seed: options.integer("problem")).derived("linear contextual bandit").stream
        var theta = (0..<options.integer("features")).map { _ in random.normal() }
        let norm = theta.reduce(0) { $0 + $1 * $1 }.squareRoot()
        theta = theta.map { $0 / norm }
        return try LinearContextualBandit(
            theta: theta, armCount: options.integer("arms"), noise: options.real("noise"))
    }
}
