extension Tensor {
    /// The indices, as whole floats, that sort the last axis. Equal elements keep their order and NaN comes last, in
    /// both directions. Its gradient is zero.
    public func argsort(
        descending: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        guard let width = shape.last, width <= 1 << 24 else {
            return .invalid("argsort", "needs a last axis of at most 2^24 elements, not \(shape)", file, line)
        }
        return Tensor(Node(.argsort(descending: descending), [node], shape: shape, origin: .here(file, line)))
    }

    /// The last axis in ascending order, NaN last. The gradient goes to the element that was moved.
    public func sorted(
        descending: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        let order = argsort(descending: descending, file: file, line: line)
        return order.error == nil ? gatheringAlong(order, file: file, line: line) : order
    }

    /// The `count` largest of the last axis, largest first, with their indices as whole floats. Of equal elements the
    /// first is taken first; NaN only where there are not enough numbers. The gradient of the values goes to the
    /// elements they are.
    public func topK(
        _ count: Int, file: StaticString = #fileID, line: UInt = #line
    ) -> (values: Tensor, indices: Tensor) {
        guard let width = shape.last, (0...width).contains(count) else {
            let error = Tensor.invalid("topK", "\(shape) does not have \(count) elements in its last axis", file, line)
            return (error, error)
        }
        let order = argsort(descending: true, file: file, line: line)
        if order.error != nil { return (order, order) }
        let indices = order.sliced(axis: -1, 0, count)
        return (gatheringAlong(indices, file: file, line: line), indices)
    }

    /// The largest so far along the last axis; NaN from the first NaN on. The gradient goes to the first of the
    /// largest.
    public func cumulativeMaximum(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        guard let width = shape.last, width <= 1 << 24 else {
            return .invalid("cumulativeMaximum", "needs a last axis of at most 2^24 elements, not \(shape)", file, line)
        }
        let places = Tensor(Node(.cumulativeArgmax, [node], shape: shape, origin: .here(file, line)))
        return gatheringAlong(places, file: file, line: line)
    }

    /// Several elements of each row: x[b..., k], indices[b..., j] -> [b..., j]. Indices are whole floats; one outside
    /// 0 ..< k gives 0.
    public func gatheringAlong(_ indices: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        guard rank >= 1, rank == indices.rank, shape.dropLast() == indices.shape.dropLast() else {
            return .invalid(
                "gatheringAlong", "indices of shape \(indices.shape) do not suit the rows of \(shape)", file, line)
        }
        return Tensor(
            Node(.gatherAlong, [node, indices.node], shape: indices.shape, origin: .here(file, line)))
    }

    /// The adjoint of `gatheringAlong`: v[b..., j] added in order into rows of `width` zeros.
    public func scatteringAlong(
        _ indices: Tensor, width: Int, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        guard rank >= 1, shape == indices.shape, width >= 0 else {
            return .invalid(
                "scatteringAlong", "values \(shape), indices \(indices.shape) and width \(width) do not match", file,
                line)
        }
        return Tensor(
            Node(
                .scatterAlong, [node, indices.node], shape: shape.dropLast() + [width], origin: .here(file, line)))
    }
}
