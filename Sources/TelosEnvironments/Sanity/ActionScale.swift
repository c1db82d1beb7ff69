import TelosTensor

/// Action scale: name two numbers in units far from those of a network's outputs.
///
/// The observation is a target for each number in -1 ... 1; the actions live in 100 ... 300 and in -0.01 ... 0.01, and
/// are clipped to them. One step an episode. `error` is the mean distance from the targets in half-ranges of the bounds.
///
/// Solved: a mean return of -0.2 (uniform actions earn -0.67, actions at a bound -1). Exposes: actions in -1 ... 1
/// handed to the environment as they are, bounds that are mixed up between the elements of an action, clipping that is
/// learned from.
///
/// After the box form of Stable-Baselines3's identity environment.
public struct ActionScale: Environment {
    public struct State: EnvironmentState, Hashable {
        public var targets: SIMD2<Double>
        /// Of the last action; 0 before it.
        public var error: Double

        public init(targets: SIMD2<Double>, error: Double = 0) {
            self.targets = targets
            self.error = error
        }

        public init?(values: [Double]) {
            guard values.count == 3 else { return nil }
            self.init(targets: SIMD2(values[0], values[1]), error: values[2])
        }

        public var values: [Double] { [targets.x, targets.y, error] }
    }

    static let low: [Float] = [100, -0.01]
    static let high: [Float] = [300, 0.01]

    public init() {}

    public var specification: EnvironmentSpecification {
        EnvironmentSpecification(
            name: "ActionScale", summary: "Name two numbers in very different units.",
            observation: .box(-1...1, count: 2),
            action: .box(low: ActionScale.low, high: ActionScale.high, shape: [2]), actionNames: ["large", "small"],
            signals: [
                Signal("error", 0...2, "Mean distance of the last action from the targets, in half-ranges.")
            ],
            stateNames: ["largeTarget", "smallTarget", "error"], reference: "Stable-Baselines3's IdentityEnvBox")
    }

    public func reset(using random: inout RandomStream) -> State {
        let first = random.uniform(-1, 1)
        return State(targets: SIMD2(first, random.uniform(-1, 1)))
    }

    public func step(_ state: inout State, action: Action, using random: inout RandomStream) -> Bool {
        var sum = 0.0
        for position in 0..<2 {
            let (low, high) = (Double(ActionScale.low[position]), Double(ActionScale.high[position]))
            let clipped = min(max(action[position], low), high)
            sum += abs((clipped - low) / (high - low) * 2 - 1 - state.targets[position])
        }
        state.error = min(sum / 2, 2)
        return true
    }

    public func observe(_ state: State, into observation: UnsafeMutableBufferPointer<Float>) {
        observation[0] = Float(state.targets.x)
        observation[1] = Float(state.targets.y)
    }

    public func readSignals(_ state: State, into signals: SignalWriter) { signals[0] = state.error }

    public func draw(_ state: State) -> Drawing {
        sanityDrawing(squares: 10, marked: Int((state.targets.x + 1) * 5)) { _ in "#f1f3f5" }
    }
}

extension ActionScale {
    static let entry = EnvironmentEntry(
        name: "ActionScale", family: Environments.sanityFamily,
        summary: "Action scale: two numbers in 100 ... 300 and -0.01 ... 0.01; solved at -0.2.", horizon: nil,
        reward: "-error", build: { _ in ActionScale() })
}
