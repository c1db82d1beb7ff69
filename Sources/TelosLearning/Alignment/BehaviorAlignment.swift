import CTelosKernels
import TelosNN
import TelosTensor

/// How the blend of rewards is adapted.
public struct AlignmentSettings: Sendable, Codable, Hashable {
    /// Step of Adam on the blend. Raising it adapts faster and noisier.
    public var learningRate = 0.1
    /// Terms of the Neumann series for the inverse Hessian; 0 uses the identity.
    public var terms = 10
    /// Its step; must stay below 1 / |H|.
    public var step = 0.1
    /// Weight l of the inner objective's -l |theta|^2, which keeps the Hessian invertible.
    public var regularization = 0.01
    /// Whether the discount is adapted too.
    public var adaptsDiscount = false
    /// Penalty on the learned discount: a smaller horizon is preferred where behaviour is as good.
    public var discountPenalty = 0.0

    public init() {}
}

/// r = offset + sum_k weight_k channel_k, and the discount it is accumulated with.
public struct RewardBlend: Sendable, Codable, Hashable {
    public var offset: Double
    /// The primary reward's weight, then each auxiliary's.
    public var weights: [Double]
    public var discount: Double

    public init(offset: Double = 0, weights: [Double], discount: Double) {
        self.offset = offset
        self.weights = weights
        self.discount = discount
    }

    /// Adam's moments for the parameters (offset, weights, logit of the discount).
    fileprivate var first: [Double] = []
    fileprivate var second: [Double] = []
    fileprivate var updates = 0
}

/// Behaviour alignment: a blend of rewards learned so that the behaviour it trains earns the primary reward.
///
/// The inner problem trains theta on r_phi = phi_1 + phi_2 r_p + phi_3 r_aux with discount g_phi:
/// d_in = E[sum_t psi_t G_t(r_phi, g_phi)] - 2 l theta, psi = grad log pi. At its fixed point d theta / d phi = -H^-1 A with
/// H = E[sum_t (d psi_t / d theta) G_t] - 2 l I and A = E[sum_t psi_t (d G_t / d phi)^T], so the primary return changes with
/// phi by dJ/dphi = (dJ/dtheta)^T (-H^-1) A = q^T A with q = -H^-1 dJ/dtheta. Since A is a sum over steps of psi_t times a
/// number, only c_t = q . psi_t is needed: one Hessian-inverse product and one directional derivative a blend update,
/// whatever the number of blend parameters.
///
/// Works with any policy that gives log-probabilities: the sampled ones of a policy-gradient learner, or every
/// state-action pair of an exact model. theta is constant while phi moves, phi while theta moves.
///
/// Gupta, Chandak, Jordan, Thomas and Castro da Silva, *Behavior alignment via reward function optimization*, 2023.
public final class BehaviorAlignment<Model: TensorContainer> {
    public var blend: RewardBlend
    public let settings: AlignmentSettings
    private let inverse: InverseHessianProduct<Model>
    private let directional: Program
    private let inputCount: Int
    private let rows: Int

    /// - Parameters:
    ///   - rows: state-action pairs in a batch.
    ///   - inputs: placeholders that `logProbability` reads; fill them with `fill`.
    ///   - logProbability: log pi(a|s) of each row, [rows].
    public init(
        _ parameters: Parameters<Model>, blend: RewardBlend, settings: AlignmentSettings, rows: Int, inputs: [Tensor],
        threads: Int = 1, logProbability: (Model) -> Tensor
    ) throws {
        self.blend = blend
        self.settings = settings
        self.rows = rows
        inputCount = inputs.count
        let theta = parameters.traced.tensors
        let logs = logProbability(parameters.traced)
        let innerWeights = Tensor(placeholder: rows)
        let outerWeights = Tensor(placeholder: rows)
        let decay = theta.reduce(Tensor(0)) { $0 + $1.squared.sum() } * Float(settings.regularization)
        inverse = try InverseHessianProduct(
            parameters, inputs: inputs + [innerWeights, outerWeights],
            vector: gradient(of: (outerWeights * logs).sum(), withRespectTo: theta),
            objective: (innerWeights * logs).sum() - decay,
            method: .neumann(terms: settings.terms, step: Float(settings.step)), threads: threads)
        // c = d/dw of (q . grad_theta sum_t w_t log pi_t): the directional derivative of every log-probability at once.
        let dummy = Tensor(placeholder: rows)
        let along = dot(gradient(of: (dummy * logs).sum(), withRespectTo: theta), inverse.solution.traced.tensors)
        directional = try Program(
            inputs: inputs + [dummy], outputs: gradient(of: along, withRespectTo: [dummy]), threads: threads)
    }

    public func fill(_ index: Int, from values: UnsafeBufferPointer<Float>) {
        inverse.fill(index, from: values)
        _ = directional.input(index).update(fromContentsOf: values)
    }

    /// One step of the blend.
    /// - Parameters:
    ///   - inner: weight of each row's log-probability in d_in: the blended return or advantage, as a share of the batch.
    ///   - outer: the same for dJ/dtheta: primary, truly discounted, from the start state.
    ///   - channels: dG/dphi of each row for the offset, then for each weight, as shares of the batch.
    ///   - discountSensitivity: dG/dg of each row, as a share of the batch; nil where the discount is fixed.
    /// - Returns: the gradient that was followed: offset, weights, logit of the discount.
    @discardableResult
    public func update(
        inner: UnsafeBufferPointer<Float>, outer: UnsafeBufferPointer<Float>, channels: [UnsafeBufferPointer<Float>],
        discountSensitivity: UnsafeBufferPointer<Float>? = nil
    ) -> [Double] {
        inverse.fill(inputCount, from: inner)
        inverse.fill(inputCount + 1, from: outer)
        inverse.run()
        directional.run()
        let influence = directional.output(0)
        func total(_ values: UnsafeBufferPointer<Float>) -> Double {
            var sum = 0.0
            for row in 0..<rows { sum += Double(influence[row]) * Double(values[row]) }
            return sum
        }
        var gradient = channels.map(total)
        let slope = blend.discount * (1 - blend.discount)
        gradient.append(
            discountSensitivity.map { (total($0) - settings.discountPenalty) * slope } ?? 0)
        ascend(gradient)
        return gradient
    }

    private func ascend(_ gradient: [Double]) {
        if blend.first.isEmpty {
            blend.first = Array(repeating: 0, count: gradient.count)
            blend.second = blend.first
        }
        blend.updates += 1
        var step: [Double] = []
        for index in gradient.indices {
            blend.first[index] = 0.9 * blend.first[index] + 0.1 * gradient[index]
            blend.second[index] = 0.999 * blend.second[index] + 0.001 * gradient[index] * gradient[index]
            let mean = blend.first[index] / (1 - telos_pow64(0.9, Double(blend.updates)))
            let square = blend.second[index] / (1 - telos_pow64(0.999, Double(blend.updates)))
            step.append(settings.learningRate * mean / (square.squareRoot() + 1e-12))
        }
        blend.offset += step[0]
        for index in blend.weights.indices { blend.weights[index] += step[index + 1] }
        if settings.adaptsDiscount {
            let logit = telos_log64(blend.discount / (1 - blend.discount)) + step.last!
            blend.discount = 1 / (1 + telos_exp64(-logit))
        }
    }
}
