#if canImport(CTelosTestSupport)
    import CTelosTestSupport
    import TelosEnvironments
    import TelosNN
    import TelosTensor
    import Testing

    @testable import TelosLearning

    /// Replaying a compiled program allocates nothing and retains nothing, on the caller's thread and on the workers.
    @Suite(.serialized) struct AllocationTests {
        /// Keeps an object from being optimised away.
        final class Probe {
            var value = 0
        }

        enum Work: String, CaseIterable, Sendable { case ppo, sac, transformer }

        /// Without optimisation kernels are slow, and the compiler retains what it reads.
        private static let isOptimized = !_isDebugAssertConfiguration()

        @inline(never) private func replay(_ program: Program, times: Int) {
            for _ in 0..<times { program.run() }
        }

        @Test func theCountersCount() {
            guard telos_counting_available() != 0 else { return }
            var probes: [Probe] = []
            probes.reserveCapacity(10)
            let counted = telos_count_begin(0)
            for _ in 0..<10 { probes.append(Probe()) }
            let copy = probes.map { $0 }
            let counts = (telos_allocations(), telos_reference_counts())
            telos_count_end(0)
            #expect(counted == 1)
            #expect(counts.0 >= 10 && counts.0 < 100)
            if telos_reference_counting_available() != 0 { #expect(counts.1 >= 10) }
            #expect(copy.count == 10)
        }

        /// The programs of a learner of its usual size, or a training step of a small causal Transformer.
        private func programs(_ work: Work, threads: Int) throws -> [Program] {
            if work == .transformer { return [try transformer(threads: threads)] }
            let task = try #require(Environments.named(work == .ppo ? "CartPole" : "Pendulum"))
            let learner = try #require(Learners.named(work.rawValue)).make(
                LearnerContext(
                    task: TaskDefinition(task), key: RandomKey(seed: 0), plannedSteps: 1000, threads: threads), "{}")
            return learner.programs.map(\.program)
        }

        private func transformer(threads: Int) throws -> Program {
            let tokens = Tensor(placeholder: 4, 17)
            let parameters = try Parameters(
                CausalTransformer(
                    vocabulary: 11, context: 16, width: 32, heads: 2, layers: 2, key: RandomKey(seed: 1)))
            let theta = parameters.traced.tensors
            let adam = Adam()
            let memory = try Parameters(adam.initialState(for: theta))
            let loss = parameters.traced.loss(tokens)
            let step = adam.step(
                theta, gradients: gradient(of: loss, withRespectTo: theta), state: memory.traced,
                learningRate: Tensor(1e-3))
            return try Program(
                inputs: [tokens], outputs: [loss],
                updates: zip(theta, step.parameters).map { Program.Update($0, to: $1) }
                    + Program.Update.all(memory.traced, to: step.state), threads: threads)
        }

        @Test(arguments: Work.allCases, [1, 2]) func replayAllocatesAndRetainsNothing(work: Work, threads: Int) throws {
            guard telos_counting_available() != 0 else { return }
            let programs = try programs(work, threads: threads)
            #expect(!programs.isEmpty)
            for program in programs {
                replay(program, times: 2)
                let worker: Int32 = threads > 1 ? 1 : 0
                let counted = telos_count_begin(worker)
                replay(program, times: Self.isOptimized ? 100 : 3)
                let counts = (telos_allocations(), telos_reference_counts())
                telos_count_end(worker)
                #expect(counted == threads)
                #expect(counts.0 == 0, "\(counts.0) allocations")
                // One retain and release around the loop may be the compiler's; one a run may not, once optimised.
                if Self.isOptimized { #expect(counts.1 <= 4, "\(counts.1) retains and releases") }
            }
        }
    }
#endif
