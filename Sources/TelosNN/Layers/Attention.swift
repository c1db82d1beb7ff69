import TelosTensor

/// What attention has seen so far, for stepping through sequences one token at a time.
public struct KeyValueCache: TensorContainer {
    /// [batch * heads, capacity, width / heads]
    public var keys: Tensor
    public var values: Tensor
    /// Tokens held by each row, [batch].
    public var count: Tensor

    public init(batch: Int, heads: Int, capacity: Int, headWidth: Int) {
        keys = .zeros(batch * heads, capacity, headWidth)
        values = .zeros(batch * heads, capacity, headWidth)
        count = .zeros(batch)
    }

    /// Forgets the rows where `resets` [batch] is 1.
    public func resetting(_ resets: Tensor) -> KeyValueCache {
        var copy = self
        copy.count = count * (1 - resets)
        return copy
    }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        keys.visitTensors(path.appending(part: "keys"), visit)
        values.visitTensors(path.appending(part: "values"), visit)
        count.visitTensors(path.appending(part: "count"), visit)
    }
}

/// Multi-head self-attention: softmax(Q K^T / sqrt(d) + mask) V for each head of d = width / heads, joined and
/// projected. (Vaswani et al., *Attention is all you need*, 2017.)
public struct MultiHeadAttention: TensorContainer {
    public var query: Linear
    public var key: Linear
    public var value: Linear
    public var output: Linear
    public var heads: Int

    /// - heads: must divide `width`.
    public init(width: Int, heads: Int, key: RandomKey) {
        func projection(_ name: String) -> Linear {
            Linear(width, width, initializer: .glorotUniform, key: key.derived(name))
        }
        query = projection("query")
        self.key = projection("key")
        value = projection("value")
        output = projection("output")
        self.heads = heads
    }

    private var width: Int { query.weight.shape[1] }

    /// x [batch, time, width] -> [batch, time, width].
    ///
    /// - Parameters:
    ///   - isCausal: a token attends to itself and what precedes it.
    ///   - mask: added to the scores, [time, time] (query, key) or [batch * heads, time, time]; a large negative number
    ///     hides a token.
    public func callAsFunction(_ x: Tensor, isCausal: Bool = true, mask: Tensor? = nil) -> Tensor {
        guard x.rank == 3, x.shape[2] == width, width.isMultiple(of: heads) else { return mismatch(x) }
        let (batch, time) = (x.shape[0], x.shape[1])
        func split(_ y: Tensor) -> Tensor {
            y.reshaped(batch, time, heads, width / heads).transposed(0, 2, 1, 3)
                .reshaped(batch * heads, time, width / heads)
        }
        var added = mask
        if isCausal { added = added.map { $0 + Self.causalMask(time) } ?? Self.causalMask(time) }
        let attended = attend(split(query(x)), split(key(x)), split(value(x)), added)
        return output(
            attended.reshaped(batch, heads, time, width / heads).transposed(0, 2, 1, 3)
                .reshaped(batch, time, width))
    }

    /// One token a row, x [batch, width], after those in `cache`; what a full causal pass gives for its last token.
    /// A token beyond the cache's capacity is not stored.
    public func step(_ x: Tensor, cache: KeyValueCache) -> (output: Tensor, cache: KeyValueCache) {
        guard x.rank == 2, x.shape[1] == width, width.isMultiple(of: heads) else { return (mismatch(x), cache) }
        let (batch, capacity) = (x.shape[0], cache.keys.shape[1])
        func perHead(_ y: Tensor) -> Tensor {
            y.reshaped(batch, 1, capacity).broadcast(to: [batch, heads, capacity]).reshaped(batch * heads, capacity)
        }
        let slot = perHead(cache.count.oneHot(capacity)).reshaped(batch * heads, capacity, 1)
        func storing(_ projection: Tensor, in held: Tensor) -> Tensor {
            let row = projection.reshaped(batch * heads, 1, width / heads).broadcast(to: held.shape)
            return select(slot.broadcast(to: held.shape), row, held)
        }
        var next = cache
        next.keys = storing(key(x), in: cache.keys)
        next.values = storing(value(x), in: cache.values)
        next.count = cache.count + 1
        let places = Tensor((0..<capacity).map(Float.init), shape: [1, capacity])
        let isHidden = cache.count.reshaped(batch, 1) .< places
        let mask = perHead(isHidden * Self.hidden).reshaped(batch * heads, 1, capacity)
        let queries = query(x).reshaped(batch * heads, 1, width / heads)
        return (output(attend(queries, next.keys, next.values, mask).reshaped(batch, width)), next)
    }

    public func emptyCache(batch: Int, capacity: Int) -> KeyValueCache {
        KeyValueCache(batch: batch, heads: heads, capacity: capacity, headWidth: width / heads)
    }

    private func attend(_ queries: Tensor, _ keys: Tensor, _ values: Tensor, _ mask: Tensor?) -> Tensor {
        var scores = matmul(queries, keys, transposeB: true) * (1 / Float(queries.shape[2]).squareRoot())
        if let mask { scores = scores + mask }
        return matmul(scores.softmax(), values)
    }

    /// Added to the score of a hidden token: its weight underflows to zero.
    private static let hidden: Float = -1e9

    /// [time, time], hidden above the diagonal.
    private static func causalMask(_ time: Int) -> Tensor {
        Tensor((0..<(time * time)).map { $0 % time > $0 / time ? hidden : 0 }, shape: [time, time])
    }

    private func mismatch(_ x: Tensor) -> Tensor {
        .misuse("attention", "\(heads) heads of a width of \(width) in all cannot read \(x.shape)")
    }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        query.visitTensors(path.appending(part: "query"), visit)
        key.visitTensors(path.appending(part: "key"), visit)
        value.visitTensors(path.appending(part: "value"), visit)
        output.visitTensors(path.appending(part: "output"), visit)
    }
}
