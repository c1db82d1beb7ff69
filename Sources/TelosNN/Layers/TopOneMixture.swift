import TelosTensor

/// Mixture of experts with hard routing: each token goes to the expert its gate likes best, while there is room
/// (Fedus, Zoph and Shazeer, *Switch transformers: scaling to trillion parameter models with simple and efficient
/// sparsity*, 2022).
///
/// With g = softmax(x W), e = argmax g, y = g_e f_e(x); an expert takes `capacity` tokens of a row of the batch, in
/// their order, and those it has no room for give 0. The gate learns through the factor g_e alone. Every expert reads
/// every token here and what is not wanted is dropped, so that time grows with the number of experts.
public struct TopOneMixtureOfExperts: TensorContainer {
    /// W, [width, experts]
    public var gate: Tensor
    public var experts: EnsembleMLP
    /// Tokens an expert takes of a row of the batch.
    public var capacity: Int

    public init(
        width: Int, experts count: Int, capacity: Int, hidden: Int, activation: Activation = .gelu, key: RandomKey
    ) {
        gate = Initializer.uniformFanIn(inputs: width, outputs: count, key: key.derived("gate"))
        experts = EnsembleMLP(
            count: count, [width, hidden, width], activation: activation, key: key.derived("experts"))
        self.capacity = capacity
    }

    /// x [batch, tokens, width] -> [batch, tokens, width].
    public func callAsFunction(_ x: Tensor) -> Tensor {
        guard x.rank == 3, x.shape[2] == gate.shape[0] else {
            return .misuse("mixture of experts", "needs [batch, tokens, \(gate.shape[0])], not \(x.shape)")
        }
        let (batch, tokens, width, count) = (x.shape[0], x.shape[1], x.shape[2], gate.shape[1])
        let rows = x.reshaped(batch * tokens, width)
        let weights = matmul(rows, gate).softmax() * routing(x)
        return (weights.transposed().reshaped(count, batch * tokens, 1) * experts(rows)).sum(axis: 0)
            .reshaped(batch, tokens, width)
    }

    /// 1 where the expert takes the token, else 0: x [batch, tokens, width] -> [batch * tokens, experts].
    public func routing(_ x: Tensor) -> Tensor {
        let (batch, tokens, count) = (x.shape[0], x.shape[1], gate.shape[1])
        let chosen = matmul(x.reshaped(batch * tokens, x.shape[2]), gate).argmax().oneHot(count)
        // How many tokens of the row, this one included, have chosen the expert.
        let place = chosen.reshaped(batch, tokens, count).transposed().cumulativeSum().transposed()
            .reshaped(batch * tokens, count)
        return chosen * (place .<= Tensor(Float(capacity)))
    }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        gate.visitTensors(path.appending(part: "gate"), visit)
        experts.visitTensors(path.appending(part: "experts"), visit)
    }
}
