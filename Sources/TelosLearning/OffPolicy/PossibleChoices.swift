import TelosTensor

/// Which of several discrete choices are possible in each row.
struct PossibleChoices {
    var count: Int
    /// [rows, count], 1 where a choice is possible; nil where all are. A row without any counts as one with all.
    var mask: UnsafeBufferPointer<Float>?

    /// A possible choice of `row`, each as likely as another.
    func random(_ row: Int, using random: inout RandomStream) -> Float {
        let possible = mask.map { mask in (0..<count).filter { mask[row * count + $0] != 0 } } ?? []
        return Float(possible.isEmpty ? random.index(below: count) : possible[random.index(below: possible.count)])
    }

    /// Puts a random choice in the place of a share `epsilon` of `actions`.
    func explore(
        _ actions: UnsafeMutableBufferPointer<Float>, epsilon: Double, using random: inout RandomStream
    ) {
        for row in actions.indices where random.uniform() < epsilon { actions[row] = self.random(row, using: &random) }
    }
}

extension Tensor {
    /// A mask [rows, choices] in which a row without a possible choice has all of them.
    var neverEmpty: Tensor { self + (1 - maximum(axis: -1, keepingAxis: true)) }

    /// Values [rows, choices] of which those of impossible choices are never the largest.
    /// - mask: [rows, choices]; nil where all are possible.
    func restricted(to mask: Tensor?) -> Tensor { mask.map { select($0.neverEmpty, self, Tensor(-3e38)) } ?? self }
}
