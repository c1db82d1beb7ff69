#if canImport(CTelosTestSupport)
    import CTelosTestSupport
    import Testing

    @testable import TelosTensor

    /// Replaying a compiled program allocates nothing and retains nothing, on the caller's thread and on the workers.
    @Suite(.serialized) struct AllocationTests {
        /// Keeps an object from being optimised away.
        final class Probe {
            var value = 0
        }

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

        @Test(arguments: [1, 2]) func replayAllocatesAndRetainsNothing(threads: Int) throws {
            guard telos_counting_available() != 0 else { return }
            // Large enough for two threads to share its products.
            let (program, parameters) = try Training.program(threads: threads, batch: threads == 1 ? 64 : 512)
            replay(program, times: 2)
            let worker: Int32 = threads > 1 ? 1 : 0
            let counted = telos_count_begin(worker)
            replay(program, times: Self.isOptimized ? 1000 : 10)
            let counts = (telos_allocations(), telos_reference_counts())
            telos_count_end(worker)
            #expect(counted == threads)
            #expect(counts.0 == 0, "\(counts.0) allocations")
            // One retain and release around the loop may be the compiler's; one a run may not, once optimised.
            if Self.isOptimized { #expect(counts.1 <= 4, "\(counts.1) retains and releases") }
            #expect(program.output(0)[0].isFinite && parameters.hash != 0)
        }
    }
#endif
