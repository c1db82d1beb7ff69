import CTelosKernels
import Foundation
import Testing

@Suite struct DoubleFunctionTests {
    static let functions:
        [(
            name: String, ours: @Sendable (Double) -> Double, truth: @Sendable (Double) -> Double,
            ranges: [ClosedRange<Double>]
        )] = [
            ("exp", { telos_exp64($0) }, { exp($0) }, [-745...709.7, -1...1]),
            ("log", { telos_log64($0) }, { log($0) }, [0...3, 0...1e300, 0...1e-300]),
            ("log1p", { telos_log1p64($0) }, { log1p($0) }, [-1...3, 0...1e20, -1e-6...1e-6]),
            ("expm1", { telos_expm1_64($0) }, { expm1($0) }, [-40...700, -1...1, -1e-6...1e-6]),
            ("sin", { telos_sin64($0) }, { sin($0) }, [-7...7, -1e5...1e5, -1e12...1e12, -1e300...1e300]),
            ("cos", { telos_cos64($0) }, { cos($0) }, [-7...7, -1e5...1e5, -1e12...1e12, -1e300...1e300]),
            ("tan", { telos_tan64($0) }, { tan($0) }, [-7...7, -1e5...1e5]),
            ("tanh", { telos_tanh64($0) }, { tanh($0) }, [-25...25, -1...1, -0.01...0.01]),
            ("sqrt", { telos_sqrt64($0) }, { $0.squareRoot() }, [0...1e10]),
            ("floor", { telos_floor64($0) }, { $0.rounded(.down) }, [-1e3...1e3, -1e18...1e18]),
            ("erf", { telos_erf64($0) }, { erf($0) }, [-7...7, -0.1...0.1]),
            ("lgamma", { telos_lgamma64($0) }, { lgamma($0) }, [0...4, 0...1e3, 0...1e9]),
        ]

    @Test(arguments: 0..<functions.count) func accuracy(_ index: Int) {
        let function = Self.functions[index]
        var random = TestRandom(UInt64(60 + index))
        var worst = (error: 0.0, at: 0.0)
        for range in function.ranges {
            for _ in 0..<100_000 / Kernels.thinning {
                let x = Double.random(in: range, using: &random)
                let error = ulps(function.ours(x), function.truth(x))
                if error > worst.error { worst = (error, x) }
            }
        }
        // The system's own functions are within one unit themselves.
        #expect(
            worst.error <= (function.name == "sqrt" || function.name == "floor" ? 0 : 3),
            "\(function.name) at \(worst.at)")
    }

    @Test func specialValues() {
        let values = [
            0, -0.0, 1, -1, 0.5, -2.5, 3, .infinity, -.infinity, .nan, 0x1p-1074, -0x1p-1074, 1e308, -1e308, 0x1p-1030,
            709.78,
            709.79, -745.2, -708.5, 1e300,
        ]
        for function in Self.functions where function.name != "lgamma" {
            for x in values {
                let ours = function.ours(x), truth = function.truth(x)
                #expect(
                    ulps(ours, truth) <= 3 && (truth.isNaN || ours.sign == truth.sign),
                    "\(function.name)(\(x)) = \(ours)")
            }
        }
        #expect(telos_lgamma64(0) == .infinity && telos_lgamma64(-3) == .infinity && telos_lgamma64(1) == 0)
        #expect(telos_lgamma64(2) == 0 && telos_lgamma64(.infinity) == .infinity && telos_lgamma64(.nan).isNaN)
        #expect(abs(telos_lgamma64(-2.5) - lgamma(-2.5)) < 1e-13)
    }

    @Test func power() {
        var random = TestRandom(80)
        for (base, exponent) in [(0...10.0, -300...300.0), (0.9...1.1, -5e3...5e3), (0...1e300, -1...1.0)] {
            for _ in 0..<30_000 / Kernels.thinning {
                let x = Double.random(in: base, using: &random), y = Double.random(in: exponent, using: &random)
                #expect(ulps(telos_pow64(x, y), pow(x, y)) <= 2, "\(x) ^ \(y)")
            }
        }
        let values = [0, -0.0, 1, -1, 0.5, -0.5, 2, -2, 3, -3, .infinity, -.infinity, .nan, 1e300, -1e300, 0x1p-1030]
        for x in values {
            for y in values {
                let ours = telos_pow64(x, y), truth = pow(x, y)
                #expect(ulps(ours, truth) <= 2 && (truth.isNaN || ours.sign == truth.sign), "\(x) ^ \(y) = \(ours)")
            }
        }
    }

    @Test func arcTangent() {
        var random = TestRandom(81)
        for _ in 0..<100_000 / Kernels.thinning {
            let y = Double.random(in: -3...3, using: &random), x = Double.random(in: -3...3, using: &random)
            #expect(ulps(telos_atan2_64(y, x), atan2(y, x)) <= 2, "\(y), \(x)")
        }
        let values = [0, -0.0, 1, -1, .infinity, -.infinity, .nan, 1e300, -1e-300]
        for y in values {
            for x in values {
                let ours = telos_atan2_64(y, x), truth = atan2(y, x)
                #expect(ulps(ours, truth) <= 2 && (truth.isNaN || ours.sign == truth.sign), "\(y), \(x): \(ours)")
            }
        }
    }

    /// Recorded results: they must not change with the machine, the compiler or the build mode.
    @Test func recordedBits() {
        var hash: UInt64 = 0
        var random = TestRandom(82)
        for _ in 0..<2_000 {
            let x = Double.random(in: 0...30, using: &random), y = Double.random(in: -8...8, using: &random)
            let values = [
                telos_exp64(y), telos_log64(x), telos_sin64(y), telos_cos64(y * 1e7), telos_tan64(y), telos_tanh64(y),
                telos_pow64(x, y), telos_log1p64(x), telos_expm1_64(y), telos_atan2_64(x, y), telos_erf64(y),
                telos_lgamma64(x),
            ]
            hash = telos_hash(values, values.count * 8, hash)
        }
        #expect(hash == 16_440_387_818_559_453_884)
    }

    @Test func recordedFloatBits() {
        var random = TestRandom(83)
        let x = random.floats(4_096, -12...12), y = random.floats(4_096, 0...5)
        for isa in Kernels.available {
            var hash: UInt64 = 0
            for op in [
                TELOS_EXP, TELOS_TANH, TELOS_SIGMOID, TELOS_SOFTPLUS, TELOS_SIN, TELOS_COS, TELOS_ERF, TELOS_EXPM1,
            ] {
                let result = Kernels.apply(isa, op, x)
                hash = telos_hash(result, result.count * 4, hash)
            }
            for op in [TELOS_LOG, TELOS_LOG1P, TELOS_POW] {
                let result = Kernels.apply(isa, op, y, x)
                hash = telos_hash(result, result.count * 4, hash)
            }
            #expect(hash == 15_502_641_817_415_569_644)
        }
    }
}
