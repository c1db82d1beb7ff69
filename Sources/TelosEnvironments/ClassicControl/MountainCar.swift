import CTelosKernels
import TelosTensor

/// An engine too weak to climb a hill: the car must first back away from the goal to gather speed.
///
///     v ← clip(v + (a − 1) force − gravity cos 3x),  x ← clip(x + v)
///
/// with a in {0, 1, 2}; the left wall stops the car. An episode terminates at the flag, when the car arrives there no
/// slower than `goalVelocity`.
///
/// Source: Moore, *Efficient memory-based learning for robot control* (1990). State and constants match Gymnasium 1.4
/// MountainCar-v0, in double precision.
public struct MountainCar: Environment {
    /// Position and velocity, in the hill's own units.
    public typealias State = SIMD2<Double>

    /// Change of velocity by the engine in a step; default 0.001. Higher: the hill gets easy.
    public var force: Double
    /// Change of velocity by gravity in a step on the steepest slope; default 0.0025. Higher: more swings are needed.
    public var gravity: Double
    /// Where the flag stands; default 0.5.
    public var goalPosition: Double
    /// The least velocity that counts at the flag; default 0.
    public var goalVelocity: Double
    /// |velocity| is clipped to this; default 0.07.
    public var maximumSpeed: Double

    public static let minimumPosition = -1.2
    public static let maximumPosition = 0.6

    public init(
        force: Double = 0.001, gravity: Double = 0.0025, goalPosition: Double = 0.5, goalVelocity: Double = 0,
        maximumSpeed: Double = 0.07
    ) {
        self.force = force
        self.gravity = gravity
        self.goalPosition = goalPosition
        self.goalVelocity = goalVelocity
        self.maximumSpeed = maximumSpeed
    }

    public var specification: EnvironmentSpecification {
        EnvironmentSpecification(
            name: "MountainCar",
            summary: "Drive an underpowered car up a hill by swinging back and forth.",
            observation: Hill.observation(maximumSpeed: maximumSpeed),
            action: .discrete(3),
            actionNames: ["left", "idle", "right"],
            signals: Hill.signals(maximumSpeed: maximumSpeed),
            stateNames: ["position", "velocity"],
            reference: "Gymnasium 1.4 MountainCar-v0; Moore (1990)")
    }

    public func reset(using random: inout RandomStream) -> State { State(random.uniform(-0.6, -0.4), 0) }

    @inlinable
    public func step(_ state: inout State, action: Action, using random: inout RandomStream) -> Bool {
        var velocity = state.y
        velocity += Double(action.index - 1) * force + telos_cos64(3 * state.x) * -gravity
        velocity = min(max(velocity, -maximumSpeed), maximumSpeed)
        let position = min(max(state.x + velocity, MountainCar.minimumPosition), MountainCar.maximumPosition)
        if position == MountainCar.minimumPosition, velocity < 0 { velocity = 0 }
        state = State(position, velocity)
        return isGoal(state)
    }

    /// Whether the car is at the flag, fast enough.
    @inlinable
    public func isGoal(_ state: State) -> Bool { state.x >= goalPosition && state.y >= goalVelocity }

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

extension MountainCar {
    static let entry = EnvironmentEntry(
        name: "MountainCar", family: "classic control",
        summary: "Drive an underpowered car up a hill by swinging back and forth.",
        options: [
            EnvironmentOption(
                "force", .real(0...1), .real(0.001), "Engine's change of velocity in a step. Higher: easier."),
            EnvironmentOption(
                "gravity", .real(0...1), .real(0.0025), "Gravity's change of velocity. Higher: more swings needed."),
            EnvironmentOption(
                "goalPosition", .real(-1.2...0.6), .real(0.5), "Where the flag stands. Higher: further up the hill."),
            EnvironmentOption(
                "goalVelocity", .real(-0.07...0.07), .real(0), "The least velocity that counts at the flag."),
        ],
        horizon: 200, reward: "-1"
    ) { options in
        MountainCar(
            force: options.real("force"), gravity: options.real("gravity"),
            goalPosition: options.real("goalPosition"), goalVelocity: options.real("goalVelocity"))
    }
}

/// What both mountain cars share: the hill sin 3x and the picture.
@usableFromInline
enum Hill {
    /// Height of the hill at `position`, between 0.1 and 1.
    @inlinable
    static func height(_ position: Double) -> Double { telos_sin64(3 * position) * 0.45 + 0.55 }

    static func observation(maximumSpeed: Double) -> Space {
        .box(
            low: [Float(MountainCar.minimumPosition), Float(-maximumSpeed)],
            high: [Float(MountainCar.maximumPosition), Float(maximumSpeed)], shape: [2])
    }

    /// Bounds are those of single precision, which the continuous car's state is kept in.
    static func signals(maximumSpeed: Double) -> [Signal] {
        let lowest = min(MountainCar.minimumPosition, Double(Float(MountainCar.minimumPosition)))
        let highest = max(MountainCar.maximumPosition, Double(Float(MountainCar.maximumPosition)))
        let fastest = max(maximumSpeed, Double(Float(maximumSpeed)))
        return [
            Signal("position", lowest...highest, "Along the hill; the valley is at -0.52."),
            Signal("velocity", -fastest...fastest, "Change of position in a step; positive to the right."),
            Signal("height", 0.1...1, "Of the hill under the car, 0.45 sin(3 position) + 0.55."),
            Signal("goal", 0...1, "1 when the car is at the flag, fast enough."),
        ]
    }

    static func draw(position: Double, goal: Double) -> Drawing {
        let low = MountainCar.minimumPosition - 0.05
        let width = MountainCar.maximumPosition + 0.05 - low
        let curve = (0...96).map { index in
            let x = width * Double(index) / 96
            return SIMD2(x, height(low + x))
        }
        let slope = 1.35 * telos_cos64(3 * position)
        let cosine = 1 / (1 + slope * slope).squareRoot()
        let sine = slope * cosine
        let angle = arctangent(slope)
        let foot = SIMD2(position - low, height(position))
        func onCar(_ along: Double, _ up: Double) -> SIMD2<Double> {
            foot + SIMD2(along * cosine - up * sine, along * sine + up * cosine)
        }
        let body = onCar(0, 0.062)
        let cabin = onCar(-0.008, 0.1)
        let back = onCar(-0.042, 0.026)
        let front = onCar(0.042, 0.026)
        let flag = SIMD2(goal - low, height(goal))
        return Drawing(
            width: width, height: 1.3,
            elements: [
                .rectangle(x: width / 2, y: 0.65, width: width, height: 1.3, angle: 0, fill: "#eef4fa"),
                .polygon(points: [SIMD2(0, 0)] + curve + [SIMD2(width, 0)], fill: "#9db98a"),
                .polyline(points: curve, width: 0.014, stroke: "#5f7f4d"),
                .line(x1: flag.x, y1: flag.y, x2: flag.x, y2: flag.y + 0.2, width: 0.01, stroke: "#5a5a5a"),
                .polygon(
                    points: [flag + SIMD2(0, 0.2), flag + SIMD2(0.09, 0.165), flag + SIMD2(0, 0.13)], fill: "#d9482b"),
                .rectangle(x: body.x, y: body.y, width: 0.15, height: 0.05, angle: angle, fill: "#2b3a55"),
                .rectangle(x: cabin.x, y: cabin.y, width: 0.08, height: 0.034, angle: angle, fill: "#5b78a8"),
                .circle(x: back.x, y: back.y, radius: 0.026, fill: "#1d2636"),
                .circle(x: front.x, y: front.y, radius: 0.026, fill: "#1d2636"),
            ])
    }

    /// Arctangent by three halvings of the angle and a short series: ample for a picture.
    private static func arctangent(_ value: Double) -> Double {
        var t = value
        for _ in 0..<3 { t /= 1 + (1 + t * t).squareRoot() }
        let square = t * t
        return 8 * t * (1 - square * (1.0 / 3 - square * (1.0 / 5 - square * (1.0 / 7 - square / 9))))
    }
}
