extension Tensor {
    /// The same elements in another shape; one extent may be -1 and is inferred.
    public func reshaped(to newShape: [Int], file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        var shape = newShape
        if let free = shape.firstIndex(of: -1) {
            let rest = shape.enumerated().reduce(1) { $1.offset == free ? $0 : $0 * $1.element }
            if rest > 0 { shape[free] = count / rest }
        }
        guard shape.allSatisfy({ $0 >= 0 }), shape.reduce(1, *) == count else {
            return .invalid("reshaped", "\(self.shape) does not have as many elements as \(newShape)", file, line)
        }
        if shape == self.shape { return self }
        if node.operation == .reshape { return Tensor(node.inputs[0]).reshaped(to: shape) }
        return Tensor(Node(.reshape, [node], shape: shape, origin: .here(file, line)))
    }

    public func reshaped(_ shape: Int..., file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        reshaped(to: shape, file: file, line: line)
    }

    /// Repeats extents of 1 (and missing leading axes) up to `target`.
    public func broadcast(to target: [Int], file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        if shape == target { return self }
        guard Tensor.broadcastShape(shape, target) == target else {
            return .invalid("broadcast", "\(shape) does not broadcast to \(target)", file, line)
        }
        let aligned = reshaped(to: Array(repeating: 1, count: target.count - rank) + shape)
        if aligned.shape == target { return aligned }
        if aligned.node.operation == .broadcast { return Tensor(Node(.broadcast, aligned.node.inputs, shape: target)) }
        return Tensor(Node(.broadcast, [aligned.node], shape: target))
    }

    /// Axes in another order; without arguments, the last two change places.
    public func transposed(_ axes: Int..., file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        var order = axes
        if order.isEmpty {
            guard rank >= 2 else { return .invalid("transposed", "\(shape) has fewer than two axes", file, line) }
            order = Array(0..<rank)
            order.swapAt(rank - 1, rank - 2)
        }
        guard order.sorted() == Array(0..<rank) else {
            return .invalid("transposed", "\(axes) is not an order of the axes of \(shape)", file, line)
        }
        if order == Array(0..<rank) { return self }
        return Tensor(Node(.transpose(order), [node], shape: order.map { shape[$0] }, origin: .here(file, line)))
    }

    /// Elements `start ..< end` along `axis` (negative axes count from the end).
    public func sliced(
        axis: Int, _ start: Int, _ end: Int, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        guard let axis = normalized(axis), start >= 0, start <= end, end <= shape[axis] else {
            return .invalid("sliced", "\(start)..<\(end) along axis \(axis) is outside the shape \(shape)", file, line)
        }
        if start == 0, end == shape[axis] { return self }
        var result = shape
        result[axis] = end - start
        return Tensor(Node(.slice(axis: axis, start: start), [node], shape: result, origin: .here(file, line)))
    }

    /// Zeros before and after along `axis`.
    public func padded(
        axis: Int, before: Int, after: Int, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        guard let axis = normalized(axis), before >= 0, after >= 0 else {
            return .invalid("padded", "axis \(axis) by (\(before), \(after)) does not suit \(shape)", file, line)
        }
        if before == 0, after == 0 { return self }
        var result = shape
        result[axis] += before + after
        return Tensor(Node(.pad(axis: axis, before: before), [node], shape: result, origin: .here(file, line)))
    }

    public static func concatenate(
        _ parts: [Tensor], axis: Int, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        guard let first = parts.first else { return .invalid("concatenate", "there is nothing to join", file, line) }
        guard let axis = first.normalized(axis) else {
            return .invalid("concatenate", "\(first.shape) has no axis \(axis)", file, line)
        }
        if parts.count == 1 { return first }
        var result = first.shape
        result[axis] = 0
        for part in parts {
            var (a, b) = (part.shape, first.shape)
            guard a.count == b.count else {
                return .invalid("concatenate", "\(part.shape) and \(first.shape) differ in rank", file, line)
            }
            result[axis] += a[axis]
            a[axis] = 0
            b[axis] = 0
            guard a == b else {
                return .invalid(
                    "concatenate", "\(part.shape) and \(first.shape) differ off axis \(axis)", file, line)
            }
        }
        return Tensor(Node(.concatenate(axis: axis), parts.map(\.node), shape: result, origin: .here(file, line)))
    }

    /// The elements at `indices` of the last axis: x[b..., k], indices[b...] -> [b...]. Indices are whole floats; one
    /// outside 0 ..< k gives 0.
    public func gatheringLast(_ indices: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        guard rank >= 1, Array(shape.dropLast()) == indices.shape else {
            return .invalid(
                "gatheringLast", "indices of shape \(indices.shape) do not suit the rows of \(shape)", file, line)
        }
        return Tensor(Node(.gatherLast, [node, indices.node], shape: indices.shape, origin: .here(file, line)))
    }

    /// The adjoint of `gatheringLast`: [b...] -> [b..., width], zero except at `indices`.
    public func scatteringLast(
        _ indices: Tensor, width: Int, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        guard shape == indices.shape else {
            return .invalid("scatteringLast", "\(shape) and indices \(indices.shape) differ", file, line)
        }
        return Tensor(Node(.scatterLast, [node, indices.node], shape: shape + [width], origin: .here(file, line)))
    }

    /// Rows of a table: self[v, d], indices[b] -> [b, d]. An index outside 0 ..< v gives a row of zeros.
    public func gatheringRows(_ indices: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        guard rank == 2, indices.rank == 1 else {
            return .invalid(
                "gatheringRows", "needs a table [v, d] and indices [b], not \(shape) and \(indices.shape)", file, line)
        }
        return Tensor(
            Node(
                .gatherRows, [node, indices.node], shape: [indices.shape[0], shape[1]], origin: .here(file, line)))
    }

    /// The adjoint of `gatheringRows`: rows [b, d] added into a table of `count` rows.
    public func scatteringRows(
        _ indices: Tensor, count: Int, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        guard rank == 2, indices.shape == [shape[0]] else {
            return .invalid("scatteringRows", "rows \(shape) and indices \(indices.shape) do not match", file, line)
        }
        return Tensor(Node(.scatterRows, [node, indices.node], shape: [count, shape[1]], origin: .here(file, line)))
    }

    /// [b...] of whole floats -> [b..., width] of zeros and ones.
    public func oneHot(_ width: Int) -> Tensor { Tensor(1).broadcast(to: shape).scatteringLast(self, width: width) }

    /// The axis counted from the front; nil where there is none.
    func normalized(_ axis: Int) -> Int? {
        let index = axis < 0 ? axis + rank : axis
        return (0..<rank).contains(index) ? index : nil
    }
}
