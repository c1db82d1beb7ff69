import TelosTensor

/// A choice among arms that pay at random, again and again, without end.
///
/// The learner sees the features of the arms, if they have any, plays one arm, and is told what that arm paid. Signals:
/// `payment`, what the last arm paid, and `regret`, by how much its mean fell short of what is best in the long run,
/// free of noise. The usual reward is `payment`; the sum of `regret` is what the literature's bounds are about.
///
/// (Lattimore and Szepesvári, *Bandit algorithms*, 2020.)
public protocol Bandit: Environment where State: BanditState {
    var armCount: Int { get }
    /// Numbers that describe an arm; 0 where arms have nothing to show.
    var featureCount: Int { get }
    /// The features of every arm as they are now: `armCount` rows of `featureCount`.
    func features(_ state: State) -> [Double]
    /// Plays `arm` (0 ..< `armCount`) and leaves in `state` what came of it.
    func play(_ arm: Int, in state: inout State, using random: inout RandomStream)
}

/// The state of a bandit: what came of the last arm, and whatever its dynamics remember.
public protocol BanditState: EnvironmentState {
    var outcome: BanditOutcome { get }
}

/// What came of playing an arm.
public struct BanditOutcome: BanditState, Hashable {
    /// The arm that was played; -1 before any was.
    public var arm: Int
    public var payment: Double
    /// Best mean minus this arm's mean, at least 0 unless arms depend on what was played before.
    public var regret: Double

    public init(arm: Int = -1, payment: Double = 0, regret: Double = 0) {
        self.arm = arm
        self.payment = payment
        self.regret = regret
    }

    public init?(values: [Double]) {
        guard values.count == 3, let arm = Int(exactly: values[0]), arm >= -1 else { return nil }
        self.init(arm: arm, payment: values[1], regret: values[2])
    }

    public var values: [Double] { [Double(arm), payment, regret] }
    public var outcome: BanditOutcome { self }

    static let names = ["arm", "payment", "regret"]
}

/// What is wrong with a bandit's numbers: a message that says what to write instead.
public struct BanditError: Error, CustomStringConvertible, Equatable {
    public var description: String
    public init(_ description: String) { self.description = description }
}

extension Bandit {
    public var featureCount: Int { 0 }
    public func features(_ state: State) -> [Double] { [] }

    public func step(_ state: inout State, action: Action, using random: inout RandomStream) -> Bool {
        play(action.index, in: &state, using: &random)
        return false
    }

    public func observe(_ state: State, into observation: UnsafeMutableBufferPointer<Float>) {
        guard featureCount > 0 else {
            observation[0] = 0
            return
        }
        for (index, feature) in features(state).enumerated() { observation[index] = Float(feature) }
    }

    public func readSignals(_ state: State, into signals: SignalWriter) {
        signals[0] = state.outcome.payment
        signals[1] = state.outcome.regret
    }

    /// A square an arm, the one played last marked.
    public func draw(_ state: State) -> Drawing {
        let arm = state.outcome.arm
        return sanityDrawing(squares: armCount, marked: max(arm, 0)) { $0 == arm ? "#69db7c" : "#d0ebff" }
    }
}

/// The specification of a bandit of that many arms: no observation but the arms' features, two signals.
func banditSpecification(
    name: String, summary: String, armCount: Int, featureCount: Int = 0,
    payment: ClosedRange<Double> = -Double.infinity...Double.infinity,
    regret: ClosedRange<Double> = 0...Double.infinity, stateNames: [String] = BanditOutcome.names, reference: String
) -> EnvironmentSpecification {
    EnvironmentSpecification(
        name: name, summary: summary,
        observation: featureCount == 0
            ? .discrete(1) : .box(-Float.infinity...Float.infinity, count: armCount * featureCount),
        action: .discrete(armCount),
        signals: [
            Signal("payment", payment, "What the arm paid that was played last."),
            Signal("regret", regret, "Best mean in the long run minus that arm's mean."),
        ], stateNames: stateNames, reference: reference)
}

/// Numbers written as text, such as `0.2 0.5 0.7`.
func banditNumbers(_ text: String, _ option: String) throws -> [Double] {
    try text.split(whereSeparator: { $0 == " " || $0 == "," }).map { word in
        guard let number = Double(word), number.isFinite else {
            throw BanditError("\(option): \"\(word)\" is no number; write numbers with spaces between, as 0.2 0.5 0.7")
        }
        return number
    }
}

extension Environments {
    static let bandits: [EnvironmentEntry] = [
        BernoulliBandit.entry, GaussianBandit.entry, LinearContextualBandit.entry, DynamicalLinearBandit.entry,
        TallyingBandit.entry,
    ]

    static let banditFamily = "bandits"
}
