import TelosTensor

/// A batch of probability distributions over encoded actions, row by row.
///
/// A distribution is a container of its parameters, so that `mapTensors { $0.stoppingGradient }` freezes it.
public protocol ActionDistribution: TensorContainer {
    /// log p(action), [batch].
    func logProbability(_ actions: Tensor) -> Tensor
    /// [batch]
    func entropy() -> Tensor
    /// The most probable action, [batch, width].
    var mode: Tensor { get }
    /// What `sample` needs to be filled with.
    var noise: SampleNoise { get }
    /// A draw, as a differentiable function of noise where the distribution allows it, [batch, width].
    func sample(noise: Tensor) -> Tensor
    /// Kullback and Leibler's divergence KL(self || other), [batch].
    func divergence(from other: Self) -> Tensor
}

/// The random numbers that a sample is a function of.
public struct SampleNoise: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        /// Uniform in (0, 1).
        case uniform
        /// Standard normal.
        case normal
    }

    public var kind: Kind
    public var shape: [Int]

    public init(_ kind: Kind, shape: [Int]) {
        self.kind = kind
        self.shape = shape
    }

    /// Fills the memory of the placeholder that is handed to `sample`.
    public func fill(_ values: UnsafeMutableBufferPointer<Float>, using random: inout RandomStream) {
        switch kind {
        case .uniform: random.fillUniform(values)
        case .normal: random.fillNormal(values)
        }
    }
}

/// KL(p || q) of two distributions whose kind is known only at run time, [batch].
///
/// - Throws: `DistributionError` where the kinds differ.
public func divergence(of p: any ActionDistribution, from q: any ActionDistribution) throws -> Tensor {
    func opened<Distribution: ActionDistribution>(_ p: Distribution) throws -> Tensor {
        guard let q = q as? Distribution else {
            throw DistributionError("the divergence of \(type(of: p)) from \(type(of: q)) is not defined")
        }
        return p.divergence(from: q)
    }
    return try opened(p)
}

/// Why distributions do not fit together.
public struct DistributionError: Error, Sendable, Hashable, CustomStringConvertible {
    public var description: String
    init(_ description: String) { self.description = description }
}

/// Standard normals from two blocks of uniforms in (0, 1) (Box and Muller, 1958).
func boxMuller(_ u: Tensor, _ v: Tensor) -> (Tensor, Tensor) {
    let radius = sqrt(-2 * log(u))
    let angle = v * 6.283_185_3
    return (radius * cos(angle), radius * sin(angle))
}

/// -log(-log u): standard Gumbel noise from uniform noise in (0, 1).
func gumbel(_ uniform: Tensor) -> Tensor { -log(-log(uniform)) }
