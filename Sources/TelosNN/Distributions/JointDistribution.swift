import TelosTensor

/// Independent distributions over the parts of a composite action, side by side in its encoding.
///
/// log p(a) = sum over parts of log p(a_i); entropies and divergences are sums likewise.
public struct JointDistribution: ActionDistribution {
    /// One part and how many floats of the encoding it takes.
    public struct Part {
        public var distribution: any ActionDistribution
        public var width: Int

        public init(_ distribution: any ActionDistribution, width: Int) {
            self.distribution = distribution
            self.width = width
        }
    }

    public private(set) var parts: [Part]

    public init(_ parts: [Part]) { self.parts = parts }

    public func logProbability(_ actions: Tensor) -> Tensor {
        var start = 0
        return sum { _, part in
            defer { start += part.width }
            return part.distribution.logProbability(actions.sliced(axis: -1, start, start + part.width))
        }
    }

    public func entropy() -> Tensor { sum { $1.distribution.entropy() } }

    public var mode: Tensor { .concatenate(parts.map(\.distribution.mode), axis: -1) }

    /// Standard normal: a part that needs uniform noise takes the distribution function of its share.
    public var noise: SampleNoise {
        let shapes = parts.map(\.distribution.noise.shape)
        return SampleNoise(.normal, shape: [shapes.first?.first ?? 0, shapes.reduce(0) { $0 + ($1.last ?? 0) }])
    }

    public func sample(noise: Tensor) -> Tensor {
        var start = 0
        return .concatenate(
            parts.map { part in
                let needed = part.distribution.noise
                let width = needed.shape.last ?? 0
                defer { start += width }
                let share = noise.sliced(axis: -1, start, start + width)
                // Rounding may reach 0 and 1, where the logarithms of uniform noise are infinite.
                let uniform = (erf(share * 0.707_106_77) * 0.5 + 0.5).clipped(1e-7, 1 - 1e-7)
                return part.distribution.sample(noise: needed.kind == .uniform ? uniform : share)
            }, axis: -1)
    }

    /// Sum over parts; both must have parts of the same kinds.
    public func divergence(from other: JointDistribution) -> Tensor {
        sum { index, part in
            (try? TelosNN.divergence(of: part.distribution, from: other.parts[index].distribution))
                ?? .misuse("divergence", "joint distributions of different parts")
        }
    }

    private func sum(_ term: (Int, Part) -> Tensor) -> Tensor {
        parts.enumerated().reduce(Tensor(0)) { $0 + term($1.offset, $1.element) }
    }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        for index in parts.indices { parts[index].distribution.visitTensors(path.appending(part: "\(index)"), visit) }
    }
}
