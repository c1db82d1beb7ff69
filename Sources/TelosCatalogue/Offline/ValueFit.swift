import CTelosKernels
import TelosLearning
import TelosNN
import TelosTensor

/// Values of one state variable, a hundredth of them far too large, as bootstrapping makes them: s uniform in -1 ... 1,
/// q = sin 3s + 0.5 N(0, 1), and 4 more for `outliers` of the points.
struct OutlierValues: Sendable {
    private(set) var states: [Float] = []
    private(set) var values: [Float] = []
    /// sin 3s
    private(set) var bulk: [Double] = []

    init(_ count: Int, outliers: Double, using random: inout RandomStream) {
        let spoilt = Int(outliers * Double(count))
        for index in 0..<count {
            let state = random.uniform(-1, 1)
            let middle = telos_sin64(3 * state)
            states.append(Float(state))
            bulk.append(middle)
            values.append(Float(middle + 0.5 * random.normal() + (index < spoilt ? 4 : 0)))
        }
    }

    /// What came of a fit.
    struct Fit: Sendable {
        /// Mean of V - sin 3s over the points; `overflow` where V is no number any more.
        var bias: Double
        /// The largest norm of a gradient on the way; `overflow` where one is no number.
        var largestGradient: Double
    }

    /// The largest float32.
    static let overflow = Double(Float.greatestFiniteMagnitude)

    /// Fits V, a network of two hidden layers of 64, by Adam at 1e-3 on batches of 256.
    func fit(_ loss: ImplicitValueLoss, steps: Int, key: RandomKey) throws -> Fit {
        let batch = 256
        let (s, q) = (Tensor(placeholder: batch, 1), Tensor(placeholder: batch, 1))
        let network = MLP([1, 64, 64, 1], activation: .relu, key: key.derived("network"))
        let descent = try Descent(network, inputs: [s, q]) { loss(q - $0(s)).mean() }
        var random = key.derived("batches").stream
        var largest = 0.0
        for _ in 0..<steps {
            for row in 0..<batch {
                let index = random.index(below: states.count)
                (descent.input(0)[row], descent.input(1)[row]) = (states[index], values[index])
            }
            descent.step(learningRate: 1e-3)
            largest = max(largest, descent.gradientNorm.isFinite ? descent.gradientNorm : Self.overflow)
        }
        let fitted = try descent.parameters.value(Tensor(states, shape: [states.count, 1])).evaluated()
        let bias = fitted.indices.reduce(0) { $0 + Double(fitted[$1]) - bulk[$1] } / Double(fitted.count)
        return Fit(bias: bias.isFinite ? bias : Self.overflow, largestGradient: largest)
    }
}
