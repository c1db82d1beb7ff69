import TelosTensor
import Testing

@testable import TelosLearning

/// The blend's gradient against what really happens to the inner optimum when the blend is moved.
@Suite struct BehaviorAlignmentTests {
    private static let states = 3
    private static let actions = 4
    private static let rows = states * actions
    private static let regularization = 0.05

    /// Fixed data: how much each channel pays each row, and what the outer problem wants of it.
    private struct Problem {
        var channels: [[Double]]
        var outer: [Double]

        init(seed: Int) {
            var random = RandomKey(seed: seed).stream
            channels = (0..<3).map { _ in (0..<rows).map { _ in 0.1 * random.normal() } }
            outer = (0..<rows).map { _ in 0.1 * random.normal() }
        }

        func inner(_ blend: RewardBlend) -> [Double] {
            (0..<rows).map { row in
                blend.offset * channels[0][row] + blend.weights[0] * channels[1][row] + blend.weights[1]
                    * channels[2][row]
            }
        }

        private func probabilities(_ theta: [Double]) -> [Double] {
            (0..<states).flatMap { state -> [Double] in
                let exponentials = (0..<actions).map { exponential(theta[state * actions + $0]) }
                let sum = exponentials.reduce(0, +)
                return exponentials.map { $0 / sum }
            }
        }

        /// The maximum of sum over rows of w log pi - l |theta|^2, by gradient ascent in double precision.
        func optimum(_ blend: RewardBlend) -> [Double] {
            let weights = inner(blend)
            var theta = [Double](repeating: 0, count: rows)
            for _ in 0..<4000 {
                let policy = probabilities(theta)
                for state in 0..<states {
                    let total = weights[(state * actions)..<((state + 1) * actions)].reduce(0, +)
                    for row in (state * actions)..<((state + 1) * actions) {
                        theta[row] += weights[row] - policy[row] * total - 2 * regularization * theta[row]
                    }
                }
            }
            return theta
        }

        /// sum over rows of v log pi: its slope in theta is the outer gradient.
        func outerValue(_ theta: [Double]) -> Double {
            zip(outer, probabilities(theta)).reduce(0) { $0 + $1.0 * logarithm($1.1) }
        }
    }

    /// dJ/dphi = -(dJ/dtheta)^T H^-1 A, with the inner problem solved again on either side of the blend.
    @Test(arguments: 0..<4) func gradientIsThatOfTheInnerOptimum(seed: Int) throws {
        let problem = Problem(seed: seed)
        let blend = RewardBlend(offset: 0.2, weights: [1, 0.7], discount: 0.9)
        let theta = problem.optimum(blend)
        var expected: [Double] = []
        let step = 1e-4
        for parameter in 0..<3 {
            func moved(_ amount: Double) -> Double {
                var other = blend
                if parameter == 0 { other.offset += amount } else { other.weights[parameter - 1] += amount }
                return problem.outerValue(problem.optimum(other))
            }
            expected.append((moved(step) - moved(-step)) / (2 * step))
        }

        let parameters = try Parameters(Tensor(theta.map(Float.init), shape: [Self.states, Self.actions]))
        func computed(terms: Int) throws -> [Double] {
            var settings = AlignmentSettings()
            settings.learningRate = 0.01
            settings.terms = terms
            settings.step = 1
            settings.regularization = Self.regularization
            let alignment = try BehaviorAlignment(
                parameters, blend: blend, settings: settings, rows: Self.rows, inputs: []
            ) { $0.logSoftmax().reshaped(Self.rows) }
            let inner = Buffer(problem.inner(blend).map(Float.init))
            let outer = Buffer(problem.outer.map(Float.init))
            let channels = problem.channels.map { Buffer($0.map(Float.init)) }
            return withExtendedLifetime((inner, outer, channels)) {
                let gradient = alignment.update(
                    inner: inner.readOnly, outer: outer.readOnly, channels: channels.map(\.readOnly))
                // Adam's first step has the size of its rate and the gradient's sign; the discount is left alone.
                #expect(abs(abs(alignment.blend.offset - blend.offset) - 0.01) < 1e-6)
                #expect((alignment.blend.offset > blend.offset) == (gradient[0] > 0))
                #expect(alignment.blend.discount == blend.discount)
                return gradient
            }
        }
        let gradient = try computed(terms: 300)
        let scale = expected.map(abs).max()!
        for (one, other) in zip(gradient, expected) {
            #expect(abs(one - other) < 2e-3 * scale, "\(gradient) \(expected)")
        }
        // Without the inverse Hessian the gradient is another one.
        let plain = try computed(terms: 0)
        #expect(zip(plain, expected).contains { abs($0 - $1) > 0.1 * scale })
    }
}

private func exponential(_ x: Double) -> Double {
    var (term, sum) = (1.0, 1.0)
    for index in 1..<60 {
        term *= x / Double(index)
        sum += term
    }
    return sum
}

/// By Newton's method on exp.
private func logarithm(_ x: Double) -> Double {
    var y = 0.0
    for _ in 0..<60 { y += x * exponential(-y) - 1 }
    return y
}
