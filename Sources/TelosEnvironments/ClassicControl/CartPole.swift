import CTelosKernels
import TelosTensor

/// A pole hinged to a cart that is pushed left or right; the pole starts upright and must not fall.
///
/// With force F = ±`forceMagnitude`, total mass M = m_c + m_p and half-length l:
///
///     t   = (F + m_p l θ'² sin θ) / M
///     θ'' = (g sin θ − t cos θ) / (l (4/3 − m_p cos² θ / M))
///     x'' = t − m_p l θ'' cos θ / M
///
/// integrated by Euler's method. An episode terminates when |x| or |θ| passes its limit.
///
/// Source: Barto, Sutton and Anderson, *Neuronlike adaptive elements that can solve difficult learning control
/// problems* (1983). State and constants match Gymnasium 1.4 CartPole-v1, all in double precision.
public struct CartPole: Environment {
    /// x (m), x' (m/s), θ (rad, positive when leaning right), θ' (rad/s).
    public typealias State = SIMD4<Double>

    /// Gravity, m/s²; default 9.8. Higher: the pole falls faster.
    public var gravity: Double
    /// Mass of the cart, kg; default 1. Higher: a push moves the cart less.
    public var cartMass: Double
    /// Mass of the pole, kg; default 0.1. Higher: the pole drags the cart along.
    public var poleMass: Double
    /// Half the pole's length, m; default 0.5. Higher: the pole falls more slowly.
    public var halfLength: Double
    /// Force of a push, N; default 10.
    public var forceMagnitude: Double
    /// Seconds a step; default 0.02.
    public var timeStep: Double
    /// |θ| beyond which the pole has fallen, rad; default 12 degrees.
    public var angleLimit: Double
    /// |x| beyond which the cart has left the track, m; default 2.4.
    public var positionLimit: Double

    public init(
        gravity: Double = 9.8, cartMass: Double = 1, poleMass: Double = 0.1, halfLength: Double = 0.5,
        forceMagnitude: Double = 10, timeStep: Double = 0.02, angleLimit: Double = 12 * 2 * Double.pi / 360,
        positionLimit: Double = 2.4
    ) {
        self.gravity = gravity
        self.cartMass = cartMass
        self.poleMass = poleMass
        self.halfLength = halfLength
        self.forceMagnitude = forceMagnitude
        self.timeStep = timeStep
        self.angleLimit = angleLimit
        self.positionLimit = positionLimit
    }

    public var specification: EnvironmentSpecification {
        let infinity = Float.infinity
        let high = [Float(positionLimit * 2), infinity, Float(angleLimit * 2), infinity]
        let anything = -Double.infinity...Double.infinity
        return EnvironmentSpecification(
            name: "CartPole",
            summary: "Keep a pole upright by pushing its cart left or right.",
            observation: .box(low: high.map { -$0 }, high: high, shape: [4]),
            action: .discrete(2),
            actionNames: ["left", "right"],
            signals: [
                Signal("position", unit: "m", anything, "Where the cart is; 0 is the middle of the track."),
                Signal("velocity", unit: "m/s", anything, "Of the cart; positive to the right."),
                Signal("angle", unit: "rad", anything, "Of the pole from upright; positive when it leans right."),
                Signal("angularVelocity", unit: "rad/s", anything, "Of the pole."),
                Signal("fallen", 0...1, "1 when the pole fell or the cart left the track."),
            ],
            stateNames: ["position", "velocity", "angle", "angularVelocity"],
            reference: "Gymnasium 1.4 CartPole-v1; Barto, Sutton and Anderson (1983)")
    }

    public func reset(using random: inout RandomStream) -> State {
        let position = random.uniform(-0.05, 0.05)
        let velocity = random.uniform(-0.05, 0.05)
        let angle = random.uniform(-0.05, 0.05)
        return State(position, velocity, angle, random.uniform(-0.05, 0.05))
    }

    @inlinable
    public func step(_ state: inout State, action: Action, using random: inout RandomStream) -> Bool {
        let force = action.index == 1 ? forceMagnitude : -forceMagnitude
        let cosine = telos_cos64(state.z)
        let sine = telos_sin64(state.z)
        let totalMass = poleMass + cartMass
        let poleMoment = poleMass * halfLength
        let push = (force + poleMoment * (state.w * state.w) * sine) / totalMass
        let angularAcceleration =
            (gravity * sine - cosine * push)
            / (halfLength * (4.0 / 3.0 - poleMass * (cosine * cosine) / totalMass))
        let acceleration = push - poleMoment * angularAcceleration * cosine / totalMass
        state = State(
            state.x + timeStep * state.y, state.y + timeStep * acceleration,
            state.z + timeStep * state.w, state.w + timeStep * angularAcceleration)
        return hasFallen(state)
    }

    /// Whether the pole is past its limit or the cart past the track's end.
    @inlinable
    public func hasFallen(_ state: State) -> Bool {
        abs(state.x) > positionLimit || abs(state.z) > angleLimit
    }

    @inlinable
    public func observe(_ state: State, into observation: UnsafeMutableBufferPointer<Float>) {
        observation[0] = Float(state.x)
        observation[1] = Float(state.y)
        observation[2] = Float(state.z)
        observation[3] = Float(state.w)
    }

    @inlinable
    public func readSignals(_ state: State, into signals: SignalWriter) {
        signals[0] = state.x
        signals[1] = state.y
        signals[2] = state.z
        signals[3] = state.w
        signals[4] = hasFallen(state) ? 1 : 0
    }

    public func draw(_ state: State) -> Drawing {
        let width = 2 * positionLimit + 1.2
        let poleLength = 2 * halfLength
        let ground = 0.55
        let hinge = ground + 0.36
        let x = width / 2 + state.x
        let tilt = SIMD2(telos_sin64(state.z), telos_cos64(state.z))
        var drawing = Drawing(width: width, height: hinge + poleLength + 0.35)
        drawing.elements = [
            .rectangle(
                x: width / 2, y: drawing.height / 2, width: width, height: drawing.height, angle: 0,
                fill: "#f7f8fa"),
            .rectangle(
                x: width / 2, y: ground / 2 - 0.04, width: width, height: ground - 0.08, angle: 0,
                fill: "#e3e7ec"),
            .line(x1: 0.6, y1: ground, x2: width - 0.6, y2: ground, width: 0.03, stroke: "#8a94a3"),
            .rectangle(x: 0.6, y: ground, width: 0.05, height: 0.3, angle: 0, fill: "#8a94a3"),
            .rectangle(x: width - 0.6, y: ground, width: 0.05, height: 0.3, angle: 0, fill: "#8a94a3"),
            .line(x1: width / 2, y1: ground - 0.08, x2: width / 2, y2: ground, width: 0.02, stroke: "#8a94a3"),
            .rectangle(x: x, y: ground + 0.21, width: 0.62, height: 0.26, angle: 0, fill: "#2b3a55"),
            .circle(x: x - 0.18, y: ground + 0.08, radius: 0.08, fill: "#5b6b86"),
            .circle(x: x + 0.18, y: ground + 0.08, radius: 0.08, fill: "#5b6b86"),
            .rectangle(
                x: x + tilt.x * poleLength / 2, y: hinge + tilt.y * poleLength / 2, width: 0.09,
                height: poleLength, angle: -state.z, fill: "#d98324"),
            .circle(x: x, y: hinge, radius: 0.06, fill: "#f3d9b1"),
        ]
        return drawing
    }
}

extension CartPole {
    static let entry = EnvironmentEntry(
        name: "CartPole", family: "classic control",
        summary: "Keep a pole upright by pushing its cart left or right.",
        options: [
            EnvironmentOption("gravity", .real(0...100), .real(9.8), "Gravity, m/s². Higher: the pole falls faster."),
            EnvironmentOption(
                "cartMass", .real(0.001...1000), .real(1), "Mass of the cart, kg. Higher: a push moves it less."),
            EnvironmentOption(
                "poleMass", .real(0.001...1000), .real(0.1), "Mass of the pole, kg. Higher: it drags the cart along."),
            EnvironmentOption(
                "halfLength", .real(0.01...100), .real(0.5), "Half the pole's length, m. Higher: it falls slower."),
            EnvironmentOption(
                "forceMagnitude", .real(0...1000), .real(10), "Force of a push, N. Higher: quicker, coarser control."),
            EnvironmentOption("timeStep", .real(0.0001...1), .real(0.02), "Seconds a step. Higher: fewer decisions."),
        ],
        horizon: 500, reward: "1"
    ) { options in
        CartPole(
            gravity: options.real("gravity"), cartMass: options.real("cartMass"), poleMass: options.real("poleMass"),
            halfLength: options.real("halfLength"), forceMagnitude: options.real("forceMagnitude"),
            timeStep: options.real("timeStep"))
    }
}
