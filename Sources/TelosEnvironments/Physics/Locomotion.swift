#if MuJoCo
    extension Environments {
        static let locomotion: [EnvironmentEntry] = [swimmer, hopper, walker, halfCheetah, ant, humanoid]

        private static let withPositions = EnvironmentOption(
            "positions", .flag, .flag(false),
            "Whether the observation holds where the body is along the ground, which nothing needs that runs anywhere.")

        /// A body that is to run along x, in a plane.
        /// - isHealthy: nil for one that cannot fall.
        private static func runner(
            _ name: String, summary: String, options: EnvironmentOptions, velocityLimit: Double = .infinity,
            normalVelocities: Bool = false, planar: Bool = true,
            isHealthy: (@Sendable (PhysicsFrame) -> Bool)? = nil
        ) -> PhysicsTask {
            let skipped = options.flag("positions") ? 0 : planar ? 1 : 2
            var task = PhysicsTask(
                name: name, summary: summary, reference: "Gymnasium 1.4 \(name)-v5",
                frameSkip: options.integer("frameSkip"),
                observation: [.positions(from: skipped), .velocities(limit: velocityLimit)],
                signals: [.x, .xVelocity, .controlCost],
                begin: PhysicsTask.noise(options.real("resetNoise"), normalVelocities: normalVelocities))
            task.referencePoint = { SIMD2($0.positions[0], $0.positions[1]) }
            if let isHealthy {
                task.signals.append(
                    PhysicsSignal("healthy", in: 0...1, "1 while the body is as it should be: high enough, not fallen.")
                    {
                        isHealthy($0) ? 1 : 0
                    })
                if options.flag("terminateWhenUnhealthy") { task.isTerminal = { !isHealthy($0) } }
            }
            return task
        }

        private static let height = PhysicsSignal("height", unit: "m", "Of the torso.") { $0.positions[1] }
        private static let angle = PhysicsSignal("angle", unit: "rad", "Of the torso, 0 upright.") { $0.positions[2] }

        private static let swimmer = EnvironmentEntry(
            physics: "Swimmer", summary: "Swim along x with three links in a plane.", model: "swimmer.xml",
            frameSkip: 4,
            resetNoise: 0.1, options: [withPositions], horizon: 1000,
            reward: ["forward": "xVelocity", "control": "-0.0001 * controlCost"]
        ) { options, _ in
            var task = runner(
                "Swimmer", summary: "Swim along x with three links in a plane.", options: options, planar: false)
            task.signals += [.y, .yVelocity]
            task.view = .above(size: 4, follows: true)
            return task
        }

        private static let hopper = EnvironmentEntry(
            physics: "Hopper", summary: "Hop along x on one leg without falling.", model: "hopper.xml", frameSkip: 4,
            resetNoise: 0.005,
            options: [PhysicsOption.terminates, PhysicsOption.leastHeight(0.7), withPositions], horizon: 1000,
            reward: ["forward": "xVelocity", "survive": "healthy", "control": "-0.001 * controlCost"]
        ) { options, _ in
            let least = options.real("leastHeight")
            var task = runner(
                "Hopper", summary: "Hop along x on one leg without falling.", options: options, velocityLimit: 10
            ) { frame in
                frame.positions[1] > least && abs(frame.positions[2]) < 0.2
                    && frame.positions.dropFirst(2).allSatisfy { abs($0) < 100 }
                    && frame.velocities.allSatisfy { abs($0) < 100 }
            }
            task.signals += [height, angle]
            return task
        }

        private static let walker = EnvironmentEntry(
            physics: "Walker2d", summary: "Walk along x on two legs without falling.", model: "walker2d_v5.xml",
            frameSkip: 4, resetNoise: 0.005,
            options: [PhysicsOption.terminates, PhysicsOption.leastHeight(0.8), withPositions], horizon: 1000,
            reward: ["forward": "xVelocity", "survive": "healthy", "control": "-0.001 * controlCost"]
        ) { options, _ in
            let least = options.real("leastHeight")
            var task = runner(
                "Walker2d", summary: "Walk along x on two legs without falling.", options: options, velocityLimit: 10
            ) { frame in
                frame.positions[1] > least && frame.positions[1] < 2 && abs(frame.positions[2]) < 1
            }
            task.signals += [height, angle]
            return task
        }

        private static let halfCheetah = EnvironmentEntry(
            physics: "HalfCheetah", summary: "Run along x on a front and a hind leg.", model: "half_cheetah.xml",
            frameSkip: 5, resetNoise: 0.1, options: [withPositions], horizon: 1000,
            reward: ["forward": "xVelocity", "control": "-0.1 * controlCost"]
        ) { options, _ in
            var task = runner(
                "HalfCheetah", summary: "Run along x on a front and a hind leg.", options: options,
                normalVelocities: true)
            task.signals += [height, angle]
            return task
        }

        private static let heightInSpace = PhysicsSignal("height", unit: "m", "Of the torso.") { $0.positions[2] }

        private static let ant = EnvironmentEntry(
            physics: "Ant", summary: "Run along x on four legs without falling.", model: "ant.xml", frameSkip: 5,
            resetNoise: 0.1,
            options: [
                PhysicsOption.terminates, PhysicsOption.leastHeight(0.2), withPositions,
                EnvironmentOption(
                    "contactForces", .flag, .flag(true),
                    "Whether the observation holds the contact forces on each body: 78 more numbers."),
            ], horizon: 1000,
            reward: [
                "forward": "xVelocity", "survive": "healthy", "control": "-0.5 * controlCost",
                "contact": "-0.0005 * contactCost",
            ]
        ) { options, _ in
            let least = options.real("leastHeight")
            var task = runner(
                "Ant", summary: "Run along x on four legs without falling.", options: options, normalVelocities: true,
                planar: false
            ) { $0.isFinite && $0.positions[2] >= least && $0.positions[2] <= 1 }
            if options.flag("contactForces") { task.observation.append(.contactForces(limit: 1)) }
            task.readsForces = true
            task.referencePoint = { frame in
                let torso = frame.bodyPosition(1)
                return SIMD2(torso.x, torso.y)
            }
            task.signals += [
                .y, .yVelocity, heightInSpace,
                PhysicsSignal(
                    "contactCost", in: 0...(.infinity), "The sum of squares of the contact forces, each cut off at 1."
                ) { frame in
                    frame.contactForces.reduce(0) { sum, force in
                        let force = min(max(force, -1), 1)
                        return sum + force * force
                    }
                },
            ]
            task.view = .above(size: 5, follows: true)
            return task
        }

        private static let humanoid = EnvironmentEntry(
            physics: "Humanoid", summary: "Run along x on two legs without falling.", model: "humanoid.xml",
            frameSkip: 5,
            resetNoise: 0.01,
            options: [PhysicsOption.terminates, PhysicsOption.leastHeight(1), withPositions], horizon: 1000,
            reward: [
                "survive": "5 * healthy", "forward": "1.25 * xVelocity", "control": "-0.1 * controlCost",
                "contact": "-min(0.0000005 * contactCost, 10)",
            ]
        ) { options, _ in
            let least = options.real("leastHeight")
            var task = runner(
                "Humanoid", summary: "Run along x on two legs without falling.", options: options, planar: false
            ) { $0.positions[2] > least && $0.positions[2] < 2 }
            task.observation += [.inertias, .bodyVelocities, .actuatorForces, .contactForces()]
            task.readsForces = true
            task.referencePoint = { frame in
                let masses = frame.model.pointer.pointee.body_mass!
                var (sum, mass) = (SIMD2<Double>(0, 0), 0.0)
                for body in 0..<frame.model.bodyCount {
                    let place = frame.data.pointee.xipos + 3 * body
                    sum += masses[body] * SIMD2(place[0], place[1])
                    mass += masses[body]
                }
                return sum / mass
            }
            task.signals += [
                .y, .yVelocity, heightInSpace,
                PhysicsSignal("contactCost", in: 0...(.infinity), "The sum of squares of the contact forces.") {
                    frame in
                    frame.contactForces.reduce(0) { $0 + $1 * $1 }
                },
            ]
            return task
        }
    }
#endif
