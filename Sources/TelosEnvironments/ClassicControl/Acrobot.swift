import CTelosKernels
import TelosTensor

/// Two links hanging from a pivot, with a motor at the joint between them only: swing the tip above the line.
///
/// The equations of motion are those of Sutton and Barto's book, integrated by one fourth-order Runge-Kutta step of
/// `timeStep`; angles are then wrapped to [-π, π] and velocities clipped to 4π and 9π. An episode terminates when the
/// tip is more than `goalHeight` above the pivot.
///
/// Source: Sutton, *Generalization in reinforcement learning: successful examples using sparse coarse coding* (1996);
/// Sutton and Barto, *Reinforcement learning: an introduction* (2018). State and constants match Gymnasium 1.4
/// Acrobot-v1 (book dynamics, no torque noise), in double precision; the reference rounds a first state to single.
public struct Acrobot: Environment {
    /// θ1 (of the first link, 0 hanging down), θ2 (of the second relative to the first), θ1', θ2'.
    public typealias State = SIMD4<Double>

    /// Gravity, m/s²; default 9.8.
    public var gravity: Double
    /// Length of the first link, m; default 1. (The second's only matters for the height of the tip.)
    public var linkLength1: Double
    /// Length of the second link, m; default 1.
    public var linkLength2: Double
    /// Mass of the first link, kg; default 1.
    public var linkMass1: Double
    /// Mass of the second link, kg; default 1.
    public var linkMass2: Double
    /// From the pivot to the first link's centre of mass, m; default 0.5.
    public var linkCentre1: Double
    /// From the joint to the second link's centre of mass, m; default 0.5.
    public var linkCentre2: Double
    /// Moment of inertia of each link, kg m²; default 1.
    public var momentOfInertia: Double
    /// Torque of the motor, N m; default 1. Higher: fewer swings are needed.
    public var torque: Double
    /// Seconds a step; default 0.2.
    public var timeStep: Double
    /// Height above the pivot that the tip must pass, m; default 1.
    public var goalHeight: Double

    public static let maximumVelocity1 = 4 * Double.pi
    public static let maximumVelocity2 = 9 * Double.pi

    public init(
        gravity: Double = 9.8, linkLength1: Double = 1, linkLength2: Double = 1, linkMass1: Double = 1,
        linkMass2: Double = 1, linkCentre1: Double = 0.5, linkCentre2: Double = 0.5, momentOfInertia: Double = 1,
        torque: Double = 1, timeStep: Double = 0.2, goalHeight: Double = 1
    ) {
        self.gravity = gravity
        self.linkLength1 = linkLength1
        self.linkLength2 = linkLength2
        self.linkMass1 = linkMass1
        self.linkMass2 = linkMass2
        self.linkCentre1 = linkCentre1
        self.linkCentre2 = linkCentre2
        self.momentOfInertia = momentOfInertia
        self.torque = torque
        self.timeStep = timeStep
        self.goalHeight = goalHeight
    }

    public var specification: EnvironmentSpecification {
        let high: [Float] = [1, 1, 1, 1, Float(Acrobot.maximumVelocity1), Float(Acrobot.maximumVelocity2)]
        let reach = linkLength1 + linkLength2
        return EnvironmentSpecification(
            name: "Acrobot",
            summary: "Swing a two-link pendulum above a line with a motor at its middle joint.",
            observation: .box(low: high.map { -$0 }, high: high, shape: [6]),
            action: .discrete(3),
            actionNames: ["negative", "none", "positive"],
            signals: [
                Signal("angle1", unit: "rad", -Double.pi...Double.pi, "Of the first link; 0 hangs straight down."),
                Signal("angle2", unit: "rad", -Double.pi...Double.pi, "Of the second link relative to the first."),
                Signal(
                    "angularVelocity1", unit: "rad/s", -Acrobot.maximumVelocity1...Acrobot.maximumVelocity1,
                    "Of the first link."),
                Signal(
                    "angularVelocity2", unit: "rad/s", -Acrobot.maximumVelocity2...Acrobot.maximumVelocity2,
                    "Of the second link relative to the first."),
                Signal("tipHeight", unit: "m", -reach...reach, "Of the free end above the pivot."),
                Signal("goal", 0...1, "1 when the tip is above the line."),
            ],
            stateNames: ["angle1", "angle2", "angularVelocity1", "angularVelocity2"],
            reference: "Gymnasium 1.4 Acrobot-v1; Sutton (1996)")
    }

    public func reset(using random: inout RandomStream) -> State {
        func draw() -> Double { Double(Float(random.uniform(-0.1, 0.1))) }
        let angle1 = draw()
        let angle2 = draw()
        let velocity1 = draw()
        return State(angle1, angle2, velocity1, draw())
    }

    @inlinable
    public func step(_ state: inout State, action: Action, using random: inout RandomStream) -> Bool {
        let applied = Double(action.index - 1) * torque
        let half = timeStep / 2
        let k1 = derivative(state, torque: applied)
        let k2 = derivative(state + half * k1, torque: applied)
        let k3 = derivative(state + half * k2, torque: applied)
        let k4 = derivative(state + timeStep * k3, torque: applied)
        let next = state + timeStep / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        state = State(
            Acrobot.wrapped(next.x), Acrobot.wrapped(next.y),
            min(max(next.z, -Acrobot.maximumVelocity1), Acrobot.maximumVelocity1),
            min(max(next.w, -Acrobot.maximumVelocity2), Acrobot.maximumVelocity2))
        return isGoal(state)
    }

    /// The state's rate of change under a constant torque at the joint.
    @inlinable
    func derivative(_ s: State, torque: Double) -> State {
        let cosine2 = telos_cos64(s.y)
        let sine2 = telos_sin64(s.y)
        let d1 =
            linkMass1 * (linkCentre1 * linkCentre1)
            + linkMass2
            * (linkLength1 * linkLength1 + linkCentre2 * linkCentre2 + 2 * linkLength1 * linkCentre2 * cosine2)
            + momentOfInertia + momentOfInertia
        let d2 = linkMass2 * (linkCentre2 * linkCentre2 + linkLength1 * linkCentre2 * cosine2) + momentOfInertia
        let phi2 = linkMass2 * linkCentre2 * gravity * telos_cos64(s.x + s.y - Double.pi / 2)
        let phi1 =
            -linkMass2 * linkLength1 * linkCentre2 * (s.w * s.w) * sine2
            - 2 * linkMass2 * linkLength1 * linkCentre2 * s.w * s.z * sine2
            + (linkMass1 * linkCentre1 + linkMass2 * linkLength1) * gravity * telos_cos64(s.x - Double.pi / 2)
            + phi2
        let centrifugal = linkMass2 * linkLength1 * linkCentre2 * (s.z * s.z) * sine2
        let acceleration2 =
            (torque + d2 / d1 * phi1 - centrifugal - phi2)
            / (linkMass2 * (linkCentre2 * linkCentre2) + momentOfInertia - d2 * d2 / d1)
        return State(s.z, s.w, -(d2 * acceleration2 + phi1) / d1, acceleration2)
    }

    /// `angle` plus whole turns, within [-π, π].
    @inlinable
    static func wrapped(_ angle: Double) -> Double {
        var angle = angle
        while angle > Double.pi { angle -= 2 * Double.pi }
        while angle < -Double.pi { angle += 2 * Double.pi }
        return angle
    }

    /// Height of the free end above the pivot, m.
    @inlinable
    public func tipHeight(_ state: State) -> Double {
        -linkLength1 * telos_cos64(state.x) - linkLength2 * telos_cos64(state.y + state.x)
    }

    /// Whether the tip is above the line.
    @inlinable
    public func isGoal(_ state: State) -> Bool { tipHeight(state) > goalHeight }

    @inlinable
    public func observe(_ state: State, into observation: UnsafeMutableBufferPointer<Float>) {
        observation[0] = Float(telos_cos64(state.x))
        observation[1] = Float(telos_sin64(state.x))
        observation[2] = Float(telos_cos64(state.y))
        observation[3] = Float(telos_sin64(state.y))
        observation[4] = Float(state.z)
        observation[5] = Float(state.w)
    }

    @inlinable
    public func readSignals(_ state: State, into signals: SignalWriter) {
        let height = tipHeight(state)
        signals[0] = state.x
        signals[1] = state.y
        signals[2] = state.z
        signals[3] = state.w
        signals[4] = height
        signals[5] = height > goalHeight ? 1 : 0
    }

    public func draw(_ state: State) -> Drawing {
        let size = 2 * (linkLength1 + linkLength2) + 0.4
        let pivot = SIMD2(size / 2, size / 2)
        let joint = pivot + linkLength1 * SIMD2(telos_sin64(state.x), -telos_cos64(state.x))
        let turned = state.x + state.y
        let tip = joint + linkLength2 * SIMD2(telos_sin64(turned), -telos_cos64(turned))
        let line = pivot.y + goalHeight
        return Drawing(
            width: size, height: size,
            elements: [
                .rectangle(x: size / 2, y: size / 2, width: size, height: size, angle: 0, fill: "#f7f8fa"),
                .rectangle(
                    x: size / 2, y: (size + line) / 2, width: size, height: size - line, angle: 0, fill: "#e6f2e6"),
                .line(x1: 0, y1: line, x2: size, y2: line, width: 0.02, stroke: "#4f8f5b"),
                .line(x1: pivot.x, y1: pivot.y, x2: joint.x, y2: joint.y, width: 0.16, stroke: "#2b3a55"),
                .line(x1: joint.x, y1: joint.y, x2: tip.x, y2: tip.y, width: 0.16, stroke: "#5b78a8"),
                .circle(x: pivot.x, y: pivot.y, radius: 0.12, fill: "#8a94a3"),
                .circle(x: joint.x, y: joint.y, radius: 0.11, fill: "#d98324"),
                .circle(x: tip.x, y: tip.y, radius: 0.09, fill: "#d9482b"),
            ])
    }
}

extension Acrobot {
    static let entry = EnvironmentEntry(
        name: "Acrobot", family: "classic control",
        summary: "Swing a two-link pendulum above a line with a motor at its middle joint.",
        options: [
            EnvironmentOption("gravity", .real(0...100), .real(9.8), "Gravity, m/s². Higher: more swings are needed."),
            EnvironmentOption("linkLength1", .real(0.01...100), .real(1), "Length of the first link, m."),
            EnvironmentOption("linkMass1", .real(0.001...1000), .real(1), "Mass of the first link, kg."),
            EnvironmentOption("linkMass2", .real(0.001...1000), .real(1), "Mass of the second link, kg."),
            EnvironmentOption(
                "torque", .real(0...1000), .real(1), "Torque of the motor, N m. Higher: fewer swings are needed."),
            EnvironmentOption("timeStep", .real(0.0001...1), .real(0.2), "Seconds a step. Higher: fewer decisions."),
            EnvironmentOption(
                "goalHeight", .real(-100...100), .real(1), "Height above the pivot to pass, m. Higher: harder."),
        ],
        horizon: 500, reward: "goal ? 0 : -1"
    ) { options in
        Acrobot(
            gravity: options.real("gravity"), linkLength1: options.real("linkLength1"),
            linkMass1: options.real("linkMass1"), linkMass2: options.real("linkMass2"),
            torque: options.real("torque"), timeStep: options.real("timeStep"), goalHeight: options.real("goalHeight"))
    }
}
