import Testing

@testable import TelosTensor

/// What fusion computes together must have the bits of the operations one by one.
@Suite struct FusionTests {
    private func fill(_ program: Program, seed: Int) {
        for index in program.inputBuffers.indices {
            var random = RandomKey(seed: seed).derived("input", index).stream
            random.fillNormal(program.input(index))
        }
    }

    /// Runs the graph fused and with every operation a step of its own; gives the fused program.
    @discardableResult
    private func check(_ inputs: [Tensor], _ outputs: [Tensor], _ label: String) throws -> Program {
        for set in InstructionSet.allCases where set.isAvailable {
            let fused = try Program(inputs: inputs, outputs: outputs, instructionSet: set, checks: [])
            let single = try Program(inputs: inputs, outputs: outputs, instructionSet: set, checks: .nonFinite)
            fill(fused, seed: 4)
            fill(single, seed: 4)
            fused.run()
            single.run()
            for index in outputs.indices {
                #expect(
                    fused.output(index).map(\.bitPattern) == single.output(index).map(\.bitPattern),
                    "\(label), output \(index), \(set)")
            }
        }
        return try Program(inputs: inputs, outputs: outputs, checks: [])
    }

    @Test func pairsKeepTheirRoundings() throws {
        let (a, b, c) = (Tensor(placeholder: 300), Tensor(placeholder: 300), Tensor(placeholder: 300))
        let pairs: [(String, Tensor)] = [
            ("a b + c", a * b + c), ("c + a b", c + a * b), ("a b - c", a * b - c), ("c - a b", c - a * b),
            ("a b c", a * b * c), ("a b / c", a * b / c), ("c / (a b)", c / (a * b)), ("a + b + c", a + b + c),
            ("(a + b) c", (a + b) * c), ("(a - b) c", (a - b) * c), ("b + (a - b) c", b + (a - b) * c),
            ("(a - b) c + b", (a - b) * c + b), ("a + (a - b) c", a + (a - b) * c),
            ("sqrt(|a| |a|) + c", sqrt(abs(a) * abs(a)) + c), ("a - b - c", a - b - c), ("a - (b - c)", a - (b - c)),
            ("a a + a", a * a + a), ("shared", (a * b) + (a * b) * c),
        ]
        for (label, value) in pairs {
            #expect(try check([a, b, c], [value], label).instructionCount == 1, "\(label)")
        }
        try check([a, b, c], [a * b, a * b + c], "a product that is also an output")
    }

    @Test func productsAddTheirBias() throws {
        for (rows, columns) in [(1, 1), (1, 20), (7, 1), (9, 2), (64, 6), (33, 40)] {
            let x = Tensor(placeholder: rows, 5), w = Tensor(placeholder: 5, columns), b = Tensor(placeholder: columns)
            let program = try check([x, w, b], [matmul(x, w) + b], "\(rows) x \(columns)")
            #expect(program.instructionCount == 1, "\(rows) x \(columns)")
            let product = matmul(x, w)
            try check([x, w, b], [product + b, product], "the product itself is wanted")
            try check([x, w, b], [b + product, (b + product) * 2], "the sum has two readers")
            try check([x, w, b], [product + exp(b)], "a bias that is computed")
        }
        let square = Tensor(placeholder: 6, 6), column = Tensor(placeholder: 6, 1), row = Tensor(placeholder: 6)
        try check([square, column, row], [matmul(square, square) + column], "one value a row is no bias")
        try check([square, column, row], [matmul(square, square) + row + column], "a bias and a column")
        let batch = Tensor(placeholder: 3, 4, 6)
        let weights = Tensor(placeholder: 3, 6, 6)
        try check([batch, weights, row], [matmul(batch, weights) + row], "a batch of products")
    }

    @Test func sumsSquare() throws {
        let x = Tensor(placeholder: 9, 70), y = Tensor(placeholder: 70)
        #expect(try check([x], [x.squared.sum()], "all").instructionCount == 1)
        try check([x], [x.squared.sum(axis: 0), x.squared.sum(axis: 1)], "each axis of one square")
        try check([x], [exp(x).squared.sum(axis: 0)], "down the columns")
        try check([x, y], [(x - y).squared.sum(), (x - y).squared.mean(axis: 1)], "of a chain")
        try check([x, y], [y.broadcast(to: [9, 70]).squared.sum(), x.sum()], "of a broadcast")
        try check([x], [x.squared, x.squared.sum()], "the square itself is wanted")
    }
}
