import TelosEnvironments
import TelosNN
import TelosTensor

/// What a discriminator tells expert and agent apart by.
public enum DiscriminatorInput: String, Sendable, Codable, CaseIterable {
    /// What was seen and what was done.
    case action
    /// What was seen before and after: imitation from observation alone.
    case states

    /// Encoded observations, and actions in [-1, 1] or one-hot, side by side.
    func features(
        _ observations: Tensor, _ actions: Tensor, next: Tensor, encoding: ObservationEncoding, action: Space
    ) -> Tensor {
        let other: Tensor
        switch (self, action) {
        case (.states, _): other = encoding(next)
        case (.action, .box(let low, let high, _)): other = ActionScale(low: low, high: high).fromEnvironment(actions)
        case (.action, .discrete(let count)): other = actions.reshaped(actions.shape[0]).oneHot(count)
        case (.action, _): other = actions
        }
        return .concatenate([encoding(observations), other], axis: 1)
    }
}

/// Logits D(x), high where x looks like an expert's: hidden layers of rectified units, and spectral normalisation of
/// every layer on request, which bounds the network's Lipschitz constant by about 1.
struct DiscriminatorNetwork: TensorContainer {
    private var layers: [SpectralLinear]
    let isNormalized: Bool

    init(_ sizes: [Int], isNormalized: Bool, key: RandomKey) {
        self.isNormalized = isNormalized
        layers = sizes.indices.dropLast().map {
            SpectralLinear(sizes[$0], sizes[$0 + 1], key: key.derived("layer", $0))
        }
    }

    /// What spectral normalisation remembers, at first; nothing without it.
    func initialVectors(key: RandomKey) -> [Tensor] {
        isNormalized ? layers.indices.map { layers[$0].initialVector(key: key.derived("vector", $0)) } : []
    }

    mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        layers.visitTensors(path.appending(part: "layers"), visit)
    }

    /// x [rows, width] -> logits [rows], and the next vectors.
    /// - iterations: of power iteration; 0 leaves the vectors.
    func callAsFunction(_ x: Tensor, vectors: [Tensor], iterations: Int = 0) -> (logits: Tensor, vectors: [Tensor]) {
        var value = x
        var after: [Tensor] = []
        for (index, layer) in layers.enumerated() {
            if isNormalized {
                let (output, vector) = layer(value, vector: vectors[index], iterations: iterations)
                value = output
                after.append(vector)
            } else {
                value = layer.linear(value)
            }
            if index < layers.count - 1 { value = relu(value) }
        }
        return (value.reshaped(x.shape[0]), after)
    }
}

/// What a discriminator's logit is worth to the agent that it judges. (D the logit, sigma its probability of an
/// expert.)
public enum ImitationReward: String, Sendable, Codable, CaseIterable {
    /// -log(1 - sigma(D)) = softplus(D) >= 0. Where episodes can end it rewards staying alive.
    case positive
    /// log sigma(D) = -softplus(-D) <= 0. Where episodes can end it rewards ending them.
    case negative
    /// log sigma(D) - log(1 - sigma(D)) = D: the reward of adversarial inverse reinforcement learning.
    case logOdds = "log-odds"

    func callAsFunction(_ logits: Tensor) -> Tensor {
        switch self {
        case .positive: softplus(logits)
        case .negative: -softplus(-logits)
        case .logOdds: logits
        }
    }
}

/// Where a discriminator's gradient is penalised.
public enum PenaltyPoints: String, Sendable, Codable, CaseIterable {
    /// e x_agent + (1 - e) x_expert, e ~ U(0,1), one e a row.
    case between
    /// Around the expert's points, and around the agent's: normal noise added to them.
    case expert, agent
}

/// lambda mean((|grad_x D| - k)^2) over points x; where it is one-sided, only norms above k count.
///
/// Its own gradient goes through the inner one. (Gulrajani, Ahmed, Arjovsky, Dumoulin and Courville, *Improved training
/// of Wasserstein GANs*, 2017; around data points: Kodali, Abernethy, Hays and Kira, *On convergence and stability of
/// GANs*, 2017.)
public struct GradientPenalty: Sendable, Hashable {
    /// lambda: raising it makes the function smoother.
    public var weight: Double
    /// k: a slope that costs nothing.
    public var norm: Double
    /// Whether slopes below k are free.
    public var isOneSided: Bool

    public init(weight: Double = 10, norm: Double = 1, isOneSided: Bool = true) {
        self.weight = weight
        self.norm = norm
        self.isOneSided = isOneSided
    }

    /// |grad_x f| of each row, [rows], of a function of rows that do not influence one another.
    public static func norms(at points: Tensor, _ function: (Tensor) -> Tensor) -> Tensor {
        let slopes = gradient(of: function(points).sum(), withRespectTo: [points])[0]
        return sqrt(slopes.squared.sum(axis: 1) + 1e-12)
    }

    /// The penalty of a function [rows, width] -> [rows].
    public func callAsFunction(at points: Tensor, _ function: (Tensor) -> Tensor) -> Tensor {
        let excess = Self.norms(at: points, function) - Float(norm)
        return Float(weight) * (isOneSided ? relu(excess) : excess).squared.mean()
    }
}
