import TelosTensor

/// What is wrong with a map: where (1-based), what, and what to write instead.
public struct GridMapError: Error, CustomStringConvertible, Equatable {
    public var message: String
    public var line: Int?
    public var column: Int?

    public init(_ message: String, line: Int? = nil, column: Int? = nil) {
        self.message = message
        self.line = line
        self.column = column
    }

    public var description: String {
        switch (line, column) {
        case (let line?, let column?): "map, line \(line), column \(column): \(message)"
        case (let line?, nil): "map, line \(line): \(message)"
        default: "map: \(message)"
        }
    }
}

/// A rectangle of cells, read from text: a line a row, a character a cell.
///
/// | character | cell |
/// |---|---|
/// | `#` | wall |
/// | `.` | floor |
/// | `S` | start; of several, one is drawn uniformly |
/// | `G` | goal: terminal |
/// | `K` | key: entering the cell takes it |
/// | `D` | door: a wall to who has no key |
/// | `H` | hole or cliff |
/// | other capital letters | markers: floor with a signal of its own |
///
/// The edge of the map is a wall. Rows are separated by new lines or by `/`.
public struct GridMap: Sendable, Hashable, CustomStringConvertible {
    public let rows: Int
    public let columns: Int
    /// The character of cell (row, column) at `row * columns + column`.
    public let cells: [Character]

    /// - Throws: `GridMapError` for a map that is empty or not a rectangle, an unknown character, no start, or a door
    ///   without a key.
    public init(_ text: String) throws {
        let separated = text.split(omittingEmptySubsequences: false) { $0.isNewline || $0 == "/" }
        guard let first = separated.firstIndex(where: { !$0.isEmpty }),
            let last = separated.lastIndex(where: { !$0.isEmpty })
        else { throw GridMapError("it is empty; write a line a row, for example S.. and #.G") }
        let columns = separated[first].count
        var cells: [Character] = []
        var firstDoor: (line: Int, column: Int)?
        for (line, text) in separated.enumerated() where (first...last).contains(line) {
            for (column, character) in text.enumerated() {
                guard character == "#" || character == "." || ("A"..."Z").contains(character) else {
                    throw GridMapError(
                        "unknown cell \"\(character)\"; write # wall, . floor, S start, G goal, K key, D door, H hole, "
                            + "or another capital letter for a marker", line: line + 1, column: column + 1)
                }
                if character == "D", firstDoor == nil { firstDoor = (line + 1, column + 1) }
                cells.append(character)
            }
            guard text.count == columns else {
                throw GridMapError(
                    "it has \(text.count) cells where line \(first + 1) has \(columns); fill with # or .",
                    line: line + 1, column: min(text.count, columns) + 1)
            }
        }
        guard cells.contains("S") else { throw GridMapError("it has no start; write S in the cell to start from") }
        if let door = firstDoor, !cells.contains("K") {
            throw GridMapError("a door, but no key to open it; write K somewhere", line: door.line, column: door.column)
        }
        rows = last - first + 1
        self.columns = columns
        self.cells = cells
    }

    /// The map as text.
    public var description: String {
        (0..<rows).map { String(cells[($0 * columns)..<(($0 + 1) * columns)]) }.joined(separator: "\n")
    }

    /// The marker letters in it, ascending.
    public var markers: [Character] {
        Set(cells).filter { ("A"..."Z").contains($0) && !"SGKDH".contains($0) }.sorted()
    }
}

/// Layouts by size. They throw `TabularError` for sizes that are too small.
extension GridMap {
    /// An open square: start top left, goal bottom right, marker A bottom left.
    public static func open(size: Int) throws -> GridMap {
        guard size >= 2 else { throw TabularError("an open grid needs a size of at least 2, not \(size)") }
        var cells = Array(repeating: Array(repeating: Character("."), count: size), count: size)
        cells[size - 1][0] = "A"
        cells[0][0] = "S"
        cells[size - 1][size - 1] = "G"
        return try GridMap(cells.map { String($0) }.joined(separator: "\n"))
    }

    /// A square with the start in the first corner, the goal in the last, and a mark in `count` of the other cells, drawn
    /// one after another, each as likely.
    /// - Throws: what `init(_:)` throws, and for more marks than there are other cells.
    public static func square(
        _ size: Int, scattering mark: Character, count: Int, using random: inout RandomStream
    ) throws -> GridMap {
        guard size >= 2, (0...(size * size - 2)).contains(count) else {
            throw GridMapError(
                "a square of \(size) x \(size) cells has no room for \(count) marks beside start and goal")
        }
        var cells = [Character](repeating: ".", count: size * size)
        (cells[0], cells[size * size - 1]) = ("S", "G")
        for _ in 0..<count {
            var cell: Int
            repeat { cell = random.index(below: size * size) } while cells[cell] != "."
            cells[cell] = mark
        }
        return try GridMap((0..<size).map { String(cells[($0 * size)..<(($0 + 1) * size)]) }.joined(separator: "/"))
    }

    /// Four rooms joined by four openings; size 11 is the layout of Sutton, Precup and Singh (1999) without its border.
    /// - Parameter startAnywhere: start in any floor cell, rather than top left. The goal is bottom right.
    public static func fourRooms(size: Int, startAnywhere: Bool = false) throws -> GridMap {
        guard size >= 5 else { throw TabularError("four rooms need a size of at least 5, not \(size)") }
        let middle = size / 2
        var cells = Array(repeating: Array(repeating: Character(startAnywhere ? "S" : "."), count: size), count: size)
        for k in 0..<size {
            cells[k][middle] = "#"
            cells[k < middle ? middle : middle + 1][k] = "#"
        }
        let opening: Character = startAnywhere ? "S" : "."
        cells[(middle - 1) / 2][middle] = opening
        cells[(middle + 2 + size) / 2][middle] = opening
        cells[middle][max(middle - 2, 0) / 2] = opening
        cells[middle + 1][(middle + size) / 2] = opening
        cells[0][0] = "S"
        cells[size - 1][size - 1] = "G"
        return try GridMap(cells.map { String($0) }.joined(separator: "\n"))
    }

    /// Two rooms with a locked door between them: start top left, key bottom left, goal bottom right.
    public static func keyAndDoor(size: Int) throws -> GridMap {
        guard size >= 3 else {
            throw TabularError("two rooms with a key and a door need a size of at least 3, not \(size)")
        }
        var cells = Array(repeating: Array(repeating: Character("."), count: size), count: size)
        for row in 0..<size { cells[row][size / 2] = "#" }
        cells[size / 2][size / 2] = "D"
        cells[0][0] = "S"
        cells[size - 1][0] = "K"
        cells[size - 1][size - 1] = "G"
        return try GridMap(cells.map { String($0) }.joined(separator: "\n"))
    }

    /// The cliff of Sutton and Barto, *Reinforcement learning*, 2018, example 6.6: 4 rows of 12.
    public static func cliff(rows: Int = 4, columns: Int = 12) throws -> GridMap {
        guard rows >= 2, columns >= 3 else {
            throw TabularError("a cliff needs at least 2 rows of 3 columns, not \(rows) of \(columns)")
        }
        let floor = Array(repeating: String(repeating: ".", count: columns), count: rows - 1)
        return try GridMap((floor + ["S" + String(repeating: "H", count: columns - 2) + "G"]).joined(separator: "\n"))
    }
}
