#if MuJoCo
    import CTelosKernels

    extension Environments {
        static let balance: [EnvironmentEntry] = [invertedPendulum, invertedDoublePendulum]

        private static let invertedPendulum = EnvironmentEntry(
            physics: "InvertedPendulum", summary: "Keep a pole upright by pushing the cart it stands on.",
            model: "inverted_pendulum.xml", frameSkip: 2, resetNoise: 0.01, horizon: 1000,
            reward: ["survive": "terminated ? 0 : 1"]
        ) { options, _ in
            var task = PhysicsTask(
                name: "InvertedPendulum", summary: "Keep a pole upright by pushing the cart it stands on.",
                reference: "Gymnasium 1.4 InvertedPendulum-v5", frameSkip: options.integer("frameSkip"),
                observation: [.positions(), .velocities()],
                signals: [
                    PhysicsSignal("x", unit: "m", "Where the cart is.") { $0.positions[0] },
                    PhysicsSignal("angle", unit: "rad", "Of the pole, 0 upright.") { $0.positions[1] },
                    PhysicsSignal("velocity", unit: "m/s", "Of the cart.") { $0.velocities[0] },
                    PhysicsSignal("angularVelocity", unit: "rad/s", "Of the pole.") { $0.velocities[1] },
                    .controlCost,
                ], begin: PhysicsTask.noise(options.real("resetNoise")))
            task.isTerminal = { !$0.isFinite || abs($0.positions[1]) > 0.2 }
            task.view = .side(height: 1.4)
            return task
        }

        private static let invertedDoublePendulum = EnvironmentEntry(
            physics: "InvertedDoublePendulum", summary: "Keep two poles, one upon the other, upright on a cart.",
            model: "inverted_double_pendulum.xml", frameSkip: 5, resetNoise: 0.1, horizon: 1000,
            reward: [
                "survive": "terminated ? 0 : 10", "distance": "-(0.01 * tipX^2 + (tipHeight - 2)^2)",
                "velocity": "-(0.001 * lowerVelocity^2 + 0.005 * upperVelocity^2)",
            ]
        ) { options, _ in
            var task = PhysicsTask(
                name: "InvertedDoublePendulum", summary: "Keep two poles, one upon the other, upright on a cart.",
                reference: "Gymnasium 1.4 InvertedDoublePendulum-v5", frameSkip: options.integer("frameSkip"),
                observation: [
                    .numbers(1) { $1[0] = $0.positions[0] },
                    .numbers(2) { for pole in 0..<2 { $1[pole] = telos_sin64($0.positions[1 + pole]) } },
                    .numbers(2) { for pole in 0..<2 { $1[pole] = telos_cos64($0.positions[1 + pole]) } },
                    .velocities(limit: 10),
                    .numbers(1) { $1[0] = min(max($0.data.pointee.qfrc_constraint[0], -10), 10) },
                ],
                signals: [
                    PhysicsSignal("x", unit: "m", "Where the cart is.") { $0.positions[0] },
                    PhysicsSignal("tipX", unit: "m", "Where the tip of the upper pole is along x.") {
                        $0.sitePosition(0).x
                    },
                    PhysicsSignal("tipHeight", unit: "m", "Of the tip; about 1.2 at most, below 1 the episode ends.") {
                        $0.sitePosition(0).z
                    },
                    PhysicsSignal("lowerVelocity", unit: "rad/s", "Of the lower pole.") { $0.velocities[1] },
                    PhysicsSignal("upperVelocity", unit: "rad/s", "Of the upper pole, against the lower.") {
                        $0.velocities[2]
                    },
                    .controlCost,
                ],
                begin: {
                    let scale = options.real("resetNoise")
                    PhysicsTask.noise(scale, normalVelocities: true)(&$0, &$1, &$2)
                })
            task.isTerminal = { $0.sitePosition(0).z <= 1 }
            task.view = .side(height: 2)
            return task
        }
    }
#endif
