import TelosTensor
import Testing

@Suite struct LinearProgramTests {
    @Test func solvesAKnownProblem() throws {
        // Maximise 3x + 5y with x <= 4, 2y <= 12, 3x + 2y <= 18: 36 at (2, 6) (Hillier and Lieberman).
        var program = try LinearProgram(minimizing: [-3, -5], variables: [.nonNegative, .nonNegative])
        try program.add([1, 0], .atMost(4))
        try program.add([0, 2], .atMost(12))
        try program.add([3, 2], .atMost(18))
        let solution = program.solved()
        #expect(solution.status == .optimal)
        #expect(abs(solution.objective + 36) < 1e-12)
        #expect(abs(solution.x[0] - 2) < 1e-12 && abs(solution.x[1] - 6) < 1e-12)
    }

    @Test func solvesProblemsThatCycleUnderDantzigsRule() throws {
        // Beale's example: optimum -1/20.
        var beale = try LinearProgram(
            minimizing: [-0.75, 150, -0.02, 6], variables: Array(repeating: .nonNegative, count: 4))
        try beale.add([0.25, -60, -0.04, 9], .atMost(0))
        try beale.add([0.5, -90, -0.02, 3], .atMost(0))
        try beale.add([0, 0, 1, 0], .atMost(1))
        let solution = beale.solved()
        #expect(solution.status == .optimal)
        #expect(abs(solution.objective + 0.05) < 1e-12)
        // Klee and Minty's cube of three dimensions: optimum 100^2.
        var cube = try LinearProgram(minimizing: [-100, -10, -1], variables: Array(repeating: .nonNegative, count: 3))
        try cube.add([1, 0, 0], .atMost(1))
        try cube.add([20, 1, 0], .atMost(100))
        try cube.add([200, 20, 1], .atMost(10_000))
        #expect(abs(cube.solved().objective + 10_000) < 1e-8)
    }

    @Test func statusesAreTold() throws {
        var impossible = try LinearProgram(minimizing: [1, 1], variables: [.nonNegative, .nonNegative])
        try impossible.add([1, 1], .atMost(1))
        try impossible.add([1, -1], .atLeast(2))
        #expect(impossible.solved().status == .infeasible)
        var endless = try LinearProgram(minimizing: [-1, 0], variables: [.nonNegative, .free])
        try endless.add([1, -1], .atMost(1))
        #expect(endless.solved().status == .unbounded)
        let crossed = try LinearProgram(minimizing: [1], variables: [.init(1, 0)])
        #expect(crossed.solved().status == .infeasible)
        var free = try LinearProgram(minimizing: [2, 3], variables: [.free, .free])
        try free.add([1, 1], .exactly(4))
        try free.add([1, -1], .init(-1, 2))
        let solution = free.solved()
        #expect(solution.status == .optimal)
        #expect(abs(solution.objective - 9) < 1e-12)  // (3, 1)
        #expect(throws: LinearAlgebraError.self) { try free.add([1], .free) }
        #expect(throws: LinearAlgebraError.self) { try LinearProgram(minimizing: [.nan], variables: [.free]) }
    }

    /// Every vertex is where n of the bounds hold with equality; the least objective over feasible ones is the optimum.
    @Test(arguments: 0..<300) func agreesWithEveryVertex(seed: Int) throws {
        var random = RandomKey(seed: seed).derived("linear programs").stream
        let n = 1 + random.index(below: 4)
        let m = random.index(below: 6)
        // Small whole numbers make ties and degenerate vertices common.
        func draw(_ random: inout RandomStream) -> Double { Double(random.index(below: 7)) - 3 }
        let objective = (0..<n).map { _ in draw(&random) }
        let variables = (0..<n).map { _ in
            let low = draw(&random)
            return LinearProgram.Bounds(low, low + Double(random.index(below: 5)))
        }
        var program = try LinearProgram(minimizing: objective, variables: variables)
        for _ in 0..<m {
            let row = (0..<n).map { _ in draw(&random) }
            let low = draw(&random)
            switch random.index(below: 4) {
            case 0: try program.add(row, .atLeast(low))
            case 1: try program.add(row, .atMost(low + 2))
            case 2: try program.add(row, .init(low, low + 3))
            default: try program.add(row, .init(low - 2, low + 6))
            }
        }
        let solution = program.solved()
        let best = leastVertex(program)
        if let best {
            #expect(solution.status == .optimal)
            #expect(abs(solution.objective - best) < 1e-8, "\(solution.objective) against \(best)")
            #expect(isFeasible(solution.x, program))
        } else {
            #expect(solution.status == .infeasible)
        }
    }

    /// At an optimum the dual program has the same value: checked on problems too large to enumerate.
    @Test(arguments: 0..<12) func strongDualityHolds(seed: Int) throws {
        var random = RandomKey(seed: seed).derived("duality").stream
        let (n, m) = (20 + random.index(below: 30), 10 + random.index(below: 40))
        let matrix = (0..<(m * n)).map { _ in random.uniform() < 0.5 ? random.normal() : 0 }
        // A feasible primal point and a feasible dual point make both programs bounded.
        let x0 = (0..<n).map { _ in random.uniform() }
        let y0 = (0..<m).map { _ in random.uniform() }
        let b = (0..<m).map { i in (0..<n).reduce(0) { $0 + matrix[i * n + $1] * x0[$1] } - random.uniform() }
        let c = (0..<n).map { j in (0..<m).reduce(0) { $0 + matrix[$1 * n + j] * y0[$1] } + random.uniform() }
        var primal = try LinearProgram(minimizing: c, variables: Array(repeating: .nonNegative, count: n))
        for i in 0..<m { try primal.add(Array(matrix[(i * n)..<((i + 1) * n)]), .atLeast(b[i])) }
        var dual = try LinearProgram(minimizing: b.map { -$0 }, variables: Array(repeating: .nonNegative, count: m))
        for j in 0..<n { try dual.add((0..<m).map { matrix[$0 * n + j] }, .atMost(c[j])) }
        let (first, second) = (primal.solved(), dual.solved())
        #expect(first.status == .optimal && second.status == .optimal)
        #expect(abs(first.objective + second.objective) < 1e-7 * (1 + abs(first.objective)))
        #expect(primal.solved().x == first.x)
    }
}

private func isFeasible(_ x: [Double], _ program: LinearProgram) -> Bool {
    let n = program.variableCount
    let tolerance = 1e-8
    for (value, bounds) in zip(x, program.variables)
    where value < bounds.lower - tolerance || value > bounds.upper + tolerance { return false }
    for (row, bounds) in program.rows.enumerated() {
        let value = (0..<n).reduce(0) { $0 + program.matrix[row * n + $1] * x[$1] }
        if value < bounds.lower - tolerance || value > bounds.upper + tolerance { return false }
    }
    return true
}

private func leastVertex(_ program: LinearProgram) -> Double? {
    let n = program.variableCount
    var planes: [(row: [Double], value: Double)] = []
    for (j, bounds) in program.variables.enumerated() {
        var unit = [Double](repeating: 0, count: n)
        unit[j] = 1
        planes.append((unit, bounds.lower))
        planes.append((unit, bounds.upper))
    }
    for (i, bounds) in program.rows.enumerated() {
        let row = Array(program.matrix[(i * n)..<((i + 1) * n)])
        if bounds.lower.isFinite { planes.append((row, bounds.lower)) }
        if bounds.upper.isFinite { planes.append((row, bounds.upper)) }
    }
    var best: Double?
    func choose(_ from: Int, _ chosen: [Int]) {
        if chosen.count == n {
            let matrix = chosen.flatMap { planes[$0].row }
            guard let x = try? solveLinearSystem(matrix: matrix, rhs: chosen.map { planes[$0].value }),
                isFeasible(x, program)
            else { return }
            let value = zip(program.objective, x).reduce(0) { $0 + $1.0 * $1.1 }
            best = min(best ?? value, value)
            return
        }
        guard from < planes.count else { return }
        for next in from..<planes.count { choose(next + 1, chosen + [next]) }
    }
    choose(0, [])
    return best
}
