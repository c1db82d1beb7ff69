import TelosTensor

extension TensorContainer {
    /// Each tensor times that of `masks`: pruned weights are zero and receive no gradient.
    public func masked(by masks: Self) -> Self {
        replacingTensors(zip(tensors, masks.tensors).map { $0 * $1 })
    }
}

/// Which weights compete to be kept.
public enum PruningScope: String, Sendable, Codable, CaseIterable {
    /// All matrices' together; a thin layer of small weights may go whole.
    case model
    /// Each matrix's among themselves: every one has the same sparsity.
    case eachMatrix
}

extension Parameters {
    /// Makes this the 0-or-1 masks that keep the weights of `model` with the largest magnitudes.
    ///
    /// Vectors (biases, gains) are kept. Of equal magnitudes the later are pruned first, so that what was pruned before,
    /// and is 0 since, goes again. Ranking other numbers than the weights (random ones, say) prunes by those. (Magnitude
    /// pruning: Han, Pool, Tran and Dally, *Learning both weights and connections*, 2015; in reinforcement learning:
    /// Obando-Ceron, Courville and Castro, *In value-based deep reinforcement learning, a pruned network is a good
    /// network*, 2024.)
    ///
    /// - Parameters:
    ///   - sparsity: the share of matrix weights that becomes zero, in 0 ... 1.
    ///   - scope: whether all matrices are ranked together or each by itself.
    public func setMagnitudeMasks(of model: Parameters<Model>, sparsity: Double, scope: PruningScope = .model) {
        precondition(shapes == model.shapes, "masks and model have different shapes")
        var ranked: [(magnitude: Float, tensor: Int, slot: Int)] = []
        func prune() {
            ranked.sort { ($0.magnitude, $1.tensor, $1.slot) < ($1.magnitude, $0.tensor, $0.slot) }
            for entry in ranked.prefix(Int((min(1, max(0, sparsity)) * Double(ranked.count)).rounded())) {
                values(entry.tensor)[entry.slot] = 0
            }
            ranked = []
        }
        for (index, shape) in shapes.enumerated() {
            values(index).update(repeating: 1)
            guard shape.count >= 2 else { continue }
            for (slot, value) in model.values(index).enumerated() { ranked.append((abs(value), index, slot)) }
            if scope == .eachMatrix { prune() }
        }
        prune()
    }
}

/// Sparsity over training: s_t = s (1 - (1 - (t - begin) / (end - begin))^3), 0 before `begin`, s after `end`
/// (Zhu and Gupta, *To prune, or not to prune*, 2018).
public struct PruningSchedule: Sendable, Hashable, Codable {
    public var sparsity: Double
    public var begin: Int
    public var end: Int

    public init(sparsity: Double, begin: Int, end: Int) {
        self.sparsity = sparsity
        self.begin = begin
        self.end = end
    }

    public func callAsFunction(_ step: Int) -> Double {
        guard step >= begin else { return 0 }
        guard step < end else { return sparsity }
        let left = 1 - Double(step - begin) / Double(end - begin)
        return sparsity * (1 - left * left * left)
    }
}
