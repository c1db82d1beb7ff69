import TelosTensor

/// A distribution over token sequences by the chain rule: log pi(y|x) = sum over t of log pi(y_t | x, y_<t).
public protocol SequencePolicy: TensorContainer {
    /// Logits of the next token after each, tokens [batch, time] of whole floats -> [batch, time, vocabulary].
    func logits(_ tokens: Tensor) -> Tensor
}

extension SequencePolicy {
    /// log pi(v | x, y_<t) of every token v at every place of the responses, [batch, length, vocabulary].
    /// - Parameters:
    ///   - prompts: [batch, at least 1]; a token that begins every sequence where there is nothing else to say.
    ///   - responses: [batch, length].
    public func tokenDistributions(prompts: Tensor, responses: Tensor) -> Tensor {
        let (asked, length) = (prompts.shape.last ?? 1, responses.shape.last ?? 1)
        let seen = Tensor.concatenate([prompts, responses.sliced(axis: -1, 0, length - 1)], axis: -1)
        return logits(seen).sliced(axis: 1, asked - 1, asked - 1 + length).logSoftmax()
    }

    /// log pi(y_t | x, y_<t) of the responses' own tokens, [batch, length].
    public func tokenLogProbabilities(prompts: Tensor, responses: Tensor) -> Tensor {
        tokenDistributions(prompts: prompts, responses: responses).gatheringLast(responses)
    }

    /// log pi(y|x), [batch].
    public func logProbability(prompts: Tensor, responses: Tensor) -> Tensor {
        tokenLogProbabilities(prompts: prompts, responses: responses).sum(axis: -1)
    }
}

extension CausalTransformer: SequencePolicy {
    public func logits(_ tokens: Tensor) -> Tensor { self(tokens) }
}

/// Token embeddings, a gated recurrent unit over them, and logits of the next token.
public struct RecurrentLanguageModel: SequencePolicy {
    public var tokens: Embedding
    public var cell: GRUCell
    public var head: Linear

    public init(vocabulary: Int, width: Int, key: RandomKey) {
        tokens = Embedding(vocabulary, width, deviation: 1, key: key.derived("tokens"))
        cell = GRUCell(width, width, key: key.derived("cell"))
        head = Linear(width, vocabulary, initializer: .glorotUniform, key: key.derived("head"))
    }

    public func logits(_ tokens: Tensor) -> Tensor {
        head(cell(sequence: self.tokens(tokens).transposed(1, 0, 2)).outputs).transposed(1, 0, 2)
    }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        tokens.visitTensors(path.appending(part: "tokens"), visit)
        cell.visitTensors(path.appending(part: "cell"), visit)
        head.visitTensors(path.appending(part: "head"), visit)
    }
}

/// sum over v of p(v) (log p(v) - log q(v)) at each place, from log-probabilities [..., vocabulary] -> [...]: the per-token
/// divergence KL(p || q) that keeps a policy near its reference.
public func tokenDivergence(_ p: Tensor, from q: Tensor) -> Tensor { (exp(p) * (p - q)).sum(axis: -1) }

/// Estimates of KL(p || q) from a draw's log-ratio log p - log q alone (Schulman, *Approximating KL divergence*, 2020).
public enum DivergenceEstimate: String, Sendable, Codable, CaseIterable {
    /// log p - log q: unbiased, of large variance, negative for some draws.
    case k1
    /// (log p - log q)^2 / 2: biased where p and q are far apart, of small variance.
    case k2
    /// q / p - 1 + log p - log q: unbiased and never negative.
    case k3

    /// - logRatio: log p - log q of draws from p.
    public func callAsFunction(_ logRatio: Tensor) -> Tensor {
        switch self {
        case .k1: logRatio
        case .k2: 0.5 * logRatio.squared
        case .k3: expm1(-logRatio) + logRatio
        }
    }
}
