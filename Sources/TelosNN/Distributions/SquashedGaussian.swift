import CTelosKernels
import TelosTensor

/// a = tanh(u) with u normal, so that actions lie in (-1, 1)^d: mean and log deviation of u, [batch, d].
///
/// log p(a) = log N(u) - sum log(1 - tanh(u)^2), with log(1 - tanh(u)^2) = 2 (log 2 - u - log(1 + e^-2u)), which
/// neither overflows nor cancels. (Haarnoja, Zhou, Abbeel and Levine, *Soft actor-critic*, 2018, appendix C.)
public struct SquashedGaussian: ActionDistribution {
    /// The distribution of u.
    public private(set) var base: DiagonalGaussian

    public init(mean: Tensor, logDeviation: Tensor) {
        base = DiagonalGaussian(mean: mean, logDeviation: logDeviation)
    }

    /// Of actions in (-1, 1). One closer than 6e-8 to the edge counts as that close; a float32 action near the edge
    /// tells u only roughly, so prefer `sampleWithLogProbability` for fresh actions.
    public func logProbability(_ actions: Tensor) -> Tensor {
        let inside = actions.clipped(-1 + 0x1p-24, 1 - 0x1p-24)
        let u = 0.5 * (log1p(inside) - log1p(-inside))
        return base.logProbability(u) - Self.logVolume(u).sum(axis: -1)
    }

    /// Gaussian entropy + E log(1 - tanh(u)^2); the expectation has no closed form and is a sum over 33 equidistant
    /// points of +-5 deviations: error about 5e-6 per dimension for deviations up to 2.5, 5e-4 at 4.5, 5e-3 at 7.4.
    public func entropy() -> Tensor {
        let points = (0..<33).map { (Double($0) - 16) * 0.3125 }
        let weights = points.map { telos_exp64(-0.5 * $0 * $0) }
        let total = weights.reduce(0, +)
        let shape = base.mean.shape + [1]
        let nodes = Tensor(points.map { Float($0) }, shape: [33])
        let u = base.mean.reshaped(to: shape) + exp(base.logDeviation).reshaped(to: shape) * nodes
        let expectation = (Self.logVolume(u) * Tensor(weights.map { Float($0 / total) }, shape: [33])).sum(axis: -1)
        return base.entropy() + expectation.sum(axis: -1)
    }

    /// tanh(mean): the image of the most probable u, which is the median of the actions and not where their density
    /// peaks; the usual greedy action.
    public var mode: Tensor { tanh(base.mean) }

    public var noise: SampleNoise { base.noise }

    /// tanh(mean + s * noise), noise standard normal, [batch, d].
    public func sample(noise: Tensor) -> Tensor { tanh(base.sample(noise: noise)) }

    /// A draw and its log-probability, computed from u itself, so that it is accurate however close the action is to
    /// the edge.
    public func sampleWithLogProbability(noise: Tensor) -> (action: Tensor, logProbability: Tensor) {
        let u = base.sample(noise: noise)
        return (tanh(u), base.logProbability(u) - Self.logVolume(u).sum(axis: -1))
    }

    /// Exact: both are images under one bijection, which does not change the divergence.
    public func divergence(from other: SquashedGaussian) -> Tensor { base.divergence(from: other.base) }

    /// log(1 - tanh(u)^2)
    private static func logVolume(_ u: Tensor) -> Tensor { 2 * (0.693_147_2 - u - softplus(-2 * u)) }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        base.visitTensors(path, visit)
    }
}
