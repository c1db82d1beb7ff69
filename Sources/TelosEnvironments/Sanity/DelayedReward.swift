import TelosTensor

/// Discount: one now, or more later; which is better depends on the discount alone.
///
/// The first action decides: `now` ends the episode with `paid` 1; `later` walks `delay` further steps, whatever is
/// done, and ends with `paid` = `reward`. Later is better where discount^delay * reward > 1. With a discount of 0.8 and
/// the delay of 4 that is a reward of 2.44: at 2.15 the right return is 1, at 2.75 it is 2.75, and a discount applied
/// once too often or too rarely gets one of the two wrong.
///
/// Solved: those returns, to within 0.1. Exposes: a discount that is ignored, fixed, or applied in the wrong place.
public struct DelayedReward: FiniteEnvironment {
    /// Steps by which the later reward is later; default 4.
    public var delay: Int
    /// The later reward; default 2.75.
    public var reward: Double

    public init(delay: Int = 4, reward: Double = 2.75) {
        self.delay = delay
        self.reward = reward
    }

    public var specification: EnvironmentSpecification {
        EnvironmentSpecification(
            name: "DelayedReward", summary: "Take one now, or wait for more.", observation: .discrete(delay + 3),
            action: .discrete(2), actionNames: ["now", "later"],
            signals: [
                Signal("paid", min(0, reward)...max(1, reward), "What the step that ends the episode earns, else 0.")
            ],
            stateNames: ["place"], reference: "none")
    }

    /// 0 the choice, 1 paid now, 2 ... delay + 1 on the way, delay + 2 paid later.
    public var states: [Int] { Array(0..<(delay + 3)) }
    public func index(of state: Int) -> Int? { (0..<(delay + 3)).contains(state) ? state : nil }
    public func isTerminal(_ state: Int) -> Bool { state == 1 || state == delay + 2 }
    public var startDistribution: [(probability: Double, state: Int)] { [(1, 0)] }

    public func outcomes(of state: Int, action: Int) -> [(probability: Double, next: Int)] {
        [(1, state == 0 ? action + 1 : state + 1)]
    }

    public func observe(_ state: Int, into observation: UnsafeMutableBufferPointer<Float>) {
        observation[0] = Float(state)
    }

    public func readSignals(_ state: Int, into signals: SignalWriter) {
        signals[0] = state == 1 ? 1 : state == delay + 2 ? reward : 0
    }

    public func draw(_ state: Int) -> Drawing {
        sanityDrawing(squares: delay + 3, marked: state) { isTerminal($0) ? "#69db7c" : "#f1f3f5" }
    }
}

extension DelayedReward {
    static let entry = EnvironmentEntry(
        name: "DelayedReward", family: Environments.sanityFamily,
        summary: "Discount: one now or more later; with a discount of 0.8 solved at 2.65.",
        options: [
            EnvironmentOption(
                "delay", .integer(1...1000), .integer(4), "Steps by which the later reward is later."),
            EnvironmentOption("reward", .real(-1000...1000), .real(2.75), "The later reward. Higher: worth a wait."),
        ],
        horizon: nil, reward: "paid",
        build: { DelayedReward(delay: $0.integer("delay"), reward: $0.real("reward")) })
}
