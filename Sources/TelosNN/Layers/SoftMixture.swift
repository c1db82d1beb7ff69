import TelosTensor

/// Soft mixture of experts (Puigcerver, Riquelme, Mustafa and Houlsby, *From sparse to soft mixtures of experts*, 2024;
/// in reinforcement learning: Obando-Ceron et al., *Mixtures of experts unlock parameter scaling for deep RL*, 2024).
///
/// With logits L = x P, each slot reads a mean of all tokens (weights: softmax of L over tokens), its expert maps it,
/// and each token reads a mean of all slots (softmax over slots). Nothing is routed, so all of it is differentiable.
public struct SoftMixtureOfExperts: TensorContainer {
    /// P, [width, experts * slots]
    public var slots: Tensor
    public var experts: EnsembleMLP
    public var slotsPerExpert: Int

    public init(
        width: Int, experts count: Int, slotsPerExpert: Int, hidden: Int, activation: Activation = .gelu,
        key: RandomKey
    ) {
        slots = Initializer.uniformFanIn(inputs: width, outputs: count * slotsPerExpert, key: key.derived("slots"))
        experts = EnsembleMLP(
            count: count, [width, hidden, width], activation: activation, key: key.derived("experts"))
        self.slotsPerExpert = slotsPerExpert
    }

    /// x [batch, tokens, width] -> [batch, tokens, width].
    public func callAsFunction(_ x: Tensor) -> Tensor {
        let (batch, all) = (x.shape.first ?? 1, slots.shape[1])
        let read = slotInputs(x)
        guard read.error == nil else { return read }
        let mapped = experts(read).reshaped(all / slotsPerExpert, batch, slotsPerExpert, x.shape[2])
            .transposed(1, 0, 2, 3).reshaped(batch, all, x.shape[2])
        return matmul(logits(x).softmax(), mapped)
    }

    /// What each expert reads: x [batch, tokens, width] -> [experts, batch * slotsPerExpert, width].
    public func slotInputs(_ x: Tensor) -> Tensor {
        guard x.rank == 3, x.shape[2] == slots.shape[0] else {
            return .misuse("mixture of experts", "needs [batch, tokens, \(slots.shape[0])], not \(x.shape)")
        }
        let (batch, width, count) = (x.shape[0], x.shape[2], slots.shape[1] / slotsPerExpert)
        return matmul(logits(x).transposed().softmax(), x).reshaped(batch, count, slotsPerExpert, width)
            .transposed(1, 0, 2, 3).reshaped(count, batch * slotsPerExpert, width)
    }

    /// L, [batch, tokens, experts * slots].
    private func logits(_ x: Tensor) -> Tensor {
        matmul(x.reshaped(x.shape[0] * x.shape[1], x.shape[2]), slots).reshaped(x.shape[0], x.shape[1], slots.shape[1])
    }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        slots.visitTensors(path.appending(part: "slots"), visit)
        experts.visitTensors(path.appending(part: "experts"), visit)
    }
}
