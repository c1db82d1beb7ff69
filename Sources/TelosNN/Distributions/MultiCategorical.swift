import TelosTensor

/// Several independent categorical choices: logits of all of them side by side, [batch, sum of sizes]; actions
/// [batch, choices] hold whole numbers.
public struct MultiCategorical: ActionDistribution {
    public private(set) var parts: [Categorical]

    /// - sizes: the number of options of each choice; they sum to the width of `logits`.
    /// - mask: zeros and ones like `logits`, as for `Categorical`; all options where nil.
    public init(logits: Tensor, sizes: [Int], mask: Tensor? = nil) {
        let width = sizes.reduce(0, +)
        // A width that does not fit becomes an invalid tensor that names both shapes.
        let logits =
            logits.shape.last == width ? logits : logits.broadcast(to: Array(logits.shape.dropLast()) + [width])
        let mask = mask?.broadcast(to: logits.shape)
        var start = 0
        parts = sizes.map { size in
            defer { start += size }
            let part = logits.sliced(axis: -1, start, start + size)
            guard let mask else { return Categorical(logits: part) }
            return Categorical(logits: part, mask: mask.sliced(axis: -1, start, start + size))
        }
    }

    public func logProbability(_ actions: Tensor) -> Tensor {
        sum { index, part in part.logProbability(actions.sliced(axis: -1, index, index + 1)) }
    }

    public func entropy() -> Tensor { sum { $1.entropy() } }

    public var mode: Tensor { .concatenate(parts.map(\.mode), axis: -1) }

    public var noise: SampleNoise {
        let shapes = parts.map(\.logProbabilities.shape)
        return SampleNoise(.uniform, shape: [shapes.first?.first ?? 0, shapes.reduce(0) { $0 + ($1.last ?? 0) }])
    }

    /// Gumbel's trick in each part, noise uniform in (0, 1), [batch, sum of sizes].
    public func sample(noise: Tensor) -> Tensor {
        var start = 0
        return .concatenate(
            parts.map { part in
                let width = part.logProbabilities.shape.last ?? 0
                defer { start += width }
                return part.sample(noise: noise.sliced(axis: -1, start, start + width))
            }, axis: -1)
    }

    public func divergence(from other: MultiCategorical) -> Tensor {
        sum { $1.divergence(from: other.parts[$0]) }
    }

    private func sum(_ term: (Int, Categorical) -> Tensor) -> Tensor {
        parts.enumerated().reduce(Tensor(0)) { $0 + term($1.offset, $1.element) }
    }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        for index in parts.indices { parts[index].visitTensors(path.appending(part: "\(index)"), visit) }
    }
}
