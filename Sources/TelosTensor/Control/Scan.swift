/// A loop of a fixed number of steps, written out while tracing: carry <- body(carry, step).
///
/// Differentiable to any order, since the graph holds every step. Compile time and memory grow with `count`; wrap the
/// body in `checkpointed` to keep only the carries.
public func scan<Carry: TensorContainer>(count: Int, initial: Carry, body: (Carry, Int) -> Carry) -> Carry {
    (0..<Swift.max(0, count)).reduce(initial) { body($0, $1) }
}

/// A loop over the leading axis of time-major arrays: (carry, y_t) = body(carry, x_t, t).
///
/// - Parameters:
///   - inputs: arrays [time, ...]; the body sees [...]. All have the same time extent.
///   - initial: what the first step carries in.
/// - Returns: what the last step carries out, and the outputs stacked to [time, ...].
public func scan<Carry: TensorContainer, Inputs: TensorContainer, Outputs: TensorContainer>(
    over inputs: Inputs, initial: Carry, file: StaticString = #fileID, line: UInt = #line,
    body: (Carry, Inputs, Int) -> (Carry, Outputs)
) -> (carry: Carry, outputs: Outputs) {
    let sequences = inputs.tensors
    let extents = Set(sequences.map { $0.shape.first ?? 0 })
    var carry = initial
    guard extents.count == 1, let count = extents.first, count > 0 else {
        let shapes = sequences.map { "\($0.shape)" }.joined(separator: ", ")
        let error = Tensor.invalid("scan", "the inputs \(shapes) need one common time extent above 0", file, line)
        let (_, outputs) = body(initial, inputs, 0)
        return (initial.mapTensors { _ in error }, outputs.mapTensors { _ in error })
    }
    var steps: [Outputs] = []
    for time in 0..<count {
        let (next, output) = body(carry, inputs.mapTensors { $0.element(time) }, time)
        carry = next
        steps.append(output)
    }
    let columns = steps.map(\.tensors)
    let stacked = columns[0].indices.map { slot in Tensor.stack(columns.map { $0[slot] }) }
    return (carry, steps[0].replacingTensors(stacked))
}

extension Tensor {
    /// The part at `index` of the leading axis, which disappears.
    public func element(_ index: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        sliced(axis: 0, index, index + 1, file: file, line: line).reshaped(to: Array(shape.dropFirst()))
    }

    /// Equal shapes [...] -> [count, ...].
    public static func stack(_ parts: [Tensor], file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        concatenate(parts.map { $0.reshaped(to: [1] + $0.shape) }, axis: 0, file: file, line: line)
    }
}
