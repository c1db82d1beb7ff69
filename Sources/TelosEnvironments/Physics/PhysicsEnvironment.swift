#if MuJoCo
    import CMuJoCo
    import TelosTensor

    /// A state of a simulation: what MuJoCo needs to go on, and what was observed and signalled when it was reached.
    public struct PhysicsState: EnvironmentState {
        /// Time, positions, velocities, activations and the rest of MuJoCo's state; then the reference point, the
        /// observation and the signals.
        var storage: [Double]
        /// Where positions, velocities and activations are.
        var range: Range<Int>

        public init?(values: [Double]) { nil }
        init(memory: [Double], range: Range<Int>) {
            storage = memory
            self.range = range
        }

        public var values: [Double] { Array(storage[range]) }
        public var memory: [Double] { storage }
    }

    /// A task set in a MuJoCo model.
    ///
    /// A step writes the action to the actuators and simulates `frameSkip` substeps. States are values: they hold the
    /// whole of MuJoCo's state, its solver's warm start included, so that a trajectory depends on nothing else, and is
    /// repeatable for one build of MuJoCo. The flat form of a state is `qpos`, then `qvel` (then `act`, where actuators
    /// have states of their own).
    public struct PhysicsEnvironment: Environment {
        public let model: MuJoCoModel
        public let task: PhysicsTask
        public let specification: EnvironmentSpecification
        private let engineCount: Int
        private let observationCount: Int
        private let physical: Range<Int>

        /// `task` in `model`.
        /// - Throws: `PhysicsError` where the model has nothing to act with.
        public init(_ task: PhysicsTask, model: MuJoCoModel) throws {
            guard model.actuatorCount > 0 else {
                throw PhysicsError("the model has no actuators: nothing can act in it")
            }
            self.model = model
            self.task = task
            engineCount = Int(mj_stateSize(model.pointer, PhysicsEnvironment.engineState))
            observationCount = task.observation.reduce(0) { $0 + $1.count(model) }
            let velocities = 1 + model.positionCount
            physical = 1..<(velocities + model.velocityCount + model.activationCount)
            let names = model.coordinateNames
            let activations = (0..<model.activationCount).map { "activation\($0)" }
            specification = EnvironmentSpecification(
                name: task.name, summary: task.summary,
                observation: .box(-.infinity...(.infinity), count: observationCount), action: model.actionSpace,
                actionNames: model.actuatorNames, signals: task.signals.map(\.signal),
                stateNames: names.positions + names.velocities + activations, reference: task.reference)
        }

        private static let engineState = Int32(mjSTATE_FULLPHYSICS.rawValue | mjSTATE_WARMSTART.rawValue)

        public func reset(using random: inout RandomStream) -> PhysicsState {
            var position = model.initialPosition
            var velocity = [Double](repeating: 0, count: model.velocityCount)
            task.begin(&position, &velocity, &random)
            return state(position + velocity + [Double](repeating: 0, count: model.activationCount))
        }

        public func state(values: [Double], memory: [Double]) -> PhysicsState? {
            guard values.count == physical.count, values.allSatisfy(\.isFinite) else { return nil }
            if memory.isEmpty { return state(values) }
            guard memory.count == stateCount else { return nil }
            return PhysicsState(memory: memory, range: physical)
        }

        private var stateCount: Int { engineCount + 2 + observationCount + task.signals.count }

        /// The state with these positions, velocities and activations that nothing led to.
        private func state(_ values: [Double]) -> PhysicsState {
            var state = PhysicsState(memory: [Double](repeating: 0, count: stateCount), range: physical)
            model.withData { data in
                mj_resetData(model.pointer, data)
                values.withUnsafeBufferPointer { values in
                    let (positions, velocities) = (model.positionCount, model.velocityCount)
                    data.pointee.qpos.update(from: values.baseAddress!, count: positions)
                    data.pointee.qvel.update(from: values.baseAddress! + positions, count: velocities)
                    if model.activationCount > 0 {
                        data.pointee.act.update(
                            from: values.baseAddress! + positions + velocities, count: model.activationCount)
                    }
                }
                mj_forward(model.pointer, data)
                if task.readsForces { mj_rnePostConstraint(model.pointer, data) }
                _ = record(data, earlier: nil, into: &state)
            }
            return state
        }

        public func step(_ state: inout PhysicsState, action: Action, using random: inout RandomStream) -> Bool {
            model.withData { data in
                state.storage.withUnsafeBufferPointer {
                    mj_setState(model.pointer, data, $0.baseAddress, PhysicsEnvironment.engineState)
                }
                for actuator in 0..<model.actuatorCount { data.pointee.ctrl[actuator] = action[actuator] }
                for _ in 0..<task.frameSkip { mj_step(model.pointer, data) }
                if task.readsForces { mj_rnePostConstraint(model.pointer, data) }
                let earlier = SIMD2(state.storage[engineCount], state.storage[engineCount + 1])
                return record(data, earlier: earlier, into: &state)
            }
        }

        /// Writes what a simulation has come to into `state`; true where an episode ends there.
        private func record(
            _ data: UnsafeMutablePointer<mjData>, earlier: SIMD2<Double>?, into state: inout PhysicsState
        ) -> Bool {
            var frame = PhysicsFrame(
                model: model, data: data, earlier: SIMD2(0, 0), now: SIMD2(0, 0),
                seconds: model.pointer.pointee.opt.timestep * Double(task.frameSkip))
            frame.now = task.referencePoint(frame)
            frame.earlier = earlier ?? frame.now
            state.storage.withUnsafeMutableBufferPointer { memory in
                var target = memory.baseAddress!
                mj_getState(model.pointer, data, target, PhysicsEnvironment.engineState)
                target += engineCount
                target[0] = frame.now.x
                target[1] = frame.now.y
                target += 2
                for part in task.observation {
                    part.write(frame, target)
                    target += part.count(model)
                }
                for (index, signal) in task.signals.enumerated() { target[index] = signal.read(frame) }
            }
            return task.isTerminal(frame)
        }

        public func observe(_ state: PhysicsState, into observation: UnsafeMutableBufferPointer<Float>) {
            for index in 0..<observationCount { observation[index] = Float(state.storage[engineCount + 2 + index]) }
        }

        public func readSignals(_ state: PhysicsState, into signals: SignalWriter) {
            let first = engineCount + 2 + observationCount
            for index in task.signals.indices { signals[index] = state.storage[first + index] }
        }

        public func advance(_ batch: EnvironmentBatch<PhysicsState>) { advanceSideBySide(batch) }

        public func draw(_ state: PhysicsState) -> Drawing {
            model.withData { data in
                state.storage.withUnsafeBufferPointer {
                    mj_setState(model.pointer, data, $0.baseAddress, PhysicsEnvironment.engineState)
                }
                mj_kinematics(model.pointer, data)
                return task.view.drawing(of: model, data)
            }
        }
    }
#endif
