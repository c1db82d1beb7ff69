import CTelosKernels
import TelosTensor

/// The mountain car with a throttle: `MountainCar` with one real action in [-1, 1].
///
///     v ← clip(v + power clip(a) − 0.0025 cos 3x),  x ← clip(x + v)
///
/// An action outside [-1, 1] is clipped by the engine; a reward over `action` sees it unclipped.
///
/// The reference keeps its state in single precision, and so does this: every step computes in `Float` (the cosine in
/// `Double`), and a state's numbers are floats after the first step.
///
/// Source: Moore, *Efficient memory-based learning for robot control* (1990). State and constants match Gymnasium 1.4
/// MountainCarContinuous-v0.
public struct MountainCarContinuous: Environment {
    /// Position and velocity, in the hill's own units.
    public typealias State = SIMD2<Double>

    /// Change of velocity in a step at full throttle; default 0.0015. Higher: the hill gets easy.
    public var power: Double
    /// Change of velocity by gravity in a step on the steepest slope; default 0.0025. Higher: more swings are needed.
    public var gravity: Double
    /// Where the flag stands; default 0.45.
    public var goalPosition: Double
    /// The least velocity that counts at the flag; default 0.
    public var goalVelocity: Double
    /// |velocity| is clipped to this; default 0.07.
    public var maximumSpeed: Double

    public init(
        power: Double = 0.0015, gravity: Double = 0.0025, goalPosition: Double = 0.45, goalVelocity: Double = 0,
        maximumSpeed: Double = 0.07
    ) {
        self.power = power
        self.gravity = gravity
        self.goalPosition = goalPosition
        self.goalVelocity = goalVelocity
        self.maximumSpeed = maximumSpeed
    }

    public var specification: EnvironmentSpecification {
        EnvironmentSpecification(
            name: "MountainCarContinuous",
            summary: "Drive an underpowered car up a hill with a throttle.",
            observation: Hill.observation(maximumSpeed: maximumSpeed),
            action: .box(-1...1, count: 1),
            actionNames: ["throttle"],
            signals: Hill.signals(maximumSpeed: maximumSpeed),
            stateNames: ["position", "velocity"],
            reference: "Gymnasium 1.4 MountainCarContinuous-v0; Moore (1990)")
    }

    public func reset(using random: inout RandomStream) -> State { State(random.uniform(-0.6, -0.4), 0) }

    @inlinable
    public func step(_ state: inout State, action: Action, using random: inout RandomStream) -> Bool {
        let lowest = Float(MountainCar.minimumPosition)
        let fastest = Float(maximumSpeed)
        var position = Float(state.x)
        var velocity = Float(state.y)
        let throttle = min(max(Float(action[0]), -1), 1)
        velocity += throttle * Float(power) - Float(gravity * telos_cos64(Double(3 * position)))
        velocity = min(max(velocity, -fastest), fastest)
        position = min(max(position + velocity, lowest), Float(MountainCar.maximumPosition))
        if position == lowest, velocity < 0 { velocity = 0 }
        state = State(Double(position), Double(velocity))
        return isGoal(state)
    }

    /// Whether the car is at the flag, fast enough.
    @inlinable
    public func isGoal(_ state: State) -> Bool {
        Float(state.x) >= Float(goalPosition) && Float(state.y) >= Float(goalVelocity)
    }

    @inlinable
    public func observe(_ state: State, into observation: UnsafeMutableBufferPointer<Float>) {
        observation[0] = Float(state.x)
        observation[1] = Float(state.y)
    }

    @inlinable
    public func readSignals(_ state: State, into signals: SignalWriter) {
        signals[0] = state.x
        signals[1] = state.y
        signals[2] = Hill.height(state.x)
        signals[3] = isGoal(state) ? 1 : 0
    }

    public func draw(_ state: State) -> Drawing { Hill.draw(position: state.x, goal: goalPosition) }
}

extension MountainCarContinuous {
    static let entry = EnvironmentEntry(
        name: "MountainCarContinuous", family: "classic control",
        summary: "Drive an underpowered car up a hill with a throttle.",
        options: [
            EnvironmentOption(
                "power", .real(0...1), .real(0.0015), "Change of velocity at full throttle. Higher: easier."),
            EnvironmentOption(
                "gravity", .real(0...1), .real(0.0025), "Gravity's change of velocity. Higher: more swings needed."),
            EnvironmentOption(
                "goalPosition", .real(-1.2...0.6), .real(0.45), "Where the flag stands. Higher: further up the hill."),
            EnvironmentOption(
                "goalVelocity", .real(-0.07...0.07), .real(0), "The least velocity that counts at the flag."),
        ],
        horizon: 999, reward: "100 * goal - 0.1 * action^2"
    ) { options in
        MountainCarContinuous(
            power: options.real("power"), gravity: options.real("gravity"),
            goalPosition: options.real("goalPosition"), goalVelocity: options.real("goalVelocity"))
    }
}
