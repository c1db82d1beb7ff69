import TelosEnvironments

/// Four rooms with walls between cells: every cell can be entered, and a wall is passed at two gaps.
///
/// `size` x `size` cells, four actions (up, down, left, right). Walls run between the middle rows and columns, open at coordinates 1 and size - 2. The intended move happens with 1 - `randomMove`, otherwise one of the other
/// possible moves; a blocked move stays. "Right" in the last corner pays and, unless the move is random, ends.
struct DividedRooms {
    let size: Int
    let mdp: TabularMDP
    /// r(s,a): 10 for "right" in the last corner.
    let reward: [Double]

    static let actionCount = 4
    static let payment = 10.0

    var terminal: Int { size * size }

    init(size: Int, randomMove: Double) throws {
        self.size = size
        let states = size * size + 1
        let middle = size / 2
        func neighbour(_ state: Int, _ action: Int) -> Int? {
            let (row, column) = (state / size, state % size)
            let (nextRow, nextColumn) = (row + [-1, 1, 0, 0][action], column + [0, 0, -1, 1][action])
            guard (0..<size).contains(nextRow), (0..<size).contains(nextColumn) else { return nil }
            let isOpen = { (coordinate: Int) in coordinate == 1 || coordinate == size - 2 }
            if nextRow != row, max(row, nextRow) == middle, !isOpen(column) { return nil }
            if nextColumn != column, max(column, nextColumn) == middle, !isOpen(row) { return nil }
            return nextRow * size + nextColumn
        }
        var transitions = [Double](repeating: 0, count: states * Self.actionCount * states)
        let goal = size * size - 1
        for state in 0..<states {
            for action in 0..<Self.actionCount {
                let row = (state * Self.actionCount + action) * states
                if state == size * size {
                    transitions[row + state] = 1
                    continue
                }
                let isPaid = state == goal && action == 3
                let others = (0..<Self.actionCount).filter { $0 != action }.compactMap { neighbour(state, $0) }
                transitions[row + (isPaid ? size * size : neighbour(state, action) ?? state)] += 1 - randomMove
                for other in others { transitions[row + other] += randomMove / Double(others.count) }
            }
        }
        var start = [Double](repeating: 0, count: states)
        start[size + 1] = 1
        mdp = try TabularMDP(
            stateCount: states, actionCount: Self.actionCount, transitions: transitions,
            terminal: (0..<states).map { $0 == size * size }, start: start)
        var reward = [Double](repeating: 0, count: states * Self.actionCount)
        reward[goal * Self.actionCount + 3] = Self.payment
        self.reward = reward
    }
}
