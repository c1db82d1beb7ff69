import TelosTensor

/// x + attention(norm(x)), then x + mlp(norm(x)): the pre-norm block (Xiong et al., *On layer normalization in the
/// Transformer architecture*, 2020), x [batch, time, width].
public struct TransformerBlock: TensorContainer {
    public var attentionNorm: LayerNorm
    public var attention: MultiHeadAttention
    public var mlpNorm: LayerNorm
    public var expand: Linear
    public var contract: Linear
    public var activation: Activation

    /// - expansion: width of the hidden layer over `width`.
    public init(
        width: Int, heads: Int, expansion: Int = 4, activation: Activation = .gelu, key: RandomKey
    ) {
        attentionNorm = LayerNorm(width)
        attention = MultiHeadAttention(width: width, heads: heads, key: key.derived("attention"))
        mlpNorm = LayerNorm(width)
        expand = Linear(width, expansion * width, initializer: .glorotUniform, key: key.derived("expand"))
        contract = Linear(expansion * width, width, initializer: .glorotUniform, key: key.derived("contract"))
        self.activation = activation
    }

    public func callAsFunction(_ x: Tensor, isCausal: Bool = true, mask: Tensor? = nil) -> Tensor {
        feedingForward(x + attention(attentionNorm(x), isCausal: isCausal, mask: mask))
    }

    /// One token a row, x [batch, width], after those in `cache`.
    public func step(_ x: Tensor, cache: KeyValueCache) -> (output: Tensor, cache: KeyValueCache) {
        let (attended, next) = attention.step(attentionNorm(x), cache: cache)
        return (feedingForward(x + attended), next)
    }

    /// The activation's intermediate values are computed again in the backward pass: arithmetic on the widest array
    /// costs less than storing and reading it several times.
    private func feedingForward(_ x: Tensor) -> Tensor {
        let rows = mlpNorm(x).reshaped(-1, x.shape.last ?? 1)
        let hidden = checkpointed([matmul(rows, expand.weight), expand.bias]) { activation($0[0] + $0[1]) }
        return x + contract(hidden).reshaped(to: x.shape)
    }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        attentionNorm.visitTensors(path.appending(part: "attentionNorm"), visit)
        attention.visitTensors(path.appending(part: "attention"), visit)
        mlpNorm.visitTensors(path.appending(part: "mlpNorm"), visit)
        expand.visitTensors(path.appending(part: "expand"), visit)
        contract.visitTensors(path.appending(part: "contract"), visit)
    }
}

/// A causal Transformer over tokens (Radford et al., *Language models are unsupervised multitask learners*, 2019):
/// token and learned position embeddings, pre-norm blocks, a final norm, logits for the next token.
public struct CausalTransformer: TensorContainer {
    public var tokens: Embedding
    public var positions: Embedding
    public var blocks: [TransformerBlock]
    public var norm: LayerNorm
    public var head: Linear
    /// Repeats each block's forward pass in the backward pass instead of keeping its intermediate values.
    public var isCheckpointed = false

    /// - context: the longest sequence.
    public init(
        vocabulary: Int, context: Int, width: Int, heads: Int, layers: Int, expansion: Int = 4,
        activation: Activation = .gelu, key: RandomKey
    ) {
        tokens = Embedding(vocabulary, width, key: key.derived("tokens"))
        positions = Embedding(context, width, key: key.derived("positions"))
        blocks = (0..<layers).map {
            TransformerBlock(
                width: width, heads: heads, expansion: expansion, activation: activation,
                key: key.derived("block", $0))
        }
        norm = LayerNorm(width)
        head = Linear(width, vocabulary, initializer: .glorotUniform, key: key.derived("head"))
    }

    /// tokens [batch, time] of whole floats -> logits [batch, time, vocabulary].
    public func callAsFunction(_ tokens: Tensor) -> Tensor { head(features(tokens)) }

    /// The normalised representation of each token, [batch, time, width], for heads other than the next token's.
    public func features(_ tokens: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        let context = positions.table.shape[0]
        guard tokens.rank == 2, tokens.shape[1] <= context else {
            return .misuse(
                "transformer", "needs tokens [batch, time] of time up to \(context), not \(tokens.shape)", file: file,
                line: line)
        }
        let start = self.tokens(tokens) + positions.table.sliced(axis: 0, 0, tokens.shape[1])
        return norm(
            blocks.reduce(start) { x, block in isCheckpointed ? checkpointed(x) { block($0) } : block(x) })
    }

    /// The mean cross-entropy of predicting each next token, tokens [batch, time + 1]; `weights` [batch, time] selects
    /// or weighs positions (a weighted mean).
    public func loss(_ tokens: Tensor, weights: Tensor? = nil) -> Tensor {
        let time = (tokens.shape.last ?? 1) - 1
        let logits = self(tokens.sliced(axis: -1, 0, time))
        let targets = tokens.sliced(axis: -1, 1, time + 1)
        let logarithms = logits.gatheringLast(targets) - logits.logSumExp()
        guard let weights else { return -logarithms.mean() }
        return -(logarithms * weights).sum() / TelosTensor.maximum(weights.sum(), Tensor(1e-8))
    }

    /// One token a row [batch], after those in `caches` -> logits [batch, vocabulary].
    public func step(_ tokens: Tensor, caches: [KeyValueCache]) -> (logits: Tensor, caches: [KeyValueCache]) {
        guard caches.count == blocks.count, let first = caches.first, tokens.rank == 1 else {
            let message = "needs tokens [batch] and \(blocks.count) caches, not \(tokens.shape) and \(caches.count)"
            return (.misuse("transformer", message), caches)
        }
        var x = self.tokens(tokens) + positions(first.count)
        var next: [KeyValueCache] = []
        for (block, cache) in zip(blocks, caches) {
            let (output, updated) = block.step(x, cache: cache)
            x = output
            next.append(updated)
        }
        return (head(norm(x)), next)
    }

    public func emptyCaches(batch: Int) -> [KeyValueCache] {
        blocks.map { $0.attention.emptyCache(batch: batch, capacity: positions.table.shape[0]) }
    }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        tokens.visitTensors(path.appending(part: "tokens"), visit)
        positions.visitTensors(path.appending(part: "positions"), visit)
        blocks.visitTensors(path.appending(part: "blocks"), visit)
        norm.visitTensors(path.appending(part: "norm"), visit)
        head.visitTensors(path.appending(part: "head"), visit)
    }
}
