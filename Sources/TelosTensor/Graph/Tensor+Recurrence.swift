/// The first-order linear recurrence along `axis`: h[t] = coefficients[t] * h[t - 1] + inputs[t], one fused
/// multiply-add a step, in order; from the end where `reverse` (h[t] = coefficients[t] * h[t + 1] + inputs[t]).
///
/// `coefficients` broadcasts to the shape of `inputs`. `initial`, of that shape without `axis`, is what comes before
/// the first step; without it h begins as the first input. Discounted returns are the recurrence from the end of rewards
/// with the discount as coefficient; diagonal state-space layers are the recurrence of their states.
public func linearRecurrence(
    _ coefficients: Tensor, _ inputs: Tensor, initial: Tensor? = nil, axis: Int = 0, reverse: Bool = false,
    file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
    guard let along = inputs.normalized(axis) else {
        return .invalid("linearRecurrence", "\(inputs.shape) has no axis \(axis)", file, line)
    }
    guard Tensor.broadcastShape(coefficients.shape, inputs.shape) == inputs.shape else {
        return .invalid(
            "linearRecurrence", "coefficients \(coefficients.shape) do not broadcast to inputs \(inputs.shape)", file,
            line)
    }
    var state = inputs.shape
    state.remove(at: along)
    if let initial, Tensor.broadcastShape(initial.shape, state) != state {
        return .invalid("linearRecurrence", "initial \(initial.shape) does not broadcast to \(state)", file, line)
    }
    var operands = [coefficients.broadcast(to: inputs.shape).node, inputs.node]
    if let initial { operands.append(initial.broadcast(to: state).node) }
    return Tensor(
        Node(
            .linearRecurrence(axis: along, reverse: reverse), operands, shape: inputs.shape,
            origin: .here(file, line)))
}

extension Tensor {
    /// Running products along the last axis, in order; the gradient holds where elements are zero.
    public func cumulativeProduct(
        reverse: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        guard rank >= 1 else { return .invalid("cumulativeProduct", "a number has no axis", file, line) }
        return linearRecurrence(
            self, .zeros(like: self), initial: Tensor(1), axis: -1, reverse: reverse, file: file, line: line)
    }
}

/// With l[t] = g[t] + a[t + 1] l[t + 1]: the inputs receive l[t], the coefficients l[t] h[t - 1], what came before
/// a[0] l[0]. Each is a recurrence or a product again.
func linearRecurrencePullback(
    _ inputs: [Tensor], _ output: Tensor, _ g: Tensor, axis: Int, reverse: Bool
) -> [Tensor?] {
    let a = inputs[0], count = output.shape[axis]
    guard count > 0 else { return inputs.indices.map { $0 == 2 ? g.sum(axis: axis) : g } }
    /// The first step in the order of the recurrence, and all but the first or the last.
    func first(_ x: Tensor) -> Tensor { reverse ? x.sliced(axis: axis, count - 1, count) : x.sliced(axis: axis, 0, 1) }
    func dropFirst(_ x: Tensor) -> Tensor {
        reverse ? x.sliced(axis: axis, 0, count - 1) : x.sliced(axis: axis, 1, count)
    }
    func dropLast(_ x: Tensor) -> Tensor {
        reverse ? x.sliced(axis: axis, 1, count) : x.sliced(axis: axis, 0, count - 1)
    }
    let following = dropFirst(a).padded(axis: axis, before: reverse ? 1 : 0, after: reverse ? 0 : 1)
    let received = linearRecurrence(following, g, axis: axis, reverse: !reverse)
    guard inputs.count > 2 else {
        let preceding = dropLast(output).padded(axis: axis, before: reverse ? 0 : 1, after: reverse ? 1 : 0)
        return [received * preceding, received]
    }
    var extended = output.shape
    extended[axis] = 1
    let initial = inputs[2].reshaped(to: extended), kept = dropLast(output)
    let preceding = Tensor.concatenate(reverse ? [kept, initial] : [initial, kept], axis: axis)
    let before = (first(a) * first(received)).reshaped(to: inputs[2].shape)
    return [received * preceding, received, before]
}
