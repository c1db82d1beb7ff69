/// The states of a map and where moves lead: what `GridWorld` tabulates once.
struct GridLayout {
    let map: GridMap
    let openCells: [Int]
    /// Positions of the starts among the open cells: also their states.
    let startStates: [Int]
    /// States before the copies of the starts for who just fell.
    let firstFallen: Int
    let stateCount: Int
    /// Where direction d leads from state s, at `s * 4 + d`; nil for a fall back to a start.
    let moves: [Int?]

    init(map: GridMap, backToStart: Bool) {
        let cells = map.cells
        let openCells = cells.indices.filter { cells[$0] != "#" }
        let startStates = openCells.indices.filter { cells[openCells[$0]] == "S" }
        var places = [Int](repeating: -1, count: cells.count)
        for (place, cell) in openCells.enumerated() { places[cell] = place }
        let firstFallen = openCells.count * (cells.contains("K") ? 2 : 1)
        let stateCount = firstFallen + (backToStart ? startStates.count : 0)
        var moves: [Int?] = []
        moves.reserveCapacity(stateCount * 4)
        for state in 0..<stateCount {
            let base = state < firstFallen ? state : startStates[state - firstFallen]
            let key = base >= openCells.count
            let cell = openCells[base % openCells.count]
            let (row, column) = (cell / map.columns, cell % map.columns)
            let ends = cells[cell] == "G" || (cells[cell] == "H" && !backToStart)
            for (down, right) in [(-1, 0), (0, 1), (1, 0), (0, -1)] {
                let (toRow, toColumn) = (row + down, column + right)
                guard !ends else {
                    moves.append(state)
                    continue
                }
                let inside = (0..<map.rows).contains(toRow) && (0..<map.columns).contains(toColumn)
                let target = inside ? toRow * map.columns + toColumn : cell
                let blocked = !inside || cells[target] == "#" || (cells[target] == "D" && !key)
                if blocked {
                    moves.append(base)
                } else if cells[target] == "H", backToStart {
                    moves.append(nil)
                } else {
                    moves.append(places[target] + (key || cells[target] == "K" ? openCells.count : 0))
                }
            }
        }
        self.map = map
        self.openCells = openCells
        self.startStates = startStates
        self.firstFallen = firstFallen
        self.stateCount = stateCount
        self.moves = moves
        self.backToStart = backToStart
    }

    private let backToStart: Bool

    func cell(of state: Int) -> Int {
        openCells[(state < firstFallen ? state : startStates[state - firstFallen]) % openCells.count]
    }

    func holdsKey(_ state: Int) -> Bool { state < firstFallen && state >= openCells.count }

    func isTerminal(_ state: Int) -> Bool {
        let character = map.cells[cell(of: state)]
        return character == "G" || (character == "H" && !backToStart)
    }

    /// Moves of the shortest way from each state to a goal that avoids holes, by breadth-first search backwards from
    /// the goals; `stateCount` where there is none, 0 everywhere without a goal.
    func pathDistances() -> [Int] {
        guard map.cells.contains("G") else { return Array(repeating: 0, count: stateCount) }
        var predecessors = [[Int]](repeating: [], count: stateCount)
        for state in 0..<stateCount where !isTerminal(state) {
            for direction in 0..<4 {
                if let next = moves[state * 4 + direction] { predecessors[next].append(state) }
            }
        }
        var distances = [Int](repeating: stateCount, count: stateCount)
        var queue = (0..<stateCount).filter { map.cells[cell(of: $0)] == "G" }
        for goal in queue { distances[goal] = 0 }
        var head = 0
        while head < queue.count {
            let state = queue[head]
            head += 1
            for before in predecessors[state] where distances[before] == stateCount {
                distances[before] = distances[state] + 1
                queue.append(before)
            }
        }
        return distances
    }
}
