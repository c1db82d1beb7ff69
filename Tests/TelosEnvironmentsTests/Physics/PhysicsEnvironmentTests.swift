#if MuJoCo
    import TelosTensor
    import Testing

    @testable import TelosEnvironments

    @Suite struct PhysicsEnvironmentTests {
        private func hopper() throws -> VectorEnvironment<PhysicsEnvironment> {
            let entry = try #require(Environments.named("Hopper"))
            return try #require(
                try entry.make(entry.defaultOptions, 6, 40, RandomKey(seed: 3))
                    as? VectorEnvironment<PhysicsEnvironment>)
        }

        /// Random actions for every environment of a batch, the same for the same seed.
        private func drive(_ batch: any BatchEnvironment, steps: Int) -> [Float] {
            var random = RandomKey(seed: 1).stream
            let actions = Buffer<Float>(count: batch.count * batch.specification.action.width, repeating: 0)
            var seen: [Float] = []
            for _ in 0..<steps {
                for index in 0..<actions.count { actions[index] = Float(random.uniform(-1, 1)) }
                batch.step(actions: actions.readOnly)
                seen += batch.observations
                seen += batch.transitions.nextObservations
                seen += batch.signals.map(Float.init)
            }
            return seen
        }

        @Test func threadsChangeNothing() throws {
            let (alone, shared) = (try hopper(), try hopper())
            shared.threads = 3
            #expect(drive(alone, steps: 90) == drive(shared, steps: 90))
        }

        @Test func aStateGivenByPositionsAndVelocitiesStartsWhereAResetWould() throws {
            let batch = try hopper()
            let first = batch.snapshot.states[0]
            let state = try #require(batch.dynamics.state(values: first, memory: []))
            #expect(state.memory == batch.state(of: 0).memory)
            #expect(first.count == 12 && batch.dynamics.specification.stateNames.last == "foot_jointVelocity")
        }

        @Test func whatIsNoStateIsRefused() throws {
            let batch = try hopper()
            let first = batch.snapshot.states[0]
            #expect(batch.dynamics.state(values: Array(first.dropLast()), memory: []) == nil)
            #expect(batch.dynamics.state(values: first.map { _ in .nan }, memory: []) == nil)
            #expect(batch.dynamics.state(values: first, memory: [1, 2, 3]) == nil)
        }

        /// A ball falls: after n semi-implicit Euler steps its height is h - g dt² n (n + 1) / 2.
        @Test func aModelOfOnesOwnFallsAsItShould() throws {
            let model = try MuJoCoModel(
                text: """
                    <mujoco><option timestep="0.01" gravity="0 0 -10"/><worldbody>
                    <body name="ball" pos="0 0 5"><joint name="fall" type="slide" axis="0 0 1"/><geom size="0.1"/></body>
                    </worldbody><actuator><motor name="lift" joint="fall" ctrlrange="-1 1"/></actuator></mujoco>
                    """)
            let height = PhysicsSignal("height", unit: "m", "Of the ball.") { $0.bodyPosition(1).z }
            let task = PhysicsTask(
                name: "Ball", summary: "A ball.", frameSkip: 3, observation: [.positions(), .velocities()],
                signals: [height]
            ) { _, _, _ in }
            let environment = try PhysicsEnvironment(task, model: model)
            var random = RandomKey(seed: 0).stream
            var state = environment.reset(using: &random)
            var expected = 0.0
            for step in 1...10 {
                var action: Float = 0
                _ = environment.step(&state, action: Action(&action), using: &random)
                let n = Double(3 * step)
                expected = -10 * 0.01 * 0.01 * n * (n + 1) / 2
                #expect(abs(state.values[0] - expected) < 1e-12)
            }
            #expect(environment.specification.actionNames == ["lift"])
        }

        @Test func modelsThatCannotBeReadSayWhy() {
            #expect(throws: PhysicsError.self) { try MuJoCoModel(path: "/nowhere/model.xml") }
            #expect {
                try MuJoCoModel(text: "<mujoco><worldbody><body><geom type=\"sphere\"/></body></worldbody></mujoco>")
            } throws: { "\($0)".contains("size") }
            #expect {
                let model = try MuJoCoModel(text: "<mujoco/>")
                let task = PhysicsTask(name: "", summary: "", frameSkip: 1, observation: [], signals: []) { _, _, _ in }
                _ = try PhysicsEnvironment(task, model: model)
            } throws: { "\($0)".contains("no actuators") }
        }

        @Test func hullsAreConvex() {
            let square = [SIMD2(0.0, 0), SIMD2(1, 0), SIMD2(0.5, 0.5), SIMD2(1, 1), SIMD2(0, 1), SIMD2(0.5, 0)]
            #expect(PhysicsView.hull(of: square) == [SIMD2(0, 0), SIMD2(1, 0), SIMD2(1, 1), SIMD2(0, 1)])
        }
    }
#endif
