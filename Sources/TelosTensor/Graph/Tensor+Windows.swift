extension Tensor {
    /// What a window sees at each of its positions: [n, height, width, c] -> [n, rows, columns, y * x * c], a patch
    /// row by row with its channels last. Samples outside the picture are `fill`.
    ///
    /// The axes are named once for the picture: `rows` slides over its height, `columns` over its width.
    public func unfolded(
        rows: Window, columns: Window, fill: Float = 0, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        guard rank == 4 else {
            return .invalid("unfolded", "needs pictures [n, height, width, channels], not \(shape)", file, line)
        }
        if let mistake = rows.mistake(over: shape[1]) { return .invalid("unfolded", "rows: \(mistake)", file, line) }
        if let mistake = columns.mistake(over: shape[2]) {
            return .invalid("unfolded", "columns: \(mistake)", file, line)
        }
        if rows.isIdentity, columns.isIdentity { return self }
        return Tensor(
            Node(
                .unfold(rows: rows, columns: columns, fill: fill), [node],
                shape: [
                    shape[0], rows.count(over: shape[1]), columns.count(over: shape[2]),
                    rows.size * columns.size * shape[3],
                ], origin: .here(file, line)))
    }

    /// The adjoint of `unfolded`: every sample of every patch added to its place in a picture of `height` and `width`,
    /// in the order of the patches: [n, rows, columns, y * x * c] -> [n, height, width, c].
    public func folded(
        rows: Window, columns: Window, height: Int, width: Int, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        guard rank == 4 else {
            return .invalid("folded", "needs patches [n, rows, columns, patch], not \(shape)", file, line)
        }
        if let mistake = rows.mistake(over: height) { return .invalid("folded", "rows: \(mistake)", file, line) }
        if let mistake = columns.mistake(over: width) { return .invalid("folded", "columns: \(mistake)", file, line) }
        let positions = [rows.count(over: height), columns.count(over: width)]
        guard Array(shape[1...2]) == positions, shape[3].isMultiple(of: rows.size * columns.size) else {
            return .invalid(
                "folded",
                "\(shape) does not hold \(positions[0]) x \(positions[1]) patches of \(rows.size) x \(columns.size)",
                file, line)
        }
        if rows.isIdentity, columns.isIdentity { return self }
        return Tensor(
            Node(
                .fold(rows: rows, columns: columns), [node],
                shape: [shape[0], height, width, shape[3] / (rows.size * columns.size)], origin: .here(file, line)))
    }
}

/// Two-dimensional convolution (cross-correlation, as is usual in networks): x [n, height, width, in] and weight
/// [kernel height, kernel width, in, out] -> [n, rows, columns, out].
///
/// y[n, r, c, o] = sum over i, j, k in order of x[n, r * stride + i * dilation - padding, c * stride + j * dilation -
/// padding, k] * weight[i, j, k, o].
public func convolution2D(
    _ x: Tensor, _ weight: Tensor, stride: Int = 1, padding: Padding = .none, dilation: Int = 1,
    file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
    for operand in [x, weight] where operand.error != nil { return operand }
    guard x.rank == 4, weight.rank == 4, x.shape[3] == weight.shape[2] else {
        return .invalid(
            "convolution2D",
            "needs pictures [n, height, width, in] and weights [height, width, in, out], not \(x.shape) and "
                + "\(weight.shape)", file, line)
    }
    let patches = x.unfolded(
        rows: Window(size: weight.shape[0], stride: stride, padding: padding, dilation: dilation),
        columns: Window(size: weight.shape[1], stride: stride, padding: padding, dilation: dilation), file: file,
        line: line)
    if patches.error != nil { return patches }
    let outputs = weight.shape[3], patch = patches.shape[3]
    return matmul(
        patches.reshaped(patches.count / max(patch, 1), patch), weight.reshaped(patch, outputs), file: file, line: line
    ).reshaped(to: patches.shape.dropLast() + [outputs])
}

/// One-dimensional convolution: x [n, time, in] and weight [kernel, in, out] -> [n, positions, out].
/// `padding: .causal` lets a position see nothing later than itself.
public func convolution1D(
    _ x: Tensor, _ weight: Tensor, stride: Int = 1, padding: Padding = .none, dilation: Int = 1,
    file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
    for operand in [x, weight] where operand.error != nil { return operand }
    guard x.rank == 3, weight.rank == 3, x.shape[2] == weight.shape[1] else {
        return .invalid(
            "convolution1D",
            "needs series [n, time, in] and weights [kernel, in, out], not \(x.shape) and \(weight.shape)", file, line)
    }
    let patches = x.reshaped(x.shape[0], 1, x.shape[1], x.shape[2]).unfolded(
        rows: Window(size: 1),
        columns: Window(size: weight.shape[0], stride: stride, padding: padding, dilation: dilation), file: file,
        line: line)
    if patches.error != nil { return patches }
    let outputs = weight.shape[2], patch = patches.shape[3]
    return matmul(
        patches.reshaped(patches.count / max(patch, 1), patch), weight.reshaped(patch, outputs), file: file, line: line
    ).reshaped(x.shape[0], patches.shape[2], outputs)
}

/// The largest of each channel under a square window: [n, height, width, c] -> [n, rows, columns, c]. The stride is the
/// window's size unless given. Where several are largest, each receives an equal part of the gradient.
public func maximumPooling2D(
    _ x: Tensor, size: Int, stride: Int? = nil, padding: Padding = .none, file: StaticString = #fileID,
    line: UInt = #line
) -> Tensor {
    pooled(x, size, stride, padding, fill: -.infinity, file, line) { $0.maximum(axis: 3) }
}

/// The mean of each channel under a square window, zeros of the padding included: [n, height, width, c] ->
/// [n, rows, columns, c]. The stride is the window's size unless given.
public func averagePooling2D(
    _ x: Tensor, size: Int, stride: Int? = nil, padding: Padding = .none, file: StaticString = #fileID,
    line: UInt = #line
) -> Tensor {
    pooled(x, size, stride, padding, fill: 0, file, line) { $0.mean(axis: 3) }
}

/// Patches [n, rows, columns, size * size, c], reduced.
private func pooled(
    _ x: Tensor, _ size: Int, _ stride: Int?, _ padding: Padding, fill: Float, _ file: StaticString, _ line: UInt,
    _ reduce: (Tensor) -> Tensor
) -> Tensor {
    let window = Window(size: size, stride: stride ?? size, padding: padding)
    if Swift.max(window.before, window.after) >= Swift.max(size, 1) {
        return .invalid("pooling", "a window of \(size) would see nothing but padding \(padding)", file, line)
    }
    let patches = x.unfolded(rows: window, columns: window, fill: fill, file: file, line: line)
    if patches.error != nil { return patches }
    return reduce(patches.reshaped(to: patches.shape.dropLast() + [size * size, x.shape[3]]))
}
