import CTelosKernels
import Foundation
import Testing

/// Every transcendental kernel within 2 units in the last place, against the system's functions of double, at points
/// that leave out no exponent and no known difficulty. `make test-accuracy` tries every float.
@Suite struct FunctionAccuracyTests {
    /// Every exponent of both signs: the ends and the middle of the significands, and some between.
    static func stratified(_ random: inout TestRandom) -> [Float] {
        var values: [Float] = []
        for upper in 0..<UInt32(510) {
            let sign: UInt32 = upper >= 255 ? 0x8000_0000 : 0
            var low: [UInt32] = [0, 1, 2, 0x3F_FFFF, 0x40_0000, 0x40_0001, 0x7F_FFFE, 0x7F_FFFF]
            for _ in 0..<192 / Kernels.thinning { low.append(UInt32(truncatingIfNeeded: random.next()) & 0x7F_FFFF) }
            values += low.map { Float(bitPattern: sign | upper % 255 << 23 | $0) }
        }
        return values
    }

    /// The floats up to `reach` steps from x, of both signs.
    static func neighbours(_ x: Double, reach: Int = 6) -> [Float] {
        let bits = Int(Float(x.magnitude).bitPattern)
        let floats = (max(0, bits - reach)...min(0x7F80_0000, bits + reach)).map { Float(bitPattern: UInt32($0)) }
        return floats + floats.map { -$0 }
    }

    /// Where results overflow, underflow or round to a limit, where a kernel changes its way of working, where a root
    /// or a reduction cancels.
    static let hard: [Float] = {
        var points: [Double] = [0, 1, 2, .pi, 0.5, 0x1p-126, 0x1p-25, 0x1p-24, 0x1p-12, 0x1p128]
        // exp and its kin: overflow, subnormal results, zero, and the middle between two reductions.
        points += [88.722839, 87.336544, 103.278929, 103.972077, 104, 89, 30, 16.6355, 17.328679, 9.010913, 10, 20]
        for k in 0..<130 { points += [(Double(k) + 0.5) * M_LN2, Double(k) * M_LN2, (Double(k) + 0.5) * M_LN2 / 2] }
        // log and log1p: the split of the significand, next to the roots.
        let root = Double(2).squareRoot()
        for k in -127..<127 { points.append(scalbn(root, k)) }
        for k in 1..<24 { points += [1 + scalbn(1, -k), 1 - scalbn(1, -k)] }
        points += [root - 1, 1 - root / 2, 0.92, 3.9, 4, 0.47, 0.0155, 6.2377]
        // sin and cos: multiples of a quarter of the circle, and of an eighth.
        for k in 0..<600 { points.append(Double(k) * .pi / 4) }
        for k in stride(from: 1_000.0, to: 84_000, by: 97) { points.append(k * .pi / 2) }
        points += [65_536, 65_537, 83_443.5]
        // The floats that come closest to a multiple of a quarter, by exponent of two: 1e-9 to 1e-8 quarters away.
        for (significand, exponents) in [
            (16_367_173.0, 72...75), (10_741_887, 11...13), (16_573_937, -16 ... -15), (10_057_457, 62...62),
            (11_617_958, 17...17), (9_012_376, 53...53), (14_173_733, 88...88), (10_695_401, 2...2),
            (9_882_596, -21 ... -21), (14_015_064, 66...66),
        ] {
            for exponent in exponents { points.append(significand * scalbn(1, exponent)) }
        }
        return points.flatMap { neighbours($0) }
    }()

    static func check(_ name: String, _ x: [Float], _ y: [Float], _ truth: (Int) -> Double) {
        var worst = (error: 0.0, index: 0)
        for index in x.indices {
            let expected = truth(index)
            let error = y[index] == 0 && y[index].sign != expected.sign ? .infinity : ulps(y[index], expected)
            if error > worst.error { worst = (error, index) }
        }
        #expect(worst.error <= 2, "\(name) gave \(y[worst.index]), not \(truth(worst.index)), at \(x[worst.index])")
    }

    @Test(arguments: 0..<ElementwiseKernelTests.functions.count) func wholeRange(_ index: Int) {
        let function = ElementwiseKernelTests.functions[index]
        var random = TestRandom(UInt64(70 + index))
        let x = Self.hard + Self.stratified(&random)
        let y = Kernels.apply(telos_isa_default(), function.op, x)
        Self.check(function.name, x, y) { function.truth(Double(x[$0])) }
    }

    /// Bases of every exponent and sign with exponents of every size: any float, whole and half numbers, and those that
    /// lead to each binade of results, subnormal ones included.
    @Test func powers() {
        var random = TestRandom(90)
        let x = Self.stratified(&random)
        let y = x.map { x -> Float in
            let binade = Double.random(in: -152...130, using: &random)
            let fitting = Float(binade / log2(Double(x.magnitude)))
            switch random.next() % 8 {
            case 0: return random.anyFloats(1)[0]
            case 1: return Float(Int.random(in: -128...128, using: &random)) / 2
            case 2, 3: return fitting.rounded()
            default: return fitting
            }
        }
        let z = Kernels.apply(telos_isa_default(), TELOS_POW, x, y)
        Self.check("pow", x, z) { pow(Double(x[$0]), Double(y[$0])) }
    }

    /// The table in telos_kernels.h, for every form.
    @Test func documentedSpecialValues() {
        let inf = Float.infinity, nan = Float.nan, tiny = Float.leastNonzeroMagnitude,
            huge = Float.greatestFiniteMagnitude
        let x: [Float] = [-inf, -huge, -1, -tiny, -0.0, 0, tiny, huge, inf, nan]
        let rows: [(telos_elementwise, [Float?])] = [
            (TELOS_EXP, [0, 0, nil, 1, 1, 1, 1, inf, inf, nan]),
            (TELOS_EXPM1, [-1, -1, nil, -tiny, -0.0, 0, tiny, inf, inf, nan]),
            (TELOS_LOG, [nan, nan, nan, nan, -inf, -inf, nil, nil, inf, nan]),
            (TELOS_LOG1P, [nan, nan, -inf, -tiny, -0.0, 0, tiny, nil, inf, nan]),
            (TELOS_TANH, [-1, -1, nil, -tiny, -0.0, 0, tiny, 1, 1, nan]),
            (TELOS_SIGMOID, [0, 0, nil, 0.5, 0.5, 0.5, 0.5, 1, 1, nan]),
            (TELOS_SOFTPLUS, [0, 0, nil, nil, nil, nil, nil, huge, inf, nan]),
            (TELOS_SIN, [nan, nil, nil, -tiny, -0.0, 0, tiny, nil, nan, nan]),
            (TELOS_COS, [nan, nil, nil, 1, 1, 1, 1, nil, nan, nan]),
            (TELOS_ERF, [-1, -1, nil, -tiny, -0.0, 0, tiny, 1, 1, nan]),
            (TELOS_SQRT, [nan, nan, nan, nan, -0.0, 0, nil, nil, inf, nan]),
            (TELOS_RECIPROCAL, [-0.0, nil, -1, -inf, -inf, inf, inf, nil, 0, nan]),
        ]
        for isa in Kernels.available {
            for (op, expected) in rows {
                for (index, y) in Kernels.apply(isa, op, x).enumerated() {
                    guard let value = expected[index] else { continue }
                    #expect(
                        y.bitPattern == value.bitPattern || (y.isNaN && value.isNaN),
                        "operation \(op.rawValue) of \(x[index]) gave \(y)")
                }
            }
        }
    }

    @Test func documentedSpecialPowers() {
        let inf = Float.infinity, nan = Float.nan
        let table: [(x: Float, y: Float, z: Float)] = [
            (nan, 0, 1), (nan, -0.0, 1), (inf, 0, 1), (1, nan, 1), (1, inf, 1), (-1, inf, 1), (-1, -inf, 1),
            (nan, 1, nan), (2, nan, nan), (-2, 0.5, nan), (-2, 3, -8), (-2, 2, 4), (-8, 1 / 3, nan),
            (0, 3, 0), (-0.0, 3, -0.0), (-0.0, 2, 0), (0, -3, inf), (-0.0, -3, -inf), (-0.0, -2, inf), (0, -0.5, inf),
            (inf, 2, inf), (inf, -2, 0), (-inf, 3, -inf), (-inf, 2, inf), (-inf, -3, -0.0), (-inf, 0.5, inf),
            (2, inf, inf), (2, -inf, 0), (0.5, inf, 0), (0.5, -inf, inf), (-2, 16_777_216, inf),
        ]
        for isa in Kernels.available {
            let z = Kernels.apply(isa, TELOS_POW, table.map(\.x), table.map(\.y))
            for (row, z) in zip(table, z) {
                #expect(
                    z.bitPattern == row.z.bitPattern || (z.isNaN && row.z.isNaN), "\(row.x) ^ \(row.y) gave \(z)")
            }
        }
    }
}
