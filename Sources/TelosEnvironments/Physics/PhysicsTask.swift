#if MuJoCo
    import CMuJoCo
    import TelosTensor

    /// What a task can read of a simulation: the state it is in, what its last step computed on the way there, and the
    /// action of that step. A view: valid during the call it is passed to.
    ///
    /// As in Gymnasium, positions of bodies and forces are those MuJoCo computed at the beginning of the last substep.
    public struct PhysicsFrame {
        public let model: MuJoCoModel
        let data: UnsafeMutablePointer<mjData>
        /// The task's reference point after the step before, m; where the state was begun, the present one.
        var earlier: SIMD2<Double>
        /// The same after this one.
        var now: SIMD2<Double>
        /// Seconds a step.
        var seconds: Double

        /// `qpos`: a number a hinge (rad) or slide (m), four a ball joint (a quaternion), seven a free joint.
        public var positions: UnsafeBufferPointer<Double> {
            UnsafeBufferPointer(start: data.pointee.qpos, count: model.positionCount)
        }
        /// `qvel`: rad/s or m/s; three numbers a ball joint, six a free joint.
        public var velocities: UnsafeBufferPointer<Double> {
            UnsafeBufferPointer(start: data.pointee.qvel, count: model.velocityCount)
        }
        /// What the actuators were told, before they limit it; zeros where the state was begun.
        public var controls: UnsafeBufferPointer<Double> {
            UnsafeBufferPointer(start: data.pointee.ctrl, count: model.actuatorCount)
        }
        /// Six numbers a body, the world first: torque and force from outside, of the contacts that is (N m, N).
        public var contactForces: UnsafeBufferPointer<Double> {
            UnsafeBufferPointer(start: data.pointee.cfrc_ext, count: 6 * model.bodyCount)
        }
        /// m/s, of the reference point along x and y over the whole step.
        public var velocity: SIMD2<Double> { (now - earlier) / seconds }

        /// Where the frame of body `body` is, m; the world is body 0.
        public func bodyPosition(_ body: Int) -> SIMD3<Double> { vector(data.pointee.xpos, body) }
        func sitePosition(_ site: Int) -> SIMD3<Double> { vector(data.pointee.site_xpos, site) }

        private func vector(_ base: UnsafeMutablePointer<Double>, _ index: Int) -> SIMD3<Double> {
            SIMD3(base[3 * index], base[3 * index + 1], base[3 * index + 2])
        }

        /// The sum of squares of the action: what effort costs.
        public var squaredControl: Double { controls.reduce(0) { $0 + $1 * $1 } }

        var isFinite: Bool { positions.allSatisfy(\.isFinite) && velocities.allSatisfy(\.isFinite) }
    }

    /// Some numbers of an observation.
    public struct ObservationPart: Sendable {
        var count: @Sendable (MuJoCoModel) -> Int
        var write: @Sendable (PhysicsFrame, UnsafeMutablePointer<Double>) -> Void

        /// - count: how many numbers, in a model.
        /// - write: writes so many.
        public init(
            count: @escaping @Sendable (MuJoCoModel) -> Int,
            write: @escaping @Sendable (PhysicsFrame, UnsafeMutablePointer<Double>) -> Void
        ) {
            self.count = count
            self.write = write
        }

        /// Part of an array that grows with the model.
        private static func slice(
            from first: Int, limit: Double = .infinity, count: @escaping @Sendable (MuJoCoModel) -> Int,
            of base: @escaping @Sendable (PhysicsFrame) -> UnsafeMutablePointer<Double>
        ) -> ObservationPart {
            ObservationPart(count: { count($0) - first }) { frame, target in
                let source = base(frame) + first
                for index in 0..<(count(frame.model) - first) { target[index] = min(max(source[index], -limit), limit) }
            }
        }

        /// Positions from number `first` on.
        public static func positions(from first: Int = 0) -> ObservationPart {
            slice(from: first, count: \.positionCount) { $0.data.pointee.qpos }
        }
        /// Velocities, cut off at `limit` either way.
        public static func velocities(limit: Double = .infinity) -> ObservationPart {
            slice(from: 0, limit: limit, count: \.velocityCount) { $0.data.pointee.qvel }
        }
        /// Forces on each body but the world, cut off at `limit` either way.
        static func contactForces(limit: Double = .infinity) -> ObservationPart {
            slice(from: 6, limit: limit, count: { 6 * $0.bodyCount }) { $0.data.pointee.cfrc_ext }
        }
        /// Mass and inertia of each body about the centre of mass.
        static let inertias = slice(from: 10, count: { 10 * $0.bodyCount }) { $0.data.pointee.cinert }
        /// Velocities of each body about the centre of mass.
        static let bodyVelocities = slice(from: 6, count: { 6 * $0.bodyCount }) { $0.data.pointee.cvel }
        /// What actuators do to each joint but the free one.
        static let actuatorForces = slice(from: 6, count: \.velocityCount) { $0.data.pointee.qfrc_actuator }
        /// The readings of the model's sensors.
        static let sensors = slice(from: 0, count: { Int($0.pointer.pointee.nsensordata) }) {
            $0.data.pointee.sensordata
        }

        static func numbers(
            _ count: Int, _ write: @escaping @Sendable (PhysicsFrame, UnsafeMutablePointer<Double>) -> Void
        ) -> ObservationPart {
            ObservationPart(count: { _ in count }, write: write)
        }
        static func vector(_ read: @escaping @Sendable (PhysicsFrame) -> SIMD3<Double>) -> ObservationPart {
            numbers(3) { frame, target in
                let value = read(frame)
                for index in 0..<3 { target[index] = value[index] }
            }
        }
    }

    /// A signal and how it is read from a simulation.
    public struct PhysicsSignal: Sendable {
        var signal: Signal
        var read: @Sendable (PhysicsFrame) -> Double

        public init(
            _ name: String, unit: String = "1", in range: ClosedRange<Double> = -.infinity...(.infinity),
            _ summary: String,
            read: @escaping @Sendable (PhysicsFrame) -> Double
        ) {
            signal = Signal(name, unit: unit, range, summary)
            self.read = read
        }

        static let controlCost = PhysicsSignal("controlCost", in: 0...(.infinity), "The action's sum of squares.") {
            $0.squaredControl
        }
        static let xVelocity = PhysicsSignal(
            "xVelocity", unit: "m/s", "Mean velocity along x over the step; 0 where an episode begins."
        ) { $0.velocity.x }
        static let yVelocity = PhysicsSignal(
            "yVelocity", unit: "m/s", "Mean velocity along y over the step; 0 where an episode begins."
        ) { $0.velocity.y }
        static let x = PhysicsSignal("x", unit: "m", "Where the body is along x.") { $0.positions[0] }
        static let y = PhysicsSignal("y", unit: "m", "Where the body is along y.") { $0.positions[1] }
    }

    /// What a task makes of a model: what is observed and signalled, how an episode begins and when it ends.
    public struct PhysicsTask: Sendable {
        public var name: String
        public var summary: String
        public var reference: String
        /// Substeps of the simulation a step.
        public var frameSkip: Int
        /// What is observed, one part after another.
        public var observation: [ObservationPart]
        /// What rewards are written over.
        public var signals: [PhysicsSignal]
        /// Changes the position and velocity that the model was written in into those of a first state.
        public var begin:
            @Sendable (_ position: inout [Double], _ velocity: inout [Double], _ random: inout RandomStream) -> Void
        /// Whether an episode ends in a state; by default in none.
        public var isTerminal: @Sendable (PhysicsFrame) -> Bool = { _ in false }
        /// The point whose velocity `PhysicsFrame.velocity` is.
        var referencePoint: @Sendable (PhysicsFrame) -> SIMD2<Double> = { _ in SIMD2(0, 0) }
        /// Whether contact forces are read; computing them takes time.
        var readsForces = false
        var view = PhysicsView.side(height: 2.4)

        public init(
            name: String, summary: String, reference: String = "", frameSkip: Int, observation: [ObservationPart],
            signals: [PhysicsSignal],
            begin:
                @escaping @Sendable (
                    _ position: inout [Double], _ velocity: inout [Double], _ random: inout RandomStream
                ) -> Void
        ) {
            self.name = name
            self.summary = summary
            self.reference = reference
            self.frameSkip = frameSkip
            self.observation = observation
            self.signals = signals
            self.begin = begin
        }

        /// Every number of the position uniform within `scale` of the model's, every velocity too, or normal with that
        /// deviation.
        static func noise(
            _ scale: Double, normalVelocities: Bool = false
        ) -> @Sendable (inout [Double], inout [Double], inout RandomStream) -> Void {
            { position, velocity, random in
                for index in position.indices { position[index] += random.uniform(-scale, scale) }
                for index in velocity.indices {
                    velocity[index] += normalVelocities ? scale * random.normal() : random.uniform(-scale, scale)
                }
            }
        }
    }
#endif
