#if MuJoCo
    /// Options that several physics environments share.
    enum PhysicsOption {
        static func model(_ file: String) -> EnvironmentOption {
            EnvironmentOption("model", .text, .text(file), "The MJCF file: one of Gymnasium's by name, or a path.")
        }
        static func frameSkip(_ count: Int) -> EnvironmentOption {
            EnvironmentOption(
                "frameSkip", .integer(1...1000), .integer(count),
                "Substeps of the simulation a step. Higher: fewer decisions a second.")
        }
        static func resetNoise(_ scale: Double) -> EnvironmentOption {
            EnvironmentOption(
                "resetNoise", .real(0...10), .real(scale), "Spread of first states. Higher: episodes begin less alike.")
        }
        static let terminates = EnvironmentOption(
            "terminateWhenUnhealthy", .flag, .flag(true),
            "Whether leaving the healthy range ends an episode. False: a fallen body lies on.")
        static func leastHeight(_ value: Double) -> EnvironmentOption {
            EnvironmentOption(
                "leastHeight", .real(-100...100), .real(value), "Below it a body is not healthy, m. Higher: stricter.")
        }
    }

    extension EnvironmentEntry {
        /// An entry for a task in a model that its option `model` names.
        init(
            physics name: String, summary: String, model file: String, frameSkip: Int, resetNoise: Double?,
            options: [EnvironmentOption] = [], horizon: Int?, reward: UsualReward,
            task: @escaping @Sendable (EnvironmentOptions, MuJoCoModel) throws -> PhysicsTask
        ) {
            let noise = resetNoise.map { [PhysicsOption.resetNoise($0)] } ?? []
            self.init(
                name: name, family: "physics", summary: summary,
                options: [PhysicsOption.model(file), PhysicsOption.frameSkip(frameSkip)] + noise + options,
                horizon: horizon, reward: reward
            ) { options in
                let model = try MuJoCoModel(path: MuJoCoModel.path(of: options.text("model")))
                return try PhysicsEnvironment(task(options, model), model: model)
            }
        }
    }
#endif
