import TelosTensor

/// Arms that pay their mean and normal noise.
public struct GaussianBandit: Bandit {
    public typealias State = BanditOutcome

    public let means: [Double]
    /// The standard deviation of the noise.
    public let noise: Double
    public let specification: EnvironmentSpecification
    private let best: Double

    /// Throws `BanditError` for no arms, a mean that is not finite, or noise that is negative.
    public init(means: [Double], noise: Double = 1) throws {
        guard let best = means.max(), means.allSatisfy(\.isFinite), noise >= 0, noise.isFinite else {
            throw BanditError(
                "a Gaussian bandit needs a finite mean for each arm and noise of 0 or more, not \(means) and \(noise)")
        }
        self.means = means
        self.noise = noise
        self.best = best
        specification = banditSpecification(
            name: "GaussianBandit", summary: "Find the arm with the highest mean.", armCount: means.count,
            reference: "Lattimore and Szepesvári, 2020, chapter 4")
    }

    public var armCount: Int { means.count }
    public func reset(using random: inout RandomStream) -> State { State() }

    public func play(_ arm: Int, in state: inout State, using random: inout RandomStream) {
        state = State(arm: arm, payment: means[arm] + noise * random.normal(), regret: best - means[arm])
    }
}

extension GaussianBandit {
    static let entry = EnvironmentEntry(
        name: "GaussianBandit", family: Environments.banditFamily, summary: "Find the arm with the highest mean.",
        options: [
            EnvironmentOption(
                "means", .text, .text("0 0.5 1"),
                "What each arm pays on average. Closer together: harder to tell the best."),
            EnvironmentOption(
                "noise", .real(0...1e6), .real(1),
                "Standard deviation of a payment. Higher: more plays to tell arms apart."),
        ],
        horizon: 100, reward: "payment"
    ) { try GaussianBandit(means: banditNumbers($0.text("means"), "means"), noise: $0.real("noise")) }
}
