import TelosTensor

/// y = ((x - m_B) / s_B r + d) gain + bias over the batch's rows, x [..., batch, width], with the batch's mean m_B and
/// deviation s_B, and r = s_B / s within 1/3 ... 3 and d = (m_B - m) / s within +-5 as constants, by which a batch's
/// outputs are those of the running moments m and s; evaluation uses the running moments alone.
///
/// The running moments are no parameters: `training` gives the next ones and the caller keeps them.
///
/// Ioffe, *Batch renormalization: towards reducing minibatch dependence in batch-normalized models*, 2017; its limits
/// and warm-up here are those of Bhatt and others, *CrossQ: batch normalization in deep reinforcement learning*, 2024.
public struct BatchRenorm: TensorContainer {
    public var gain: Tensor
    public var bias: Tensor
    /// Share of the running moments that a batch leaves.
    public var momentum: Float
    /// Batches before r and d count: until then it is plain batch normalisation.
    public var warmUp: Float
    public var epsilon: Float

    /// Running mean, variance, and batches seen.
    public struct Moments: TensorContainer {
        public var mean: Tensor
        public var variance: Tensor
        public var batches: Tensor

        public init(_ width: Int) {
            mean = .zeros(width)
            variance = Tensor(1).broadcast(to: [width])
            batches = .zeros(1)
        }

        public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
            mean.visitTensors(path.appending(part: "mean"), visit)
            variance.visitTensors(path.appending(part: "variance"), visit)
            batches.visitTensors(path.appending(part: "batches"), visit)
        }
    }

    public init(_ width: Int, momentum: Float = 0.99, warmUp: Int = 100_000, epsilon: Float = 1e-3) {
        gain = Tensor(1).broadcast(to: [width])
        bias = .zeros(width)
        self.momentum = momentum
        self.warmUp = Float(warmUp)
        self.epsilon = epsilon
    }

    /// By the running moments.
    public func callAsFunction(_ x: Tensor, moments: Moments) -> Tensor {
        (x - moments.mean) / sqrt(moments.variance + epsilon) * gain + bias
    }

    /// By the batch's own, corrected towards the running ones; with the running moments after it.
    public func training(_ x: Tensor, moments: Moments) -> (output: Tensor, moments: Moments) {
        let mean = x.mean(axis: -2, keepingAxis: true)
        let centred = x - mean
        let variance = centred.squared.mean(axis: -2, keepingAxis: true)
        let deviation = sqrt(variance + epsilon)
        let running = sqrt(moments.variance + epsilon)
        let isWarm = Tensor(warmUp) .<= moments.batches
        let ratio = select(isWarm, (deviation / running).clipped(1 / 3, 3), Tensor(1)).stoppingGradient
        let shift = select(isWarm, ((mean - moments.mean) / running).clipped(-5, 5), Tensor(0)).stoppingGradient
        var next = moments
        func follow(_ running: Tensor, _ present: Tensor) -> Tensor {
            (running + (1 - momentum) * (present.stoppingGradient - running)).reshaped(to: running.shape)
        }
        next.mean = follow(moments.mean, mean)
        next.variance = follow(moments.variance, variance)
        next.batches = moments.batches + 1
        return ((centred / deviation * ratio + shift) * gain + bias, next)
    }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        gain.visitTensors(path.appending(part: "gain"), visit)
        bias.visitTensors(path.appending(part: "bias"), visit)
    }
}
