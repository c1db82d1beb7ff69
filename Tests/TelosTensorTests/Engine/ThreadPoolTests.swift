import CTelosKernels
import Foundation
import Testing

@testable import TelosTensor

#if canImport(CTelosTestSupport)
    import CTelosTestSupport
#endif

/// Many short jobs from several threads at once, while workers fall asleep and wake.
@Suite(.serialized) struct ThreadPoolTests {
    #if canImport(CTelosTestSupport)
        @Test(arguments: [1, 2, 4]) func everyPartRunsOnceAndOnNoMoreThreadsThanAllowed(callers: Int32) {
            #expect(telos_pool_faults(callers, Int32(1500 / Kernels.thinning)) == 0)
        }
    #endif

    /// A program of a few microseconds, of which two instructions are divided.
    private static func program(_ caller: Int, threads: Int) throws -> Program {
        let x = Tensor(placeholder: 128, 128)
        let weights = Tensor((0..<(128 * 64)).map { Float(($0 * (2 * caller + 7)) % 31 - 15) / 16 }, shape: [128, 64])
        let y = matmul(sigmoid(tanh(x) + exp(-x.squared) + sin(x)), weights)
        return try Program(inputs: [x], outputs: [y, y.sum(axis: 0)], threads: threads)
    }

    /// One hash of the outputs for each run; the input takes turns.
    private static func hashes(_ program: Program, caller: Int, runs: Int) -> [UInt64] {
        (0..<runs).map { run in
            // Long enough for workers to fall asleep.
            if program.threads > 1 && run % 100 == 0 { usleep(3000) }
            program.input(0).update(repeating: 0.5)
            program.input(0)[run % 4] = Float(caller) - 0.25 * Float(run % 4)
            program.run()
            return [0, 1].reduce(0) { hash, index in
                let output = program.output(index)
                return telos_hash(output.baseAddress, output.count * MemoryLayout<Float>.stride, hash)
            }
        }
    }

    private final class Findings: @unchecked Sendable {
        private let lock = NSLock()
        private var list: [String] = []
        func append(_ finding: String) { lock.withLock { list.append(finding) } }
        var all: [String] { lock.withLock { list } }
    }

    @Test func programsOnSeveralThreadsAtOnceGiveWhatEachGivesAlone() throws {
        let runs = 400 / Kernels.thinning
        let bounds = [1, 2, 3, 8, 8, 2]
        let (findings, ended) = (Findings(), DispatchSemaphore(value: 0))
        let alone = try bounds.indices.map { caller in
            Self.hashes(try Self.program(caller, threads: 1), caller: caller, runs: 4)
        }
        #expect(Set(alone.joined()).count == 4 * bounds.count)
        for (caller, threads) in bounds.enumerated() {
            Thread.detachNewThread {
                defer { ended.signal() }
                do {
                    let all = Self.hashes(try Self.program(caller, threads: threads), caller: caller, runs: runs)
                    for (run, hash) in all.enumerated() where hash != alone[caller][run % 4] {
                        findings.append("caller \(caller), \(threads) threads, run \(run)")
                    }
                } catch { findings.append("\(error)") }
            }
        }
        for _ in bounds { ended.wait() }
        #expect(findings.all.isEmpty, "\(findings.all.count), the first: \(findings.all.first ?? "")")
    }
}
