/// The gradient of a scalar with respect to each of `parameters`, as a graph: it can be differentiated again, to any
/// order.
///
/// Reverse mode: the cotangent of each node is the sum, in a fixed order, of what its consumers pass back.
/// A parameter that `loss` does not depend on has a zero gradient; where `allowingUnused` is false, it is an error that
/// names the parameter, by `names` where given.
public func gradient(
    of loss: Tensor, withRespectTo parameters: [Tensor], allowingUnused: Bool = true, names: [String] = [],
    file: StaticString = #fileID, line: UInt = #line
) -> [Tensor] {
    guard loss.count == 1 else {
        let error = Tensor.invalid("gradient", "the loss must be one number, not \(loss.shape)", file, line)
        return parameters.map { _ in error }
    }
    let gradients = accumulatedCotangents(
        of: [loss], cotangents: [Tensor(1).broadcast(to: loss.shape)], withRespectTo: parameters)
    let missing = parameters.indices.filter { gradients[$0] == nil }
    guard !allowingUnused, !missing.isEmpty else {
        return zip(gradients, parameters).map { $0 ?? .zeros(like: $1) }
    }
    let error = Tensor.missingGradient(
        of: loss,
        withRespectTo: missing.map { (names.indices.contains($0) ? names[$0] : nil, $0, parameters[$0]) }, file, line)
    return gradients.map { $0 ?? error }
}

/// Sum over outputs of cotangent times Jacobian, for each parameter.
public func vectorJacobianProduct(
    of outputs: [Tensor], cotangents: [Tensor], withRespectTo parameters: [Tensor]
) -> [Tensor] {
    vectorJacobianProduct(of: outputs, cotangents: cotangents, withRespectTo: parameters, within: [])
}

/// As above; `boundary` are nodes whose own inputs count as constant.
func vectorJacobianProduct(
    of outputs: [Tensor], cotangents: [Tensor], withRespectTo parameters: [Tensor], within boundary: [Node]
) -> [Tensor] {
    let sums = accumulatedCotangents(
        of: outputs, cotangents: cotangents, withRespectTo: parameters, within: boundary)
    return zip(sums, parameters).map { $0 ?? .zeros(like: $1) }
}

/// As above, and nil for a parameter that nothing reaches.
private func accumulatedCotangents(
    of outputs: [Tensor], cotangents: [Tensor], withRespectTo parameters: [Tensor], within boundary: [Node] = []
) -> [Tensor?] {
    let boundary = Set(boundary.map(ObjectIdentifier.init))
    let order = topologicalOrder(of: outputs.map(\.node), stoppingAt: boundary)
    let wanted = Set(parameters.map { ObjectIdentifier($0.node) })
    var reaches: Set<ObjectIdentifier> = []
    func reachesThroughInputs(_ node: Node) -> Bool {
        !boundary.contains(ObjectIdentifier(node))
            && node.inputs.contains { reaches.contains(ObjectIdentifier($0)) }
    }
    for node in order where wanted.contains(ObjectIdentifier(node)) || reachesThroughInputs(node) {
        reaches.insert(ObjectIdentifier(node))
    }
    var cotangent: [ObjectIdentifier: Cotangent] = [:]
    for (output, value) in zip(outputs, cotangents) {
        cotangent[ObjectIdentifier(output.node), default: Cotangent()].add(value)
    }
    /// What each output of a checkpoint received.
    var received: [ObjectIdentifier: [Int: Tensor]] = [:]
    for node in order.reversed() {
        guard reaches.contains(ObjectIdentifier(node)), reachesThroughInputs(node),
            let value = Origin.differentiating(node, { cotangent[ObjectIdentifier(node)]?.resolved(like: node) })
        else { continue }
        cotangent[ObjectIdentifier(node)] = Cotangent(value)
        let contributions: [Tensor?]
        switch node.operation {
        case .checkpointOutput(let position):
            received[ObjectIdentifier(node.inputs[0]), default: [:]][position] = value
            cotangent[ObjectIdentifier(node.inputs[0])] = Cotangent(Tensor(0))
            continue
        case .checkpoint(let body):
            contributions = body.pullback(node, received[ObjectIdentifier(node)] ?? [:])
        case .slice(let axis, let start):
            cotangent[ObjectIdentifier(node.inputs[0]), default: Cotangent()].add(value, axis: axis, start: start)
            continue
        default: contributions = Origin.differentiating(node) { pullback(node, value) }
        }
        for (input, contribution) in zip(node.inputs, contributions) {
            guard let contribution, reaches.contains(ObjectIdentifier(input)) else { continue }
            cotangent[ObjectIdentifier(input), default: Cotangent()].add(contribution)
        }
    }
    return parameters.map { cotangent[ObjectIdentifier($0.node)]?.resolved(like: $0.node) }
}

/// (d2 loss / d parameters2) . vector, by differentiating the gradient with the vector as its cotangent. The vector may
/// itself depend on the parameters; it is not differentiated.
public func hessianVectorProduct(of loss: Tensor, withRespectTo parameters: [Tensor], vector: [Tensor]) -> [Tensor] {
    let first = gradient(of: loss, withRespectTo: parameters)
    return vectorJacobianProduct(of: first, cotangents: vector, withRespectTo: parameters)
}

/// Sum over corresponding tensors of the sum of their elementwise products.
public func dot(_ a: [Tensor], _ b: [Tensor]) -> Tensor {
    zip(a, b).reduce(Tensor(0)) { $0 + ($1.0 * $1.1).sum() }
}

/// The loss and its gradient with respect to every tensor of `model`, in the model's own shape.
///
/// A tensor that the loss does not depend on is an error that names it, since in a model it is nearly always a layer
/// that was left out; `allowingUnused` gives it a zero gradient instead.
public func valueAndGradient<Model: TensorContainer>(
    _ model: Model, allowingUnused: Bool = false, file: StaticString = #fileID, line: UInt = #line,
    _ loss: (Model) -> Tensor
) -> (value: Tensor, gradient: Model) {
    let value = loss(model)
    let gradients = gradient(
        of: value, withRespectTo: model.tensors, allowingUnused: allowingUnused, names: model.tensorNames, file: file,
        line: line)
    return (value, model.replacingTensors(gradients))
}

/// Every node that `outputs` depend on, inputs before users, in an order fixed by the graph alone.
/// Nodes in `boundary` are listed without what they depend on.
func topologicalOrder(of outputs: [Node], stoppingAt boundary: Set<ObjectIdentifier> = []) -> [Node] {
    var order: [Node] = []
    var visited: Set<ObjectIdentifier> = []
    for output in outputs where visited.insert(ObjectIdentifier(output)).inserted {
        var stack: [(node: Node, next: Int)] = [(output, 0)]
        while let (node, next) = stack.last {
            if next == node.inputs.count || (!boundary.isEmpty && boundary.contains(ObjectIdentifier(node))) {
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
    case .placeholder, .variable, .constant, .invalid, .argmax, .argsort, .cumulativeArgmax, .stopGradient:
        return inputs.map { _ in nil }
    case .elementwise(let function): return pullback(function, inputs, output, g)
    case .barrier: return [g] + Array(repeating: nil, count: inputs.count - 1)
    case .checkpoint, .checkpointOutput: return inputs.map { _ in nil }
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
    case .unfold(let rows, let columns, _):
        let shape = inputs[0].shape
        return [g.folded(rows: rows, columns: columns, height: shape[1], width: shape[2])]
    case .fold(let rows, let columns): return [g.unfolded(rows: rows, columns: columns)]
    case .softmax:
        return [output * (g - (g * output).sum(axis: -1, keepingAxis: true))]
    case .logSumExp:
        let axis = inputs[0].rank - 1
        return [g.restoring(axis, like: inputs[0]) * exp(inputs[0] - output.restoring(axis, like: inputs[0]))]
    case .gatherAlong: return [g.scatteringAlong(inputs[1], width: inputs[0].shape.last!), nil]
    case .scatterAlong: return [g.gatheringAlong(inputs[1]), nil]
    case .linearRecurrence(let axis, let reverse):
        return linearRecurrencePullback(inputs, output, g, axis: axis, reverse: reverse)
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
