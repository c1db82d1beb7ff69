import TelosTensor

/// A mixture of diagonal normals: p(a) = sum over k of softmax(logits)_k N(a; mean_k, exp(logDeviation_k)).
///
/// logits [batch, k], means and log deviations [batch, k, d], actions [batch, d].
public struct GaussianMixture: ActionDistribution {
    public private(set) var weights: Categorical
    public private(set) var mean: Tensor
    public private(set) var logDeviation: Tensor

    public init(logits: Tensor, mean: Tensor, logDeviation: Tensor) {
        weights = Categorical(logits: logits)
        self.mean = mean
        self.logDeviation = logDeviation.broadcast(to: mean.shape)
    }

    private var batch: Int { mean.shape[0] }
    private var components: Int { mean.shape[1] }
    private var width: Int { mean.shape[2] }

    public func logProbability(_ actions: Tensor) -> Tensor {
        let scaled = (actions.reshaped(batch, 1, width) - mean) * exp(-logDeviation)
        let each = (scaled.squared * -0.5 - logDeviation - 0.918_938_5).sum(axis: -1)
        return (weights.logProbabilities + each).logSumExp()
    }

    /// A lower bound, since there is no closed form: sum_i w_i (H_i - log sum_j w_j exp(-B_ij)), with B the distance of
    /// Bhattacharyya. Exact for one component, for equal ones and for ones far apart. (Kolchinsky and Tracey,
    /// *Estimating mixture entropy with pairwise distances*, 2017.)
    public func entropy() -> Tensor {
        let own = (logDeviation + 1.418_938_5).sum(axis: -1)
        func side(_ x: Tensor, _ axis: Int) -> Tensor {
            var shape = mean.shape
            shape.insert(1, at: axis)
            return x.reshaped(to: shape).broadcast(to: [batch, components, components, width])
        }
        let variance = exp(2 * logDeviation)
        let total = side(variance, 1) + side(variance, 2)
        let distance =
            (side(mean, 1) - side(mean, 2)).squared / total * 0.25
            + 0.5 * (log(total) - 0.693_147_2 - side(logDeviation, 1) - side(logDeviation, 2))
        let overlap = weights.logProbabilities.reshaped(batch, 1, components) - distance.sum(axis: -1)
        return (weights.probabilities * (own - overlap.logSumExp())).sum(axis: -1)
    }

    /// The mean of the component with the highest peak: the highest density there is where components lie apart.
    public var mode: Tensor {
        let peaks = weights.logProbabilities - logDeviation.sum(axis: -1)
        return picking(peaks.argmax(), from: mean)
    }

    public var noise: SampleNoise { SampleNoise(.uniform, shape: [batch, components + 2 * width]) }

    /// A component by Gumbel's trick, then mean + s * normal; differentiable in that component's mean and deviation,
    /// not in the weights.
    /// - noise: uniform in (0, 1), [batch, k + 2 d].
    public func sample(noise: Tensor) -> Tensor {
        let component = weights.sample(noise: noise.sliced(axis: 1, 0, components)).reshaped(batch)
        let u = noise.sliced(axis: 1, components, components + width)
        let v = noise.sliced(axis: 1, components + width, components + 2 * width)
        return picking(component, from: mean) + exp(picking(component, from: logDeviation)) * boxMuller(u, v).0
    }

    /// An upper bound, since there is no closed form: the divergence of the weights plus the mean divergence of
    /// components of equal index, by the chain rule. Exact for one component and zero for equal mixtures.
    public func divergence(from other: GaussianMixture) -> Tensor {
        let each = DiagonalGaussian(mean: mean, logDeviation: logDeviation)
            .divergence(from: DiagonalGaussian(mean: other.mean, logDeviation: other.logDeviation))
        return weights.divergence(from: other.weights) + (weights.probabilities * each).sum(axis: -1)
    }

    /// Row `component` of each [k, d] of `values`.
    private func picking(_ component: Tensor, from values: Tensor) -> Tensor {
        (component.oneHot(components).reshaped(batch, components, 1) * values).sum(axis: 1)
    }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        weights.visitTensors(path.appending(part: "weights"), visit)
        mean.visitTensors(path.appending(part: "mean"), visit)
        logDeviation.visitTensors(path.appending(part: "logDeviation"), visit)
    }
}
