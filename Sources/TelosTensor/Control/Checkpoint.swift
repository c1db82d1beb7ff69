/// A computation that the backward pass repeats instead of keeping what it computed on the way.
///
/// The gradient calls `body` again on the inputs behind a barrier: a view that the compiler neither merges with the
/// input nor lets anything use before the gradient arriving from above is there. So between the two passes only the
/// inputs and outputs occupy memory. (Chen, Xu, Zhang and Guestrin, *Training deep nets with sublinear memory cost*,
/// 2016.)
final class CheckpointBody: Hashable {
    let body: ([Tensor]) -> [Tensor]
    let outputCount: Int
    let inputCount: Int

    init(outputs: Int, inputs: Int, body: @escaping ([Tensor]) -> [Tensor]) {
        self.body = body
        outputCount = outputs
        inputCount = inputs
    }

    static func == (a: CheckpointBody, b: CheckpointBody) -> Bool { a === b }
    func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }

    /// What the inputs of a checkpoint receive when its outputs receive `cotangents`; its outputs, listed as its first
    /// inputs, receive nothing.
    func pullback(_ node: Node, _ cotangents: [Int: Tensor]) -> [Tensor?] {
        let positions = cotangents.keys.sorted()
        let controls = positions.map { cotangents[$0]!.node }
        let inputs = node.inputs[outputCount..<(outputCount + inputCount)]
        let held = inputs.map { Tensor(Node(.barrier, [$0] + controls, shape: $0.shape)) }
        let captured = node.inputs[(outputCount + inputCount)...].map { Tensor($0) }
        let repeated = body(held)
        let results = vectorJacobianProduct(
            of: positions.map { repeated[$0] }, cotangents: positions.map { cotangents[$0]! },
            withRespectTo: held + captured, within: held.map(\.node))
        return Array(repeating: nil, count: outputCount) + results
    }
}

/// `body(inputs)`, with a backward pass that computes the body again instead of keeping its intermediate values.
///
/// Gives the same values and gradients, to any order; needs the memory of one body rather than of all, for one more
/// forward pass. Pass in what `body` works on, so that it is not computed again itself; parameters, placeholders and
/// constants may also be captured.
///
/// (Chen, Xu, Zhang and Guestrin, *Training deep nets with sublinear memory cost*, 2016.)
public func checkpointed<Inputs: TensorContainer, Outputs: TensorContainer>(
    _ inputs: Inputs, _ body: @escaping (Inputs) -> Outputs
) -> Outputs {
    let tensors = inputs.tensors
    // The body sees each input as a node of its own, so that what it captures can be told from what it is given.
    let given = tensors.map { Tensor(Node(.barrier, [$0.node], shape: $0.shape)) }
    let outputs = body(inputs.replacingTensors(given))
    let results = outputs.tensors
    let boundary = Set(given.map { ObjectIdentifier($0.node) })
    let captured = topologicalOrder(of: results.map(\.node), stoppingAt: boundary).filter {
        $0.operation == .variable || $0.operation == .placeholder
    }
    let region = CheckpointBody(outputs: results.count, inputs: tensors.count) { values in
        body(inputs.replacingTensors(values)).tensors
    }
    let bundle = Node(.checkpoint(region), results.map(\.node) + tensors.map(\.node) + captured, shape: [0])
    return outputs.replacingTensors(
        results.enumerated().map { Tensor(Node(.checkpointOutput($0), [bundle], shape: $1.shape)) })
}
