import TelosTensor

/// A network that predicts independent normals whose variances stay within learned bounds.
///
///     v = max - softplus(max - v_raw),  v <- min + softplus(v - min),  log s = v / 2
///
/// The bounds keep variances finite far from the data, where v_raw may be anything; `boundPenalty` pulls them together.
/// Several of them are one with `ensemble`. (Chua, Calandra, McAllister and Levine, *Deep reinforcement learning in a handful
/// of trials using probabilistic dynamics models*, 2018, appendix A.1.)
public struct GaussianMLP: TensorContainer {
    /// Means and raw log variances side by side.
    public var network: MLP
    /// [width], or [k, 1, width] of an ensemble.
    public var minimumLogVariance: Tensor
    public var maximumLogVariance: Tensor

    /// - Parameters:
    ///   - sizes: extents from the input to the number of normals.
    ///   - logVariance: the bounds at first.
    public init(
        _ sizes: [Int], activation: Activation = .silu, hidden: Initializer = .uniformFanIn,
        output: Initializer = .uniformFanIn, logVariance: ClosedRange<Float> = -10...0.5, key: RandomKey
    ) {
        let width = sizes.last ?? 0
        network = MLP(
            sizes.dropLast() + [2 * width], activation: activation, hidden: hidden, output: output, key: key)
        minimumLogVariance = Tensor(logVariance.lowerBound).broadcast(to: [width])
        maximumLogVariance = Tensor(logVariance.upperBound).broadcast(to: [width])
    }

    /// x [batch, inputs], or [k, batch, inputs] of an ensemble -> normals of the same rows.
    public func callAsFunction(_ x: Tensor) -> DiagonalGaussian {
        let output = network(x)
        let width = minimumLogVariance.shape.last ?? 0
        let upper = maximumLogVariance - softplus(maximumLogVariance - output.sliced(axis: -1, width, 2 * width))
        let bounded = minimumLogVariance + softplus(upper - minimumLogVariance)
        return DiagonalGaussian(mean: output.sliced(axis: -1, 0, width), logDeviation: 0.5 * bounded)
    }

    /// sum of max - min: a hundredth of it is added to the loss.
    public var boundPenalty: Tensor { (maximumLogVariance - minimumLogVariance).sum() }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        network.visitTensors(path.appending(part: "network"), visit)
        minimumLogVariance.visitTensors(path.appending(part: "minimumLogVariance"), visit)
        maximumLogVariance.visitTensors(path.appending(part: "maximumLogVariance"), visit)
    }
}
