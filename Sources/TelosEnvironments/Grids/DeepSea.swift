import TelosTensor

/// A dive through a square of cells: every step goes one row down and one column left or right, and only right every
/// time reaches the treasure. Exploring by chance finds it with probability 2^-size.
///
/// Actions: `left`, `right` (with a mapping, which is which is drawn for every cell). An episode lasts `size` steps.
///
/// Signals: `row`, `column`, `movedRight` (the last step was meant to go right), `goal` (1 for right in the last
/// column: the treasure), `moveCost` (0.01 / size after going right, else 0).
///
/// The state is the index of (row, column, movedRight); the observation is `row * size + column`. Matches `deep_sea`
/// of bsuite (Osband et al., *Behaviour suite for reinforcement learning*, 2020; the problem is from Osband, Russo, Wen
/// and Van Roy, *Deep exploration via randomized value functions*, 2019), without its noise on rewards.
public struct DeepSea: FiniteEnvironment {
    public let size: Int
    /// Going right fails, staying in the column, with probability 1 / size.
    public let stochastic: Bool
    public let specification: EnvironmentSpecification
    /// Which action goes right in a cell, at `row * size + column`.
    private let rightActions: [UInt8]

    /// - Parameters:
    ///   - size: rows and columns, 2 or more.
    ///   - mappingSeed: draws in which cells `left` and `right` change places; 0 for none.
    public init(size: Int, stochastic: Bool = false, mappingSeed: Int = 0) throws {
        guard size >= 2 else { throw TabularError("DeepSea needs a size of at least 2, not \(size)") }
        self.size = size
        self.stochastic = stochastic
        var random = RandomKey(seed: mappingSeed).derived("deep sea").stream
        rightActions = (0..<(size * size)).map { _ in mappingSeed == 0 ? 1 : UInt8(random.index(below: 2)) }
        let last = Double(size)
        specification = EnvironmentSpecification(
            name: "DeepSea", summary: "Go right at every step of a dive, though each costs a little.",
            observation: .discrete((size + 1) * size), action: .discrete(2), actionNames: ["left", "right"],
            signals: [
                Signal("row", 0...last, "Row, from 0 at the top; the episode ends in row `size`."),
                Signal("column", 0...(last - 1), "Column, from 0 at the left."),
                Signal("movedRight", 0...1, "1 when the last step was meant to go right."),
                Signal("goal", 0...1, "1 when the last step went right in the last column."),
                Signal("moveCost", 0...(0.01 / last), "0.01 / size when the last step was meant to go right."),
            ],
            stateNames: ["state"], reference: "bsuite deep_sea (Osband et al., 2020)")
    }

    /// Row r holds columns 0...r; column `size` of the last row is the treasure. Two states a cell: moved left, right.
    private func state(row: Int, column: Int, right: Bool) -> Int { row * (row + 1) + 2 * column + (right ? 1 : 0) }

    private func cell(of state: Int) -> (row: Int, column: Int, right: Bool) {
        var row = Int((Double(state) + 0.25).squareRoot() - 0.5)
        while (row + 1) * (row + 2) <= state { row += 1 }
        while row * (row + 1) > state { row -= 1 }
        let rest = state - row * (row + 1)
        return (row, rest / 2, rest % 2 == 1)
    }

    private var stateCount: Int { (size + 1) * (size + 2) }

    public var states: [Int] { Array(0..<stateCount) }
    public func index(of state: Int) -> Int? { (0..<stateCount).contains(state) ? state : nil }
    public func isTerminal(_ state: Int) -> Bool { state >= size * (size + 1) }
    public var startDistribution: [(probability: Double, state: Int)] { [(1, 0)] }
    public func reset(using random: inout RandomStream) -> Int { 0 }

    public func outcomes(of state: Int, action: Int) -> [(probability: Double, next: Int)] {
        let (row, column, _) = cell(of: state)
        guard rightActions[row * size + column] == UInt8(action) else {
            return [(1, self.state(row: row + 1, column: max(column - 1, 0), right: false))]
        }
        let moved = self.state(row: row + 1, column: column + 1, right: true)
        guard stochastic, column < size - 1 else { return [(1, moved)] }
        let failure = 1 / Double(size)
        return [(1 - failure, moved), (failure, self.state(row: row + 1, column: column, right: true))]
    }

    public func step(_ state: inout Int, action: Action, using random: inout RandomStream) -> Bool {
        if isTerminal(state) { return true }
        let (row, column, _) = cell(of: state)
        if Int(rightActions[row * size + column]) != action.index {
            state = self.state(row: row + 1, column: max(column - 1, 0), right: false)
        } else {
            let fails = stochastic && column < size - 1 && random.uniform() < 1 / Double(size)
            state = self.state(row: row + 1, column: fails ? column : column + 1, right: true)
        }
        return isTerminal(state)
    }

    public func observe(_ state: Int, into observation: UnsafeMutableBufferPointer<Float>) {
        let (row, column, _) = cell(of: state)
        observation[0] = Float(row * size + min(column, size - 1))
    }

    public func readSignals(_ state: Int, into signals: SignalWriter) {
        let (row, column, right) = cell(of: state)
        signals[0] = Double(row)
        signals[1] = Double(min(column, size - 1))
        signals[2] = right ? 1 : 0
        signals[3] = column == size ? 1 : 0
        signals[4] = right ? 0.01 / Double(size) : 0
    }

    public func draw(_ state: Int) -> Drawing {
        let (row, column, _) = cell(of: state)
        var drawing = GridDrawing.board(rows: size + 1, columns: size) { boardRow, boardColumn in
            boardRow == size
                ? (boardColumn == size - 1 ? "#69db7c" : "#495057")
                : boardColumn <= boardRow ? "#d0ebff" : "#f1f3f5"
        }
        GridDrawing.mark((row, min(column, size - 1)), rows: size + 1, in: &drawing)
        return drawing
    }
}
