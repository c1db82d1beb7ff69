extension Tensor {
    /// Sum over `axis` (negative counts from the end), which disappears unless kept with extent 1.
    public func sum(
        axis: Int, keepingAxis: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor { reduced("sum", axis, keepingAxis, file, line) { .sum(axis: $0) } }

    public func maximum(
        axis: Int, keepingAxis: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor { reduced("maximum", axis, keepingAxis, file, line) { .maximum(axis: $0) } }

    public func mean(
        axis: Int, keepingAxis: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        let extent = normalized(axis).map { shape[$0] } ?? 1
        return sum(axis: axis, keepingAxis: keepingAxis, file: file, line: line) / Float(extent)
    }

    /// Sum of all elements.
    public func sum() -> Tensor { rank == 0 ? self : reshaped(count).sum(axis: 0) }
    public func mean() -> Tensor { sum() / Float(Swift.max(1, count)) }
    public func maximum() -> Tensor { rank == 0 ? self : reshaped(count).maximum(axis: 0) }

    /// Index of the first largest element along the last axis, as a whole float. Its gradient is zero.
    public func argmax(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        guard rank >= 1 else { return .invalid("argmax", "a number has no axis", file, line) }
        return Tensor(Node(.argmax, [node], shape: Array(shape.dropLast())))
    }

    /// Running sums along the last axis; from the end where `reverse`.
    public func cumulativeSum(
        reverse: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        guard rank >= 1 else { return .invalid("cumulativeSum", "a number has no axis", file, line) }
        return Tensor(Node(.cumulativeSum(reverse: reverse), [node], shape: shape))
    }

    /// log sum exp over the last axis, shifted by the maximum.
    public func logSumExp(keepingAxis: Bool = false) -> Tensor {
        let peak = maximum(axis: -1, keepingAxis: true).stoppingGradient
        let result = log(exp(self - peak).sum(axis: -1, keepingAxis: true)) + peak
        return keepingAxis ? result : result.reshaped(to: Array(shape.dropLast()))
    }

    /// Over the last axis.
    public func logSoftmax() -> Tensor { self - logSumExp(keepingAxis: true) }
    /// Over the last axis.
    public func softmax() -> Tensor { exp(logSoftmax()) }

    private func reduced(
        _ name: String, _ axis: Int, _ keeping: Bool, _ file: StaticString, _ line: UInt,
        _ operation: (Int) -> Operation
    ) -> Tensor {
        guard let axis = normalized(axis) else { return .invalid(name, "\(shape) has no axis \(axis)", file, line) }
        var result = shape
        result.remove(at: axis)
        let reduced = Tensor(Node(operation(axis), [node], shape: result))
        guard keeping else { return reduced }
        result.insert(1, at: axis)
        return reduced.reshaped(to: result)
    }
}

/// Matrix product [m, k] x [k, n], or of matching batches of matrices with one leading axis.
///
/// Every element accumulates over k in order by fused multiply-add, so the result has one value on every machine.
public func matmul(
    _ a: Tensor, _ b: Tensor, transposeA: Bool = false, transposeB: Bool = false, file: StaticString = #fileID,
    line: UInt = #line
) -> Tensor {
    guard a.rank == b.rank, a.rank == 2 || (a.rank == 3 && a.shape[0] == b.shape[0]) else {
        return .invalid("matmul", "\(a.shape) and \(b.shape) are not two matrices or two equal batches", file, line)
    }
    var (a, b, transposeA, transposeB) = (a, b, transposeA, transposeB)
    if a.node.operation == .transpose([1, 0]) || a.node.operation == .transpose([0, 2, 1]) {
        a = Tensor(a.node.inputs[0])
        transposeA.toggle()
    }
    if b.node.operation == .transpose([1, 0]) || b.node.operation == .transpose([0, 2, 1]) {
        b = Tensor(b.node.inputs[0])
        transposeB.toggle()
    }
    let (rows, inner) =
        transposeA ? (a.shape[a.rank - 1], a.shape[a.rank - 2]) : (a.shape[a.rank - 2], a.shape[a.rank - 1])
    let (depth, columns) =
        transposeB ? (b.shape[b.rank - 1], b.shape[b.rank - 2]) : (b.shape[b.rank - 2], b.shape[b.rank - 1])
    guard inner == depth else {
        return .invalid(
            "matmul",
            "inner extents differ: \(a.shape)\(transposeA ? " transposed" : "") and "
                + "\(b.shape)\(transposeB ? " transposed" : "")", file, line)
    }
    return Tensor(
        Node(
            .matmul(transposeA: transposeA, transposeB: transposeB), [a.node, b.node],
            shape: a.shape.dropLast(2) + [rows, columns]))
}
