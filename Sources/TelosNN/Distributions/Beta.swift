import TelosTensor

/// Independent Beta variables on (0, 1): p(x) = x^(a-1) (1-x)^(b-1) / B(a, b), concentrations a, b > 0, [batch, d].
///
/// A bounded policy has no mass to lose at its edges (Chou, Maturana and Scherer, *Improving stochastic policy
/// gradients in continuous control with deep reinforcement learning using the Beta distribution*, 2017, who take
/// a, b = 1 + softplus(output), so that there is one mode). Float32 suits concentrations from 0.01 to 1000.
public struct Beta: ActionDistribution {
    /// a, [batch, d].
    public private(set) var alpha: Tensor
    /// b, [batch, d].
    public private(set) var beta: Tensor

    public init(alpha: Tensor, beta: Tensor) {
        self.alpha = alpha
        self.beta = beta
    }

    /// Of actions in (0, 1); one closer than 6e-8 to the edge counts as that close.
    public func logProbability(_ actions: Tensor) -> Tensor {
        let x = Self.inside(actions)
        return ((alpha - 1) * log(x) + (beta - 1) * log1p(-x) - logBeta(alpha, beta)).sum(axis: -1)
    }

    /// log B(a, b) - (a - 1) digamma(a) - (b - 1) digamma(b) + (a + b - 2) digamma(a + b)
    public func entropy() -> Tensor {
        let total = digamma(alpha + beta)
        return (logBeta(alpha, beta) - (alpha - 1) * (digamma(alpha) - total) - (beta - 1) * (digamma(beta) - total))
            .sum(axis: -1)
    }

    /// (a - 1) / (a + b - 2) where a and b exceed 1; an edge where only one of them does; else a / (a + b).
    public var mode: Tensor {
        let (a, b) = (relu(alpha - 1), relu(beta - 1))
        return select(Tensor(0) .< a + b, a / maximum(a + b, Tensor(1e-20)), alpha / (alpha + beta))
    }

    public var mean: Tensor { alpha / (alpha + beta) }

    /// For each dimension, nine uniforms for each of two gamma variables.
    public var noise: SampleNoise { SampleNoise(.uniform, shape: [alpha.shape[0], alpha.shape[1] * 18]) }

    /// A draw with no gradient: x = G(a) / (G(a) + G(b)).
    ///
    /// Each gamma variable is the first of four accepted proposals of Marsaglia and Tsang (*A simple method for
    /// generating gamma variables*, 2000) at shape + 1, times u^(1 / shape): no branch, so it replays. All four are
    /// rejected with probability below 6e-6, which then gives the proposal's centre. Learn from such draws through
    /// `logProbability`.
    /// - noise: uniform in (0, 1), [batch, 18 d].
    public func sample(noise: Tensor) -> Tensor {
        let width = alpha.shape[1]
        func part(_ index: Int) -> Tensor { noise.sliced(axis: 1, index * width, (index + 1) * width) }
        let difference =
            Self.logGammaVariable(alpha, (0..<9).map(part)) - Self.logGammaVariable(beta, (9..<18).map(part))
        return Self.inside(sigmoid(difference)).stoppingGradient
    }

    /// log G(shape) from nine uniforms.
    private static func logGammaVariable(_ shape: Tensor, _ u: [Tensor]) -> Tensor {
        let d = shape + 0.666_666_7
        let c = (3 * sqrt(d)).reciprocal
        let (first, second) = (boxMuller(u[0], u[1]), boxMuller(u[2], u[3]))
        var logCube = Tensor(0)
        for (normal, uniform) in zip([first.0, first.1, second.0, second.1], u[4..<8]).reversed() {
            let root = 1 + c * normal
            // A negative cube is clamped to so small a number that it is always rejected.
            let cube = maximum(root * root * root, Tensor(1e-30))
            let accepted = log(uniform) .< 0.5 * normal.squared + d * (1 - cube + log(cube))
            logCube = select(accepted, log(cube), logCube)
        }
        return log(d) + logCube + log(u[8]) / shape
    }

    /// log B' - log B + (a - a') digamma(a) + (b - b') digamma(b) + (a' - a + b' - b) digamma(a + b), primes the
    /// other's.
    public func divergence(from other: Beta) -> Tensor {
        let total = digamma(alpha + beta)
        let shift =
            (alpha - other.alpha) * (digamma(alpha) - total) + (beta - other.beta) * (digamma(beta) - total)
        return (logBeta(other.alpha, other.beta) - logBeta(alpha, beta) + shift).sum(axis: -1)
    }

    private static func inside(_ x: Tensor) -> Tensor { x.clipped(0x1p-24, 1 - 0x1p-24) }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        alpha.visitTensors(path.appending(part: "alpha"), visit)
        beta.visitTensors(path.appending(part: "beta"), visit)
    }
}
