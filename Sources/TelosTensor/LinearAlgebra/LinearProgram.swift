/// Minimise c . x subject to lower <= A x <= upper and lower <= x <= upper, each bound possibly infinite.
public struct LinearProgram: Sendable {
    public struct Bounds: Sendable, Hashable {
        public var lower: Double
        public var upper: Double

        public init(_ lower: Double = -.infinity, _ upper: Double = .infinity) {
            self.lower = lower
            self.upper = upper
        }

        public static let free = Bounds()
        public static let nonNegative = Bounds(0)
        public static func atLeast(_ value: Double) -> Bounds { Bounds(value) }
        public static func atMost(_ value: Double) -> Bounds { Bounds(-.infinity, value) }
        public static func exactly(_ value: Double) -> Bounds { Bounds(value, value) }
    }

    /// How a solution ended.
    public enum Status: String, Sendable, Codable {
        case optimal
        /// No x satisfies all bounds.
        case infeasible
        /// c . x has no least value.
        case unbounded
        /// The limit on pivots was reached, or rounding spoiled the basis; x is the last point.
        case stopped
    }

    public struct Solution: Sendable {
        public var status: Status
        public var x: [Double]
        /// c . x.
        public var objective: Double
        /// Pivots and bound flips.
        public var iterations: Int
    }

    /// c.
    public var objective: [Double]
    /// One pair for each variable.
    public var variables: [Bounds]
    /// A, row-major, a column a variable.
    public private(set) var matrix: [Double]
    /// One pair for each row of A.
    public private(set) var rows: [Bounds]

    public var variableCount: Int { objective.count }
    public var rowCount: Int { rows.count }

    /// - Throws: `LinearAlgebraError` when the counts differ or a number makes no sense.
    public init(minimizing objective: [Double], variables: [Bounds]) throws {
        guard !objective.isEmpty, objective.count == variables.count else {
            throw LinearAlgebraError(
                "linear program: \(objective.count) objective coefficients for \(variables.count) variables")
        }
        guard objective.allSatisfy(\.isFinite) else {
            throw LinearAlgebraError("linear program: an objective coefficient is not finite")
        }
        for (index, bounds) in variables.enumerated() { try Self.check(bounds, "variable \(index)") }
        self.objective = objective
        self.variables = variables
        matrix = []
        rows = []
    }

    /// Adds the row lower <= coefficients . x <= upper.
    public mutating func add(_ coefficients: [Double], _ bounds: Bounds) throws {
        guard coefficients.count == variableCount else {
            throw LinearAlgebraError(
                "linear program: row \(rowCount) has \(coefficients.count) coefficients for \(variableCount) variables")
        }
        guard coefficients.allSatisfy(\.isFinite) else {
            throw LinearAlgebraError("linear program: row \(rowCount) has a coefficient that is not finite")
        }
        try Self.check(bounds, "row \(rowCount)")
        matrix += coefficients
        rows.append(bounds)
    }

    private static func check(_ bounds: Bounds, _ place: String) throws {
        guard !bounds.lower.isNaN, !bounds.upper.isNaN, bounds.lower < .infinity, bounds.upper > -.infinity else {
            throw LinearAlgebraError("linear program: the bounds of \(place) are \(bounds.lower) and \(bounds.upper)")
        }
    }

    /// The solution, by the simplex method with bounded variables.
    ///
    /// A dual phase makes the rows feasible under costs that suit the first basis (the true ones as far as they do,
    /// slightly changed), a primal phase then minimises the true costs. Largest violation first, ties to the largest
    /// pivot; after a run of steps without progress, Bland's rule, which cannot cycle. Dense: a pivot takes
    /// rows * variables operations. The result has the same bits on every machine.
    ///
    /// - Parameter tolerance: by how much a bound or a reduced cost may be violated; coefficients should be near 1.
    ///
    /// (Dantzig, *Linear programming and extensions*, 1963; Bland, *New finite pivoting rules for the simplex method*,
    /// 1977.)
    public func solved(tolerance: Double = 1e-9, maximumIterations: Int = 100_000) -> Solution {
        guard variables.allSatisfy({ $0.lower <= $0.upper }), rows.allSatisfy({ $0.lower <= $0.upper }) else {
            let nothing = [Double](repeating: 0, count: variableCount)
            return Solution(status: .infeasible, x: nothing, objective: 0, iterations: 0)
        }
        var simplex = BoundedSimplex(self, tolerance: tolerance, maximumIterations: maximumIterations)
        var status = simplex.solve()
        // Rounding gathers over pivots: rebuild from the data and finish from the same basis.
        for _ in 0..<3 where status == .optimal || status == .infeasible {
            guard simplex.pivotsSinceRebuild > 0, !simplex.isAccurate || status == .infeasible else { break }
            guard simplex.rebuild() else {
                status = .stopped
                break
            }
            status = simplex.solve()
        }
        if status == .optimal, !simplex.isAccurate { status = .stopped }
        let x = simplex.point
        let value = zip(objective, x).reduce(0) { $0 + $1.0 * $1.1 }
        return Solution(status: status, x: x, objective: value, iterations: simplex.iterations)
    }
}

/// The dictionary of a basis: x_basic = table . x_nonbasic, where the activity of a row counts as a variable after the
/// others, and every nonbasic variable rests at one of its bounds (a free one at 0).
private struct BoundedSimplex {
    private let program: LinearProgram
    private let tolerance: Double
    private let maximumIterations: Int
    private let rowCount: Int
    private let columnCount: Int
    private let lower: [Double]
    private let upper: [Double]
    /// Row i, column j at `i * columnCount + j`.
    private var table: [Double]
    private var cost: [Double]
    private var basic: [Int]
    private var nonbasic: [Int]
    private var basicValue: [Double]
    private var nonbasicValue: [Double]
    private(set) var iterations = 0
    private(set) var pivotsSinceRebuild = 0

    /// How small an element may be and still serve as a pivot.
    private let pivotTolerance = 1e-9
    /// How many steps without progress before Bland's rule.
    private let patience = 200

    init(_ program: LinearProgram, tolerance: Double, maximumIterations: Int) {
        self.program = program
        self.tolerance = tolerance
        self.maximumIterations = maximumIterations
        rowCount = program.rowCount
        columnCount = program.variableCount
        lower = program.variables.map(\.lower) + program.rows.map(\.lower)
        upper = program.variables.map(\.upper) + program.rows.map(\.upper)
        table = program.matrix
        cost = program.objective
        nonbasic = Array(0..<columnCount)
        basic = Array(columnCount..<(columnCount + rowCount))
        nonbasicValue = []
        basicValue = Array(repeating: 0, count: rowCount)
        nonbasicValue = (0..<columnCount).map { variable in
            // The bound that suits the cost, where there is a choice.
            if cost[variable] < 0, upper[variable] < .infinity { return upper[variable] }
            if lower[variable] > -.infinity { return lower[variable] }
            return upper[variable] < .infinity ? upper[variable] : 0
        }
        recomputeBasics()
    }

    mutating func solve() -> LinearProgram.Status {
        if !isFeasible {
            // Costs that are all different keep the dual phase from going in circles; the primal phase takes them back.
            let size = cost.reduce(0) { max($0, abs($1)) }
            let unit = 1e-5 * (size > 0 ? size : 1)
            cost = nonbasic.indices.map { column in
                let suited = suitableCost(column, cost[column])
                let variable = nonbasic[column]
                guard lower[variable] > -.infinity || upper[variable] < .infinity else { return suited }
                let spread = (Double(variable + 1) * 0.618_033_988_749_894_9).truncatingRemainder(dividingBy: 1)
                let isAtLower = nonbasicValue[column] == lower[variable]
                return suited + (isAtLower ? unit : -unit) * (1 + spread)
            }
            let status = dualPhase()
            restoreCost()
            guard status == .optimal else { return status }
        }
        return primalPhase()
    }

    /// `value` where a nonbasic variable at its bound would not move under it, else a cost under which it does not.
    private func suitableCost(_ column: Int, _ value: Double) -> Double {
        let variable = nonbasic[column]
        if lower[variable] == upper[variable] { return value }
        if lower[variable] == -.infinity, upper[variable] == .infinity { return 0 }
        let isAtLower = nonbasicValue[column] == lower[variable]
        return isAtLower == (value >= 0) || value == 0 ? value : -value
    }

    private var isFeasible: Bool {
        basic.indices.allSatisfy { row in
            basicValue[row] >= lower[basic[row]] - tolerance && basicValue[row] <= upper[basic[row]] + tolerance
        }
    }

    // MARK: Phases

    /// Keeps the costs' signs and removes violations of the bounds of basic variables.
    private mutating func dualPhase() -> LinearProgram.Status {
        var stalled = 0
        while true {
            guard iterations < maximumIterations else { return .stopped }
            let isCautious = stalled > patience
            var leaving = -1
            var largest = tolerance
            for row in 0..<rowCount {
                let violation = max(lower[basic[row]] - basicValue[row], basicValue[row] - upper[basic[row]])
                guard violation > tolerance else { continue }
                if isCautious {
                    if leaving < 0 || basic[row] < basic[leaving] { leaving = row }
                } else if violation > largest {
                    largest = violation
                    leaving = row
                }
            }
            guard leaving >= 0 else { return .optimal }
            let bound = basicValue[leaving] < lower[basic[leaving]] ? lower[basic[leaving]] : upper[basic[leaving]]
            let direction = bound > basicValue[leaving] ? 1.0 : -1.0
            var entering = -1
            var ratio = Double.infinity
            for column in 0..<columnCount {
                let element = table[leaving * columnCount + column] * direction
                guard abs(element) > pivotTolerance, element > 0 ? canRise(column) : canFall(column) else { continue }
                let candidate = abs(cost[column]) / abs(element)
                let isTied = entering >= 0 && abs(candidate - ratio) <= 1e-12 * (1 + ratio)
                let isPreferred =
                    isCautious
                    ? entering >= 0 && nonbasic[column] < nonbasic[entering]
                    : entering >= 0 && abs(element) > abs(table[leaving * columnCount + entering])
                if isTied ? isPreferred : candidate < ratio {
                    entering = column
                    ratio = candidate
                }
            }
            guard entering >= 0 else { return .infeasible }
            stalled = ratio > 1e-12 ? 0 : stalled + 1
            let change = (bound - basicValue[leaving]) / table[leaving * columnCount + entering]
            move(entering, by: change)
            pivot(leaving, entering, leavingAt: bound)
        }
    }

    /// Keeps the basic variables within their bounds and lowers the objective.
    private mutating func primalPhase() -> LinearProgram.Status {
        var stalled = 0
        while true {
            guard iterations < maximumIterations else { return .stopped }
            let isCautious = stalled > patience
            var entering = -1
            var largest = tolerance
            for column in 0..<columnCount {
                let slope = cost[column]
                guard abs(slope) > tolerance, slope < 0 ? canRise(column) : canFall(column) else { continue }
                if isCautious {
                    if entering < 0 || nonbasic[column] < nonbasic[entering] { entering = column }
                } else if abs(slope) > largest {
                    largest = abs(slope)
                    entering = column
                }
            }
            guard entering >= 0 else { return .optimal }
            let direction = cost[entering] < 0 ? 1.0 : -1.0
            let variable = nonbasic[entering]
            var step = upper[variable] - lower[variable]
            var leaving = -1
            var leavingBound = 0.0
            for row in 0..<rowCount {
                let rate = table[row * columnCount + entering] * direction
                guard abs(rate) > pivotTolerance else { continue }
                let bound = rate > 0 ? upper[basic[row]] : lower[basic[row]]
                guard bound.isFinite else { continue }
                let candidate = max(0, (bound - basicValue[row]) / rate)
                let isTied = leaving >= 0 && abs(candidate - step) <= 1e-12 * (1 + step)
                let isPreferred =
                    isCautious
                    ? leaving >= 0 && basic[row] < basic[leaving]
                    : leaving >= 0 && abs(rate) > abs(table[leaving * columnCount + entering])
                if isTied ? isPreferred : candidate < step {
                    leaving = row
                    step = candidate
                    leavingBound = bound
                }
            }
            guard step < .infinity else { return .unbounded }
            stalled = step > 1e-12 ? 0 : stalled + 1
            move(entering, by: direction * step)
            if leaving >= 0 {
                pivot(leaving, entering, leavingAt: leavingBound)
            } else {
                nonbasicValue[entering] = direction > 0 ? upper[variable] : lower[variable]
                iterations += 1
            }
        }
    }

    private func canRise(_ column: Int) -> Bool { nonbasicValue[column] < upper[nonbasic[column]] }
    private func canFall(_ column: Int) -> Bool { nonbasicValue[column] > lower[nonbasic[column]] }

    // MARK: Basis changes

    private mutating func move(_ column: Int, by change: Double) {
        nonbasicValue[column] += change
        guard change != 0 else { return }
        for row in 0..<rowCount { basicValue[row] += table[row * columnCount + column] * change }
    }

    private mutating func pivot(_ row: Int, _ column: Int, leavingAt bound: Double) {
        iterations += 1
        basicValue[row] = nonbasicValue[column]
        nonbasicValue[column] = bound
        exchange(row, column)
    }

    /// Solves the row for the column's variable and puts it into the other rows and the costs.
    private mutating func exchange(_ row: Int, _ column: Int) {
        pivotsSinceRebuild += 1
        let (width, height) = (columnCount, rowCount)
        table.withUnsafeMutableBufferPointer { table in
            cost.withUnsafeMutableBufferPointer { cost in
                let source = table.baseAddress! + row * width
                let inverse = 1 / source[column]
                for k in 0..<width { source[k] *= -inverse }
                source[column] = inverse
                func substitute(_ target: UnsafeMutablePointer<Double>) {
                    let factor = target[column]
                    guard factor != 0 else { return }
                    target[column] = 0
                    for k in 0..<width { target[k] += factor * source[k] }
                }
                for other in 0..<height where other != row { substitute(table.baseAddress! + other * width) }
                substitute(cost.baseAddress!)
            }
        }
        swap(&basic[row], &nonbasic[column])
    }

    private mutating func recomputeBasics() {
        for row in 0..<rowCount {
            var sum = 0.0
            for column in 0..<columnCount { sum += table[row * columnCount + column] * nonbasicValue[column] }
            basicValue[row] = sum
        }
    }

    /// The true costs in terms of the nonbasic variables.
    private mutating func restoreCost() {
        cost = nonbasic.map { $0 < columnCount ? program.objective[$0] : 0 }
        for row in 0..<rowCount where basic[row] < columnCount {
            let coefficient = program.objective[basic[row]]
            guard coefficient != 0 else { continue }
            for column in 0..<columnCount { cost[column] += coefficient * table[row * columnCount + column] }
        }
    }

    /// Computes the dictionary of the present basis anew from the data; false when the basis is singular.
    mutating func rebuild() -> Bool {
        var value = [Double](repeating: 0, count: columnCount + rowCount)
        for (column, variable) in nonbasic.enumerated() { value[variable] = nonbasicValue[column] }
        var wanted = [Bool](repeating: false, count: columnCount + rowCount)
        for variable in basic { wanted[variable] = true }
        table = program.matrix
        cost = program.objective
        nonbasic = Array(0..<columnCount)
        basic = Array(columnCount..<(columnCount + rowCount))
        for column in 0..<columnCount where wanted[column] {
            var best = -1
            for row in 0..<rowCount where !wanted[basic[row]] {
                let size = abs(table[row * columnCount + column])
                if size > 1e-12, best < 0 || size > abs(table[best * columnCount + column]) { best = row }
            }
            guard best >= 0 else { return false }
            exchange(best, column)
        }
        nonbasicValue = nonbasic.map { value[$0] }
        recomputeBasics()
        pivotsSinceRebuild = 0
        return true
    }

    // MARK: Results

    /// The variables' values.
    var point: [Double] {
        var x = [Double](repeating: 0, count: columnCount)
        for (column, variable) in nonbasic.enumerated() where variable < columnCount {
            x[variable] = nonbasicValue[column]
        }
        for (row, variable) in basic.enumerated() where variable < columnCount { x[variable] = basicValue[row] }
        return x
    }

    /// Whether the point satisfies the program's own rows, not just the dictionary's.
    var isAccurate: Bool {
        let x = point
        for column in 0..<columnCount {
            guard x[column] >= lower[column] - 1e-7, x[column] <= upper[column] + 1e-7 else { return false }
        }
        for row in 0..<rowCount {
            var sum = 0.0
            var size = 1.0
            for column in 0..<columnCount {
                let term = program.matrix[row * columnCount + column] * x[column]
                sum += term
                size = max(size, abs(term))
            }
            let bounds = program.rows[row]
            guard sum >= bounds.lower - 1e-7 * size, sum <= bounds.upper + 1e-7 * size else { return false }
        }
        return true
    }
}
