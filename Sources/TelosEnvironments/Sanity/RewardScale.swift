import TelosTensor

/// Reward scale: do what the observation says, paid in an unusual unit.
///
/// One of four symbols is shown; the action with its number earns `payment` = `scale`, others nothing. One step an
/// episode.
///
/// Solved: 0.95 of the scale. Exposes: rewards that are clipped or normalised by a fixed number, a critic whose error
/// swamps the policy's gradient, step sizes that fit one reward scale only.
///
/// After Stable-Baselines3's identity environment.
public struct RewardScale: Environment {
    public typealias State = SIMD2<Double>
    static let symbols = 4

    /// What a right action earns; default 1000.
    public var scale: Double

    public init(scale: Double = 1000) { self.scale = scale }

    public var specification: EnvironmentSpecification {
        EnvironmentSpecification(
            name: "RewardScale", summary: "Do what the observation says, for large or tiny rewards.",
            observation: .discrete(RewardScale.symbols), action: .discrete(RewardScale.symbols),
            signals: [Signal("payment", 0...scale, "What the last action earned.")], stateNames: ["symbol", "correct"],
            reference: "Stable-Baselines3's IdentityEnv")
    }

    public func reset(using random: inout RandomStream) -> State {
        State(Double(random.index(below: RewardScale.symbols)), 0)
    }

    public func step(_ state: inout State, action: Action, using random: inout RandomStream) -> Bool {
        state.y = Double(action.index) == state.x ? 1 : 0
        return true
    }

    public func observe(_ state: State, into observation: UnsafeMutableBufferPointer<Float>) {
        observation[0] = Float(state.x)
    }

    public func readSignals(_ state: State, into signals: SignalWriter) { signals[0] = state.y * scale }

    public func draw(_ state: State) -> Drawing {
        sanityDrawing(squares: RewardScale.symbols, marked: Int(state.x))
    }
}

extension RewardScale {
    static let entry = EnvironmentEntry(
        name: "RewardScale", family: Environments.sanityFamily,
        summary: "Reward scale: the action that is shown earns 1000; solved at 950.",
        options: [
            EnvironmentOption(
                "scale", .real(0...1e6), .real(1000), "What a right action earns. Higher: larger errors of a critic.")
        ],
        horizon: nil, reward: "payment", build: { RewardScale(scale: $0.real("scale")) })
}
