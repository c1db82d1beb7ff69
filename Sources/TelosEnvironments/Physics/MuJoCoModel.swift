#if MuJoCo
    import CMuJoCo
    import Foundation

    /// What is wrong with a physics model or the options of an environment made from it.
    public struct PhysicsError: Error, CustomStringConvertible, Equatable {
        public var description: String
        public init(_ description: String) { self.description = description }
    }

    /// A compiled MJCF model: bodies, joints, geoms, actuators. It never changes, so that any number of environments and
    /// threads share one; what changes while it is simulated is lent to each of them in turn.
    ///
    /// Emanuel Todorov, Tom Erez and Yuval Tassa, *MuJoCo: a physics engine for model-based control* (2012).
    public final class MuJoCoModel: @unchecked Sendable {
        let pointer: UnsafeMutablePointer<mjModel>
        private let lock = NSLock()
        private var free: [UnsafeMutablePointer<mjData>] = []

        /// - Throws: `PhysicsError` where there is no file at `path` or MuJoCo cannot compile it.
        public convenience init(path: String) throws {
            guard FileManager.default.isReadableFile(atPath: path) else {
                throw PhysicsError(
                    "there is no model at \(path), or it may not be read; write the path of an MJCF file")
            }
            try self.init { message, capacity in mj_loadXML(path, nil, message, capacity) }
        }

        /// A model from the text of an MJCF document.
        public convenience init(text: String) throws {
            try self.init { message, capacity in
                guard let specification = mj_parseXMLString(text, nil, message, capacity) else { return nil }
                defer { mj_deleteSpec(specification) }
                let model = mj_compile(specification, nil)
                if model == nil, let error = mjs_getError(specification) { strncpy(message, error, Int(capacity) - 1) }
                return model
            }
        }

        private init(
            load: (_ message: UnsafeMutablePointer<CChar>, _ capacity: Int32) -> UnsafeMutablePointer<mjModel>?
        ) throws {
            telos_mujoco_quiet()
            var message = [CChar](repeating: 0, count: 1000)
            let model = message.withUnsafeMutableBufferPointer { load($0.baseAddress!, Int32($0.count)) }
            guard let model else {
                let text = String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
                throw PhysicsError("MuJoCo cannot read the model: \(text)")
            }
            guard let data = mj_makeData(model) else {
                mj_deleteModel(model)
                throw PhysicsError("there is not enough memory to simulate the model")
            }
            pointer = model
            free = [data]
        }

        deinit {
            for data in free { mj_deleteData(data) }
            mj_deleteModel(pointer)
        }

        /// Lends a simulation to the caller. What it holds is left over from other steps: set all that matters.
        func withData<Result>(_ body: (UnsafeMutablePointer<mjData>) -> Result) -> Result {
            lock.lock()
            let lent = free.popLast()
            lock.unlock()
            guard let data = lent ?? mj_makeData(pointer) else {
                fatalError("there is no memory for another simulation")
            }
            let result = body(data)
            lock.lock()
            free.append(data)
            lock.unlock()
            return result
        }

        /// Numbers of a position, of a velocity, of the actuators' own state and of an action.
        var positionCount: Int { Int(pointer.pointee.nq) }
        var velocityCount: Int { Int(pointer.pointee.nv) }
        var activationCount: Int { Int(pointer.pointee.na) }
        var actuatorCount: Int { Int(pointer.pointee.nu) }
        var bodyCount: Int { Int(pointer.pointee.nbody) }

        /// The position the model is written in.
        var initialPosition: [Double] { Array(UnsafeBufferPointer(start: pointer.pointee.qpos0, count: positionCount)) }

        /// - Throws: `PhysicsError` where the model has no such body.
        func body(_ name: String) throws -> Int { try identifier(name, mjOBJ_BODY, "body") }

        private func identifier(_ name: String, _ kind: mjtObj, _ what: String) throws -> Int {
            let found = mj_name2id(pointer, Int32(kind.rawValue), name)
            guard found >= 0 else { throw PhysicsError("the model has no \(what) named '\(name)'") }
            return Int(found)
        }

        /// The name of an object; nil where it has none.
        func name(_ kind: mjtObj, _ index: Int) -> String? {
            mj_id2name(pointer, Int32(kind.rawValue), Int32(index)).map { String(cString: $0) }
        }

        /// The actions it takes: one number an actuator, within its control range; any where that is not limited.
        var actionSpace: Space {
            var (low, high): ([Float], [Float]) = ([], [])
            for actuator in 0..<actuatorCount {
                let limited = pointer.pointee.actuator_ctrllimited[actuator]
                low.append(limited ? Float(pointer.pointee.actuator_ctrlrange[2 * actuator]) : -.infinity)
                high.append(limited ? Float(pointer.pointee.actuator_ctrlrange[2 * actuator + 1]) : .infinity)
            }
            return .box(low: low, high: high, shape: [actuatorCount])
        }

        /// Names of the actuators; their joints' where they have none.
        var actuatorNames: [String] {
            (0..<actuatorCount).map { actuator in
                name(mjOBJ_ACTUATOR, actuator)
                    ?? (pointer.pointee.actuator_trntype[actuator] == Int32(mjTRN_JOINT.rawValue)
                        ? name(mjOBJ_JOINT, Int(pointer.pointee.actuator_trnid[2 * actuator])) : nil)
                    ?? "actuator\(actuator)"
            }
        }

        /// Names of the numbers of a position, and of a velocity: the joints', with a suffix where a joint has several.
        var coordinateNames: (positions: [String], velocities: [String]) {
            let free = ["X", "Y", "Z", "QuaternionW", "QuaternionX", "QuaternionY", "QuaternionZ"]
            let turning = ["QuaternionW", "QuaternionX", "QuaternionY", "QuaternionZ"]
            var (positions, velocities): ([String], [String]) = ([], [])
            for joint in 0..<Int(pointer.pointee.njnt) {
                let name = name(mjOBJ_JOINT, joint) ?? "joint\(joint)"
                switch mjtJoint(rawValue: UInt32(pointer.pointee.jnt_type[joint])) {
                case mjJNT_FREE:
                    positions += free.map { name + $0 }
                    velocities += ["X", "Y", "Z", "TurnX", "TurnY", "TurnZ"].map { "\(name)\($0)Velocity" }
                case mjJNT_BALL:
                    positions += turning.map { name + $0 }
                    velocities += ["TurnX", "TurnY", "TurnZ"].map { "\(name)\($0)Velocity" }
                default:
                    positions.append(name)
                    velocities.append("\(name)Velocity")
                }
            }
            return (positions, velocities)
        }
    }

    extension MuJoCoModel {
        /// Where the models of the usual tasks are looked for: the folder in `TELOS_MUJOCO_MODELS`, else `.mujoco/models`
        /// in the present folder, the tool's, or one above either.
        static func path(of file: String) throws -> String {
            if file.contains("/") { return file }
            var folders: [String] = []
            if let folder = ProcessInfo.processInfo.environment["TELOS_MUJOCO_MODELS"] {
                folders = [folder]
            } else {
                for start in [FileManager.default.currentDirectoryPath, Bundle.main.executablePath].compactMap(\.self) {
                    var folder = URL(fileURLWithPath: start).resolvingSymlinksInPath()
                    while folder.path != "/" && !folder.path.isEmpty {
                        folders.append(folder.appendingPathComponent(".mujoco/models").path)
                        folder.deleteLastPathComponent()
                    }
                }
            }
            for folder in folders where FileManager.default.isReadableFile(atPath: "\(folder)/\(file)") {
                return "\(folder)/\(file)"
            }
            throw PhysicsError(
                "the model \(file) was not found; run 'make mujoco', or set TELOS_MUJOCO_MODELS to the folder "
                    + "envs/mujoco/assets of an installed gymnasium")
        }
    }
#endif
