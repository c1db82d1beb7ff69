import TelosTensor

/// Arms that pay 1 with a probability of their own, and else 0.
///
/// (Thompson, *On the likelihood that one unknown probability exceeds another in view of the evidence of two samples*,
/// 1933.)
public struct BernoulliBandit: Bandit {
    public typealias State = BanditOutcome

    /// The probability that each arm pays.
    public let means: [Double]
    public let specification: EnvironmentSpecification
    private let best: Double

    /// Throws `BanditError` for no arms or a probability outside 0 ... 1.
    public init(means: [Double]) throws {
        guard let best = means.max(), means.allSatisfy({ (0...1).contains($0) }) else {
            throw BanditError("a Bernoulli bandit needs a probability from 0 to 1 for each arm, not \(means)")
        }
        self.means = means
        self.best = best
        specification = banditSpecification(
            name: "BernoulliBandit", summary: "Find the arm that pays most often.", armCount: means.count,
            payment: 0...1, regret: 0...1, reference: "Thompson, 1933")
    }

    public var armCount: Int { means.count }
    public func reset(using random: inout RandomStream) -> State { State() }

    public func play(_ arm: Int, in state: inout State, using random: inout RandomStream) {
        state = State(arm: arm, payment: random.uniform() < means[arm] ? 1 : 0, regret: best - means[arm])
    }
}

extension BernoulliBandit {
    static let entry = EnvironmentEntry(
        name: "BernoulliBandit", family: Environments.banditFamily,
        summary: "Find the arm that pays most often.",
        options: [
            EnvironmentOption(
                "means", .text, .text("0.3 0.5 0.7"),
                "How often each arm pays. Closer together: harder to tell the best.")
        ],
        horizon: 100, reward: "payment"
    ) { try BernoulliBandit(means: banditNumbers($0.text("means"), "means")) }
}
