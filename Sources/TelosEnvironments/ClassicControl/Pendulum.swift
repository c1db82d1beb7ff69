import CTelosKernels
import TelosTensor

/// A pendulum with a motor too weak to lift it: swing it up and hold it upright.
///
///     θ' ← clip(θ' + (3g / 2l sin θ + 3 / (m l²) u) dt, ±8),  θ ← θ + θ' dt
///
/// with torque u = clip(action, ±`maximumTorque`). Nothing terminates an episode.
///
/// State and constants match Gymnasium 1.4 Pendulum-v1: the state is in double precision, the torque's contribution is
/// rounded to single as there. The angle of the state is not wrapped; the signal `angle` is.
public struct Pendulum: Environment {
    /// θ (rad, 0 upright, not wrapped), θ' (rad/s).
    public typealias State = SIMD2<Double>

    /// Gravity, m/s²; default 10. Higher: harder to lift.
    public var gravity: Double
    /// Mass, kg; default 1.
    public var mass: Double
    /// Length, m; default 1.
    public var length: Double
    /// |torque| is clipped to this, N m; default 2. Higher: fewer swings are needed.
    public var maximumTorque: Double
    /// |θ'| is clipped to this, rad/s; default 8.
    public var maximumSpeed: Double
    /// Seconds a step; default 0.05.
    public var timeStep: Double

    public init(
        gravity: Double = 10, mass: Double = 1, length: Double = 1, maximumTorque: Double = 2,
        maximumSpeed: Double = 8, timeStep: Double = 0.05
    ) {
        self.gravity = gravity
        self.mass = mass
        self.length = length
        self.maximumTorque = maximumTorque
        self.maximumSpeed = maximumSpeed
        self.timeStep = timeStep
    }

    public var specification: EnvironmentSpecification {
        let high: [Float] = [1, 1, Float(maximumSpeed)]
        let torque = Float(maximumTorque)
        return EnvironmentSpecification(
            name: "Pendulum",
            summary: "Swing a pendulum up and hold it upright with little torque.",
            observation: .box(low: high.map { -$0 }, high: high, shape: [3]),
            action: .box(-torque...torque, count: 1),
            actionNames: ["torque"],
            signals: [
                Signal("angle", unit: "rad", -Double.pi...Double.pi, "From upright, wrapped to half a turn each way."),
                Signal("angularVelocity", unit: "rad/s", -maximumSpeed...maximumSpeed, "Positive anticlockwise."),
                Signal("cosine", -1...1, "Of the angle: 1 upright, -1 hanging."),
                Signal("sine", -1...1, "Of the angle."),
            ],
            stateNames: ["angle", "angularVelocity"],
            reference: "Gymnasium 1.4 Pendulum-v1")
    }

    public func reset(using random: inout RandomStream) -> State {
        let angle = random.uniform(-Double.pi, Double.pi)
        return State(angle, random.uniform(-1, 1))
    }

    @inlinable
    public func step(_ state: inout State, action: Action, using random: inout RandomStream) -> Bool {
        let limit = Float(maximumTorque)
        let torque = min(max(Float(action[0]), -limit), limit)
        let push = Double(Float(3 / (mass * (length * length))) * torque)
        var velocity = state.y + (3 * gravity / (2 * length) * telos_sin64(state.x) + push) * timeStep
        velocity = min(max(velocity, -maximumSpeed), maximumSpeed)
        state = State(state.x + velocity * timeStep, velocity)
        return false
    }

    @inlinable
    public func observe(_ state: State, into observation: UnsafeMutableBufferPointer<Float>) {
        observation[0] = Float(telos_cos64(state.x))
        observation[1] = Float(telos_sin64(state.x))
        observation[2] = Float(state.y)
    }

    @inlinable
    public func readSignals(_ state: State, into signals: SignalWriter) {
        signals[0] = state.x.remainder(dividingBy: 2 * Double.pi)
        signals[1] = state.y
        signals[2] = telos_cos64(state.x)
        signals[3] = telos_sin64(state.x)
    }

    public func draw(_ state: State) -> Drawing {
        let size = 2 * length + 0.6
        let pivot = SIMD2(size / 2, size / 2)
        let direction = SIMD2(-telos_sin64(state.x), telos_cos64(state.x))
        let tip = pivot + length * direction
        let upright = pivot.y + length
        return Drawing(
            width: size, height: size,
            elements: [
                .rectangle(x: size / 2, y: size / 2, width: size, height: size, angle: 0, fill: "#f7f8fa"),
                .circle(x: pivot.x, y: pivot.y, radius: length, fill: "#e8ecf2"),
                .line(x1: pivot.x, y1: upright - 0.07, x2: pivot.x, y2: upright + 0.07, width: 0.03, stroke: "#4f8f5b"),
                .line(x1: pivot.x, y1: pivot.y, x2: tip.x, y2: tip.y, width: 0.1, stroke: "#c75b4a"),
                .circle(x: tip.x, y: tip.y, radius: 0.13, fill: "#a23b2c"),
                .circle(x: pivot.x, y: pivot.y, radius: 0.07, fill: "#2b3a55"),
            ])
    }
}

extension Pendulum {
    static let entry = EnvironmentEntry(
        name: "Pendulum", family: "classic control",
        summary: "Swing a pendulum up and hold it upright with little torque.",
        options: [
            EnvironmentOption("gravity", .real(0...100), .real(10), "Gravity, m/s². Higher: harder to lift."),
            EnvironmentOption("mass", .real(0.001...1000), .real(1), "Mass, kg. Higher: torque moves it less."),
            EnvironmentOption("length", .real(0.01...100), .real(1), "Length, m. Higher: torque moves it less."),
            EnvironmentOption(
                "maximumTorque", .real(0...1000), .real(2), "Torque's limit, N m. Higher: fewer swings are needed."),
            EnvironmentOption("timeStep", .real(0.0001...1), .real(0.05), "Seconds a step. Higher: fewer decisions."),
        ],
        horizon: 200,
        reward: "-(previous.angle^2 + 0.1 * previous.angularVelocity^2 + 0.001 * clamp(action, -2, 2)^2)"
    ) { options in
        Pendulum(
            gravity: options.real("gravity"), mass: options.real("mass"), length: options.real("length"),
            maximumTorque: options.real("maximumTorque"), timeStep: options.real("timeStep"))
    }
}
