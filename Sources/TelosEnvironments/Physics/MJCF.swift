#if MuJoCo
    import CMuJoCo

    /// Any model as an environment: its joints, bodies and sensors are the signals a reward is written over.
    enum MJCF {
        static let entry = EnvironmentEntry(
            name: "MJCF", family: "physics",
            summary: "Any MuJoCo model: move its actuators, see its joints and sensors.",
            options: [
                PhysicsOption.model("hopper.xml"), PhysicsOption.frameSkip(5), PhysicsOption.resetNoise(0.01),
                EnvironmentOption(
                    "sensors", .flag, .flag(true), "Whether the model's sensors are part of the observation."),
            ], horizon: 1000, reward: "-controlCost"
        ) { options in
            let path = options.text("model")
            let model = try MuJoCoModel(path: MuJoCoModel.path(of: path))
            return try PhysicsEnvironment(task(of: model, options), model: model)
        }

        /// A signal for every number of the position and the velocity, the place of every body with a name, every number
        /// a sensor reads, and `controlCost`. Where two would share a name, or one could not be written in an expression,
        /// letters that may not be written become `_` and a number is added.
        private static func task(of model: MuJoCoModel, _ options: EnvironmentOptions) -> PhysicsTask {
            var taken: Set<String> = ["action", "previous"]
            func unique(_ name: String) -> String {
                let letters = name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
                let base = (letters.first?.isLetter == true ? "" : "_") + String(letters)
                var (candidate, number) = (base, 2)
                while !taken.insert(candidate).inserted {
                    candidate = "\(base)_\(number)"
                    number += 1
                }
                return candidate
            }
            var signals = [PhysicsSignal.controlCost]
            taken.insert(signals[0].signal.name)
            let names = model.coordinateNames
            for (index, name) in names.positions.enumerated() {
                signals.append(
                    PhysicsSignal(unique(name), unit: "m or rad", "Position \(index).") { $0.positions[index] })
            }
            for (index, name) in names.velocities.enumerated() {
                signals.append(
                    PhysicsSignal(unique(name), unit: "m/s or rad/s", "Velocity \(index).") { $0.velocities[index] })
            }
            for body in 1..<max(1, model.bodyCount) {
                guard let name = model.name(mjOBJ_BODY, body) else { continue }
                for (axis, letter) in ["X", "Y", "Z"].enumerated() {
                    signals.append(
                        PhysicsSignal(unique("\(name)\(letter)"), unit: "m", "Where the body \(name) is.") {
                            $0.bodyPosition(body)[axis]
                        })
                }
            }
            for sensor in 0..<Int(model.pointer.pointee.nsensor) {
                let name = model.name(mjOBJ_SENSOR, sensor) ?? "sensor\(sensor)"
                let first = Int(model.pointer.pointee.sensor_adr[sensor])
                let count = Int(model.pointer.pointee.sensor_dim[sensor])
                for element in 0..<count {
                    signals.append(
                        PhysicsSignal(unique(count == 1 ? name : "\(name)\(element)"), "Of the sensor \(name).") {
                            $0.data.pointee.sensordata[first + element]
                        })
                }
            }
            var task = PhysicsTask(
                name: "MJCF", summary: "Any MuJoCo model: move its actuators, see its joints and sensors.",
                reference: options.text("model"), frameSkip: options.integer("frameSkip"),
                observation: [.positions(), .velocities()] + (options.flag("sensors") ? [.sensors] : []),
                signals: signals, begin: PhysicsTask.noise(options.real("resetNoise")))
            task.isTerminal = { !$0.isFinite }
            let extent = model.pointer.pointee.stat.extent
            task.view = .side(height: extent > 0 ? extent : 2)
            return task
        }
    }
#endif
