/// What a node receives from its consumers during reverse accumulation, joined where joining is cheaper than adding.
///
/// - Slices of one node (the steps of an unrolled loop) become one concatenation rather than a sum of padded arrays.
/// - Products a_t^T g_t (a weight used at every step) become one product of the stacked factors: their sum is
///   [a_1; a_2; ...]^T [g_1; g_2; ...].
struct Cotangent {
    private var sum: Tensor?
    private var slices: [(axis: Int, start: Int, value: Tensor)] = []
    private var products: [Tensor] = []

    init(_ sum: Tensor? = nil) { self.sum = sum }

    mutating func add(_ value: Tensor) {
        if value.node.operation == .matmul(transposeA: true, transposeB: false), value.rank == 2 {
            products.append(value)
        } else {
            sum = sum.map { $0 + value } ?? value
        }
    }

    mutating func add(_ value: Tensor, axis: Int, start: Int) { slices.append((axis, start, value)) }

    func resolved(like node: Node) -> Tensor? {
        var terms = sum.map { [$0] } ?? []
        for axis in Set(slices.map(\.axis)).sorted() {
            terms += joined(slices.filter { $0.axis == axis }.map { ($0.start, $0.value) }, axis, node.shape[axis])
        }
        terms += joinedProducts()
        return terms.dropFirst().reduce(terms.first) { $0! + $1 }
    }

    /// The parts side by side, with zeros between them; padded to the full extent one by one where they overlap.
    private func joined(_ parts: [(start: Int, value: Tensor)], _ axis: Int, _ extent: Int) -> [Tensor] {
        let sorted = parts.enumerated().sorted { ($0.element.start, $0.offset) < ($1.element.start, $1.offset) }
        var pieces: [Tensor] = []
        var end = 0
        for (_, part) in sorted {
            guard part.start >= end else {
                return parts.map { start, value in
                    value.padded(axis: axis, before: start, after: extent - start - value.shape[axis])
                }
            }
            if part.start > end { pieces.append(Self.zeros(part.value.shape, axis, part.start - end)) }
            pieces.append(part.value)
            end = part.start + part.value.shape[axis]
        }
        if parts.count == 1 {
            let (start, value) = parts[0]
            return [value.padded(axis: axis, before: start, after: extent - end)]
        }
        if end < extent { pieces.append(Self.zeros(parts[0].value.shape, axis, extent - end)) }
        guard axis == 0, pieces[0].rank > 1, let width = pieces[0].shape.last, width > 0 else {
            return [Tensor.concatenate(pieces, axis: axis)]
        }
        // As rows, so that a product stacking the same pieces finds the array made.
        let shape = [extent] + pieces[0].shape.dropFirst()
        return [Tensor.concatenate(pieces.map { $0.reshaped(-1, width) }, axis: 0).reshaped(to: shape)]
    }

    private static func zeros(_ shape: [Int], _ axis: Int, _ extent: Int) -> Tensor {
        var shape = shape
        shape[axis] = extent
        return Tensor(0).broadcast(to: shape)
    }

    /// Stacking copies the factors, adding reads and writes results: the smaller traffic decides.
    private func joinedProducts() -> [Tensor] {
        guard products.count > 1, let first = products.first else { return products }
        // Reverse accumulation meets the last step first.
        let factors = products.reversed().map { (Tensor($0.node.inputs[0]), Tensor($0.node.inputs[1])) }
        let rows = factors.reduce(0) { $0 + $1.0.shape[0] }
        let (height, width) = (first.shape[0], first.shape[1])
        guard rows * (height + width) < 2 * products.count * height * width else { return products }
        return [matmul(Self.stacked(factors.map(\.0)), Self.stacked(factors.map(\.1)), transposeA: true)]
    }

    /// Rows one below the other; where they are all the rows of one array in order, that array.
    private static func stacked(_ parts: [Tensor]) -> Tensor {
        func source(_ part: Tensor) -> (node: Node, start: Int)? {
            var node = part.node
            if case .reshape = node.operation { node = node.inputs[0] }
            guard case .slice(axis: 0, let start) = node.operation else { return nil }
            let rows = node.inputs[0].count / Swift.max(1, part.shape[1])
            let scale = rows / Swift.max(1, node.inputs[0].shape[0])
            return rows * part.shape[1] == node.inputs[0].count ? (node.inputs[0], start * scale) : nil
        }
        func whole(_ parts: [Tensor]) -> Tensor? {
            guard let first = parts.first, let (node, _) = source(first) else { return nil }
            var next = 0
            for part in parts {
                guard let (other, start) = source(part), other === node, start == next else { return nil }
                next += part.shape[0]
            }
            return next * first.shape[1] == node.count ? Tensor(node).reshaped(next, first.shape[1]) : nil
        }
        return whole(parts) ?? Tensor.concatenate(parts, axis: 0)
    }
}
