import TelosTensor

extension TensorContainer {
    /// k networks of one architecture as one: every tensor [m, n] becomes [k, m, n], the members' side by side, and
    /// every [n] becomes [k, 1, n]. `Linear` then makes one batched product of theirs, x [batch, inputs] for all members
    /// alike or [k, batch, inputs] -> [k, batch, outputs]; norms and activations work as they are.
    /// - members: at least one, all of the same shapes.
    public static func ensemble(_ members: [Self]) -> Self {
        let tensors = members.map(\.tensors)
        return members[0].replacingTensors(
            tensors[0].indices.map { index in
                Tensor.stack(
                    tensors.map { member in
                        let shape = member[index].shape
                        return member[index].reshaped(to: Array(repeating: 1, count: max(0, 2 - shape.count)) + shape)
                    })
            })
    }
}

/// k multi-layer perceptrons of one architecture as one network: critics of an ensemble, models of the dynamics, heads.
public struct EnsembleMLP: TensorContainer {
    /// The members side by side (see `ensemble`).
    public var network: MLP

    /// Members are `MLP`s with the keys key.derived("member", i), and so differ only in their initial weights.
    public init(
        count: Int, _ sizes: [Int], activation: Activation = .relu,
        hidden: Initializer = .orthogonal(gain: 1.414_213_6), output: Initializer = .orthogonal(gain: 1),
        key: RandomKey
    ) {
        self.init(
            (0..<count).map {
                MLP(sizes, activation: activation, hidden: hidden, output: output, key: key.derived("member", $0))
            })
    }

    /// - members: at least one, all with the same sizes and activation.
    public init(_ members: [MLP]) { network = .ensemble(members) }

    /// x [batch, inputs] for all members alike, or [k, batch, inputs] -> [k, batch, outputs].
    public func callAsFunction(_ x: Tensor) -> Tensor { network(x) }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        network.visitTensors(path, visit)
    }
}
