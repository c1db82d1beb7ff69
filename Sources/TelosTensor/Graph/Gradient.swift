/// The gradient of a scalar with respect to each of `parameters`, as a graph: it can be differentiated again, to any
/// order.
///
/// Reverse mode: the cotangent of each node is the sum, in a fixed order, of what its consumers pass back.
/// A parameter that `loss` does not depend on has a zero gradient.
public func gradient(
    of loss: Tensor, withRespectTo parameters: [Tensor], file: StaticString = #fileID, line: UInt = #line
) -> [Tensor] {
    guard loss.count == 1 else {
        let error = Tensor.invalid("gradient", "the loss must be one number, not \(loss.shape)", file, line)
        return parameters.map { _ in error }
    }
    return vectorJacobianProduct(
        of: [loss], cotangents: [Tensor(1).broadcast(to: loss.shape)], withRespectTo: parameters)
}

/// Sum over outputs of cotangent times Jacobian, for each parameter.
public func vectorJacobianProduct(
    of outputs: [Tensor], cotangents: [Tensor], withRespectTo parameters: [Tensor]
) -> [Tensor] {
    let order = topologicalOrder(of: outputs.map(\.node))
    let wanted = Set(parameters.map { ObjectIdentifier($0.node) })
    var reaches: Set<ObjectIdentifier> = []
    for node in order
    where wanted.contains(ObjectIdentifier(node))
        || node.inputs.contains(where: { reaches.contains(ObjectIdentifier($0)) })
    {
        reaches.insert(ObjectIdentifier(node))
    }
    var cotangent: [ObjectIdentifier: Tensor] = [:]
    func accumulate(_ value: Tensor, into node: Node) {
        let key = ObjectIdentifier(node)
        cotangent[key] = cotangent[key].map { $0 + value } ?? value
    }
    for (output, value) in zip(outputs, cotangents) { accumulate(value, into: output.node) }
    for node in order.reversed() {
        guard reaches.contains(ObjectIdentifier(node)), let value = cotangent[ObjectIdentifier(node)],
            node.inputs.contains(where: { reaches.contains(ObjectIdentifier($0)) })
        else { continue }
        for (input, contribution) in zip(node.inputs, pullback(node, value)) {
            guard let contribution, reaches.contains(ObjectIdentifier(input)) else { continue }
            accumulate(contribution, into: input)
        }
    }
    return parameters.map { cotangent[ObjectIdentifier($0.node)] ?? .zeros(like: $0) }
}

/// (d2 loss / d parameters2) . vector, by differentiating the product of gradient and vector.
public func hessianVectorProduct(of loss: Tensor, withRespectTo parameters: [Tensor], vector: [Tensor]) -> [Tensor] {
    let first = gradient(of: loss, withRespectTo: parameters)
    return gradient(of: dot(first, vector), withRespectTo: parameters)
}

/// Sum over corresponding tensors of the sum of their elementwise products.
public func dot(_ a: [Tensor], _ b: [Tensor]) -> Tensor {
    zip(a, b).reduce(Tensor(0)) { $0 + ($1.0 * $1.1).sum() }
}

/// The loss and its gradient with respect to every tensor of `model`, in the model's own shape.
public func valueAndGradient<Model: TensorContainer>(
    _ model: Model, file: StaticString = #fileID, line: UInt = #line, _ loss: (Model) -> Tensor
) -> (value: Tensor, gradient: Model) {
    let value = loss(model)
    return (value, model.replacingTensors(gradient(of: value, withRespectTo: model.tensors, file: file, line: line)))
}

/// Every node that `outputs` depend on, inputs before users, in an order fixed by the graph alone.
func topologicalOrder(of outputs: [Node]) -> [Node] {
    var order: [Node] = []
    var visited: Set<ObjectIdentifier> = []
    for output in outputs where visited.insert(ObjectIdentifier(output)).inserted {
        var stack: [(node: Node, next: Int)] = [(output, 0)]
        while let (node, next) = stack.last {
            if next == node.inputs.count {
                order.append(node)
                stack.removeLast()
            } else {
                stack[stack.count - 1].next += 1
                let input = node.inputs[next]
                if visited.insert(ObjectIdentifier(input)).inserted { stack.append((input, 0)) }
            }
        }
    }
    return order
}

/// What each input of `node` receives when `node` receives `g`; nil where the derivative is zero everywhere.
private func pullback(_ node: Node, _ g: Tensor) -> [Tensor?] {
    let inputs = node.inputs.map(Tensor.init)
    let output = Tensor(node)
    switch node.operation {
    case .placeholder, .variable, .constant, .invalid, .argmax, .stopGradient: return inputs.map { _ in nil }
    case .elementwise(let function): return pullback(function, inputs, output, g)
    case .broadcast:
        var result = g
        for axis in inputs[0].shape.indices where inputs[0].shape[axis] == 1 && node.shape[axis] != 1 {
            result = result.sum(axis: axis, keepingAxis: true)
        }
        return [result]
    case .reshape: return [g.reshaped(to: inputs[0].shape)]
    case .transpose(let order):
        var inverse = order
        for (position, axis) in order.enumerated() { inverse[axis] = position }
        return [Tensor(Node(.transpose(inverse), [g.node], shape: inputs[0].shape))]
    case .sum(let axis): return [g.restoring(axis, like: inputs[0])]
    case .maximum(let axis):
        let mask = inputs[0] .== output.restoring(axis, like: inputs[0])
        let ties = mask.sum(axis: axis).restoring(axis, like: inputs[0])
        return [g.restoring(axis, like: inputs[0]) * (mask / ties).stoppingGradient]
    case .matmul(let transposeA, let transposeB):
        let (a, b) = (inputs[0], inputs[1])
        return [
            transposeA
                ? matmul(b, g, transposeA: transposeB, transposeB: true)
                : matmul(g, b, transposeB: !transposeB),
            transposeB
                ? matmul(g, a, transposeA: true, transposeB: transposeA)
                : matmul(a, g, transposeA: !transposeA),
        ]
    case .gatherLast: return [g.scatteringLast(inputs[1], width: inputs[0].shape.last!), nil]
    case .scatterLast: return [g.gatheringLast(inputs[1]), nil]
    case .gatherRows: return [g.scatteringRows(inputs[1], count: inputs[0].shape[0]), nil]
    case .scatterRows: return [g.gatheringRows(inputs[1]), nil]
    case .concatenate(let axis):
        var start = 0
        return inputs.map { part in
            defer { start += part.shape[axis] }
            return g.sliced(axis: axis, start, start + part.shape[axis])
        }
    case .slice(let axis, let start):
        let after = inputs[0].shape[axis] - start - node.shape[axis]
        return [g.padded(axis: axis, before: start, after: after)]
    case .pad(let axis, let before): return [g.sliced(axis: axis, before, before + inputs[0].shape[axis])]
    case .cumulativeSum(let reverse): return [g.cumulativeSum(reverse: !reverse)]
    }
}

private func pullback(_ function: Elementwise, _ x: [Tensor], _ y: Tensor, _ g: Tensor) -> [Tensor?] {
    let zero = Tensor(0)
    switch function {
    case .copy: return [g]
    case .negate: return [-g]
    case .abs: return [g * x[0].sign]
    case .sign, .floor: return [nil]
    case .exp: return [g * y]
    case .log: return [g / x[0]]
    case .tanh: return [g * (1 - y * y)]
    case .sigmoid: return [g * (y * (1 - y))]
    case .softplus: return [g * sigmoid(x[0])]
    case .sqrt: return [g * 0.5 / y]
    case .reciprocal: return [-(g * (y * y))]
    case .sin: return [g * cos(x[0])]
    case .cos: return [-(g * sin(x[0]))]
    case .erf: return [g * (exp(-(x[0] * x[0])) * 1.128_379_2)]
    case .expm1: return [g * (y + 1)]
    case .log1p: return [g / (x[0] + 1)]
    case .add: return [g, g]
    case .subtract: return [g, -g]
    case .multiply: return [g * x[1], g * x[0]]
    case .divide: return [g / x[1], -(g * y / x[1])]
    case .max:
        let first = x[1] .< x[0]
        return [select(first, g, zero), select(first, zero, g)]
    case .min:
        let first = x[0] .< x[1]
        return [select(first, g, zero), select(first, zero, g)]
    case .pow: return [g * (x[1] * pow(x[0], x[1] - 1)), g * (y * log(x[0]))]
    case .less, .lessEqual, .equal: return [nil, nil]
    case .select: return [nil, select(x[0], g, zero), select(x[0], zero, g)]
    case .fma: return [g * x[1], g * x[0], g]
    }
}

extension Tensor {
    /// Puts back an axis that a reduction removed, repeated to `other`'s extent.
    fileprivate func restoring(_ axis: Int, like other: Tensor) -> Tensor {
        var shape = self.shape
        shape.insert(1, at: axis)
        return reshaped(to: shape).broadcast(to: other.shape)
    }
}
