#if MuJoCo
    import CTelosKernels

    extension Environments {
        static let manipulation: [EnvironmentEntry] = [reacher, pusher]

        private static func length(_ vector: SIMD3<Double>) -> Double { (vector * vector).sum().squareRoot() }

        private static let reacher = EnvironmentEntry(
            physics: "Reacher", summary: "Touch a target with the tip of a two-jointed arm.", model: "reacher.xml",
            frameSkip: 2, resetNoise: nil, horizon: 50, reward: ["distance": "-distance", "control": "-controlCost"]
        ) { options, model in
            let (tip, target) = (try model.body("fingertip"), try model.body("target"))
            var task = PhysicsTask(
                name: "Reacher", summary: "Touch a target with the tip of a two-jointed arm.",
                reference: "Gymnasium 1.4 Reacher-v5", frameSkip: options.integer("frameSkip"),
                observation: [
                    .numbers(2) { for joint in 0..<2 { $1[joint] = telos_cos64($0.positions[joint]) } },
                    .numbers(2) { for joint in 0..<2 { $1[joint] = telos_sin64($0.positions[joint]) } },
                    .positions(from: 2),
                    .numbers(2) { for joint in 0..<2 { $1[joint] = $0.velocities[joint] } },
                    .numbers(2) {
                        let apart = $0.bodyPosition(tip) - $0.bodyPosition(target)
                        ($1[0], $1[1]) = (apart.x, apart.y)
                    },
                ],
                signals: [
                    PhysicsSignal("distance", unit: "m", in: 0...(.infinity), "From the tip to the target.") {
                        length($0.bodyPosition(tip) - $0.bodyPosition(target))
                    },
                    PhysicsSignal("tipX", unit: "m", "Where the tip is.") { $0.bodyPosition(tip).x },
                    PhysicsSignal("tipY", unit: "m", "Where the tip is.") { $0.bodyPosition(tip).y },
                    PhysicsSignal("targetX", unit: "m", "Where the target is.") { $0.bodyPosition(target).x },
                    PhysicsSignal("targetY", unit: "m", "Where the target is.") { $0.bodyPosition(target).y },
                    .controlCost,
                ],
                begin: { position, velocity, random in
                    for index in 0..<2 { position[index] += random.uniform(-0.1, 0.1) }
                    var goal = SIMD2<Double>(0, 0)
                    repeat {
                        goal = SIMD2(random.uniform(-0.2, 0.2), random.uniform(-0.2, 0.2))
                    } while (goal * goal).sum().squareRoot() >= 0.2
                    (position[2], position[3]) = (goal.x, goal.y)
                    for index in 0..<2 { velocity[index] += random.uniform(-0.005, 0.005) }
                })
            task.view = .above(size: 0.7)
            return task
        }

        private static let pusher = EnvironmentEntry(
            physics: "Pusher", summary: "Push a cylinder to a goal with an arm of seven joints.",
            model: "pusher_v5.xml",
            frameSkip: 5, resetNoise: nil, horizon: 100,
            reward: ["distance": "-goalDistance", "control": "-0.1 * controlCost", "near": "-0.5 * objectDistance"]
        ) { options, model in
            let tips = try model.body("tips_arm")
            let (object, goal) = (try model.body("object"), try model.body("goal"))
            var task = PhysicsTask(
                name: "Pusher", summary: "Push a cylinder to a goal with an arm of seven joints.",
                reference: "Gymnasium 1.4 Pusher-v5", frameSkip: options.integer("frameSkip"),
                observation: [
                    .numbers(7) { for joint in 0..<7 { $1[joint] = $0.positions[joint] } },
                    .numbers(7) { for joint in 0..<7 { $1[joint] = $0.velocities[joint] } },
                    .vector { $0.bodyPosition(tips) }, .vector { $0.bodyPosition(object) },
                    .vector { $0.bodyPosition(goal) },
                ],
                signals: [
                    PhysicsSignal("goalDistance", unit: "m", in: 0...(.infinity), "From the object to the goal.") {
                        length($0.bodyPosition(object) - $0.bodyPosition(goal))
                    },
                    PhysicsSignal("objectDistance", unit: "m", in: 0...(.infinity), "From the arm's tip to the object.")
                    {
                        length($0.bodyPosition(object) - $0.bodyPosition(tips))
                    },
                    PhysicsSignal("objectX", unit: "m", "Where the object is.") { $0.bodyPosition(object).x },
                    PhysicsSignal("objectY", unit: "m", "Where the object is.") { $0.bodyPosition(object).y },
                    .controlCost,
                ],
                begin: { position, velocity, random in
                    let last = position.count
                    var place = SIMD2<Double>(0, 0)
                    repeat {
                        place = SIMD2(random.uniform(-0.3, 0), random.uniform(-0.2, 0.2))
                    } while (place * place).sum().squareRoot() <= 0.17
                    (position[last - 4], position[last - 3], position[last - 2], position[last - 1]) = (
                        place.x, place.y, 0, 0
                    )
                    for index in velocity.indices.dropLast(4) { velocity[index] += random.uniform(-0.005, 0.005) }
                })
            task.view = .above(size: 2.4, x: 0.2, y: -0.3)
            return task
        }
    }
#endif
