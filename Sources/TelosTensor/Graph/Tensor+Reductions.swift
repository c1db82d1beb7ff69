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
        return Tensor(Node(.argmax, [node], shape: Array(shape.dropLast()), origin: .here(file, line)))
    }

    /// Running sums along the last axis; from the end where `reverse`.
    public func cumulativeSum(
        reverse: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        guard rank >= 1 else { return .invalid("cumulativeSum", "a number has no axis", file, line) }
        return Tensor(Node(.cumulativeSum(reverse: reverse), [node], shape: shape, origin: .here(file, line)))
    }

    /// log sum exp over the last axis, shifted by the maximum.
    public func logSumExp(
        keepingAxis: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        guard rank >= 1 else { return .invalid("logSumExp", "a number has no axis", file, line) }
        let rows = Array(shape.dropLast())
        let result = Tensor(Node(.logSumExp, [node], shape: rows, origin: .here(file, line)))
        return keepingAxis ? result.reshaped(to: rows + [1]) : result
    }

    /// x - log sum exp(x), over the last axis.
    public func logSoftmax(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        let normalizer = logSumExp(keepingAxis: true, file: file, line: line)
        return normalizer.error == nil ? self - normalizer : normalizer
    }

    /// exp(x) / sum exp(x), over the last axis.
    public func softmax(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        guard rank >= 1 else { return .invalid("softmax", "a number has no axis", file, line) }
        return Tensor(Node(.softmax, [node], shape: shape, origin: .here(file, line)))
    }

    private func reduced(
        _ name: String, _ axis: Int, _ keeping: Bool, _ file: StaticString, _ line: UInt,
        _ operation: (Int) -> Operation
    ) -> Tensor {
        guard let axis = normalized(axis) else { return .invalid(name, "\(shape) has no axis \(axis)", file, line) }
        var result = shape
        result.remove(at: axis)
        let reduced = Tensor(Node(operation(axis), [node], shape: result, origin: .here(file, line)))
        guard keeping else { return reduced }
        result.insert(1, at: axis)
        return reduced.reshaped(to: result)
    }
}

/// Matrix product [m, k] x [k, n], of matching batches of matrices [b..., m, k] x [b..., k, n], or of every matrix of a
/// batch with one: [b..., m, k] x [k, n].
///
/// Every element accumulates over k in order by fused multiply-add, so the result has one value on every machine.
public func matmul(
    _ a: Tensor, _ b: Tensor, transposeA: Bool = false, transposeB: Bool = false, file: StaticString = #fileID,
    line: UInt = #line
) -> Tensor {
    if a.rank > 2, b.rank == 2, !transposeA {
        let rows = matmul(
            a.reshaped(a.shape.dropLast().reduce(1, *), a.shape[a.rank - 1]), b, transposeB: transposeB, file: file,
            line: line)
        return rows.error == nil ? rows.reshaped(to: a.shape.dropLast() + [rows.shape[1]]) : rows
    }
    guard a.rank == b.rank, a.rank >= 2, a.shape.dropLast(2) == b.shape.dropLast(2) else {
        return .invalid("matmul", "\(a.shape) and \(b.shape) are not two matrices or two equal batches", file, line)
    }
    if a.rank > 3 {
        func flattened(_ x: Tensor) -> Tensor {
            x.reshaped(x.shape.dropLast(2).reduce(1, *), x.shape[x.rank - 2], x.shape[x.rank - 1])
        }
        let products = matmul(
            flattened(a), flattened(b), transposeA: transposeA, transposeB: transposeB, file: file, line: line)
        return products.error == nil
            ? products.reshaped(to: a.shape.dropLast(2) + products.shape.dropFirst()) : products
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
            shape: a.shape.dropLast(2) + [rows, columns], origin: .here(file, line)))
}
