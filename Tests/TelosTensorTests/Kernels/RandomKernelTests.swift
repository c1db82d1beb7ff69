import CTelosKernels
import Foundation
import Testing

@Suite struct RandomKernelTests {
    static func block(_ counter: [UInt32], _ key: [UInt32]) -> [UInt32] {
        var words = [UInt32](repeating: 0, count: 4)
        telos_philox_block(counter, key, &words)
        return words
    }

    /// The known answers published with Random123 (Salmon, Moraes, Dror and Shaw, 2011).
    @Test func publishedAnswers() {
        #expect(Self.block([0, 0, 0, 0], [0, 0]) == [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8])
        let ones = UInt32.max
        #expect(
            Self.block([ones, ones, ones, ones], [ones, ones]) == [0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD])
        #expect(
            Self.block([0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344], [0xA409_3822, 0x299F_31D0])
                == [0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1])
        #expect(telos_philox(0, 0) == 0xE169_C58D_6627_E8D5)
    }

    static func words(_ key: UInt64, _ counter: UInt64) -> [UInt32] {
        block(
            [UInt32(truncatingIfNeeded: counter), UInt32(counter >> 32), 0, 0],
            [UInt32(truncatingIfNeeded: key), UInt32(key >> 32)])
    }

    @Test func fillsFollowTheBlocks() {
        let key: UInt64 = 0x1234_5678_9ABC_DEF0
        for counter in [UInt64(0), 7, 0xFFFF_FFF8, 0x1_0000_0000_0005] {
            for count in [0, 1, 3, 4, 63, 64, 65, 130] {
                let uniform = KernelMemory(count: count), normal = KernelMemory(count: count)
                telos_fill_uniform(key, counter, uniform.pointer, count)
                telos_fill_normal(key, counter, normal.pointer, count)
                #expect(uniform.isIntact && normal.isIntact)
                for i in 0..<count {
                    let words = Self.words(key, counter &+ UInt64(i / 4))
                    let units = words.map { (Float($0 >> 9) + 0.5) * 0x1p-23 }
                    #expect(uniform.pointer[i] == units[i % 4])
                    let pair = i % 4 / 2 * 2
                    let radius = (-2 * log(Double(units[pair]))).squareRoot(),
                        angle = 2 * Double.pi * Double(units[pair + 1])
                    let truth = radius * (i % 2 == 0 ? cos(angle) : sin(angle))
                    #expect(abs(Double(normal.pointer[i]) - truth) < 3e-6)
                }
            }
        }
    }

    @Test func moments() {
        let count = 400_000
        let uniform = KernelMemory(count: count), normal = KernelMemory(count: count)
        telos_fill_uniform(5, 0, uniform.pointer, count)
        telos_fill_normal(5, 1 << 40, normal.pointer, count)
        #expect(uniform.array.allSatisfy { $0 > 0 && $0 < 1 })
        func mean(_ values: [Float], _ power: Double) -> Double {
            values.reduce(0) { $0 + pow(Double($1), power) } / Double(count)
        }
        #expect(abs(mean(uniform.array, 1) - 0.5) < 0.003 && abs(mean(uniform.array, 2) - 1.0 / 3) < 0.003)
        #expect(abs(mean(normal.array, 1)) < 0.01 && abs(mean(normal.array, 2) - 1) < 0.012)
        #expect(abs(mean(normal.array, 3)) < 0.03 && abs(mean(normal.array, 4) - 3) < 0.08)
    }
}

@Suite struct LearningKernelTests {
    @Test func advantages() {
        var random = TestRandom(51)
        for (steps, n) in [(1, 1), (5, 3), (40, 19), (0, 4)] {
            let rewards = random.floats(steps * n), values = random.floats(steps * n), next = random.floats(steps * n)
            let ends = (0..<steps * n).map { _ in UInt8(random.pick([0, 0, 0, 1, 2])) }
            var result = [Float](repeating: -77, count: steps * n + 1)
            let gamma: Float = 0.97, lambda: Float = 0.9
            telos_gae(rewards, values, next, ends, &result, steps, n, gamma, lambda)
            #expect(result[steps * n] == -77)
            for e in 0..<n {
                var following = 0.0
                for t in (0..<steps).reversed() {
                    let i = t * n + e
                    if ends[i] != 0 { following = 0 }
                    let bootstrap = ends[i] == 1 ? 0 : Double(next[i])
                    let delta = Double(rewards[i]) + Double(gamma) * bootstrap - Double(values[i])
                    following = delta + Double(gamma) * Double(lambda) * following
                    #expect(abs(Double(result[i]) - following) < 1e-5)
                }
            }
        }
    }

    @Test func hashes() {
        func hash(_ text: String, _ seed: UInt64 = 0) -> UInt64 { telos_hash(Array(text.utf8), text.utf8.count, seed) }
        #expect(hash("") == 0xCBF2_9CE4_8422_2325)
        #expect(hash("a") == 0xAF63_DC4C_8601_EC8C)
        #expect(hash("foobar") == 0x8594_4171_F739_67E8)
        #expect(hash("bar", hash("foo")) == hash("foobar"))
    }

    @Test func forms() {
        #expect(telos_isa_available(TELOS_ISA_SCALAR) == 1)
        #expect(telos_isa_available(telos_isa_default()) == 1)
        #expect(String(cString: telos_isa_name(TELOS_ISA_AVX512)) == "avx512")
    }
}
