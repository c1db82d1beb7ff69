/// Pictures of grids: a unit square a cell.
enum GridDrawing {
    static func draw(map: GridMap, agent: (row: Int, column: Int), holdsKey: Bool) -> Drawing {
        var drawing = board(rows: map.rows, columns: map.columns) { row, column in
            fill(of: map.cells[row * map.columns + column], holdsKey: holdsKey)
        }
        for (cell, character) in map.cells.enumerated() {
            let taken = character == "K" && holdsKey
            guard character != "#", character != ".", character != "S", !taken else { continue }
            let (x, y) = centre(row: cell / map.columns, column: cell % map.columns, rows: map.rows)
            drawing.elements.append(.text(x: x, y: y, size: 0.5, text: String(character), fill: "#212529"))
        }
        mark(agent, rows: map.rows, in: &drawing)
        if holdsKey {
            let (x, y) = centre(row: agent.row, column: agent.column, rows: map.rows)
            drawing.elements.append(.text(x: x, y: y, size: 0.4, text: "K", fill: "#ffffff"))
        }
        return drawing
    }

    /// Squares in the colours that `fill` names, the gaps between them as lines.
    static func board(rows: Int, columns: Int, fill: (_ row: Int, _ column: Int) -> String) -> Drawing {
        var drawing = Drawing(width: Double(columns), height: Double(rows))
        for row in 0..<rows {
            for column in 0..<columns {
                let (x, y) = centre(row: row, column: column, rows: rows)
                drawing.elements.append(
                    .rectangle(x: x, y: y, width: 0.96, height: 0.96, angle: 0, fill: fill(row, column)))
            }
        }
        return drawing
    }

    static func mark(_ agent: (row: Int, column: Int), rows: Int, in drawing: inout Drawing) {
        let (x, y) = centre(row: agent.row, column: agent.column, rows: rows)
        drawing.elements.append(.circle(x: x, y: y, radius: 0.32, fill: "#d9480f"))
    }

    private static func centre(row: Int, column: Int, rows: Int) -> (x: Double, y: Double) {
        (Double(column) + 0.5, Double(rows - row) - 0.5)
    }

    private static func fill(of character: Character, holdsKey: Bool) -> String {
        switch character {
        case "#": "#343a40"
        case "G": "#69db7c"
        case "H": "#495057"
        case "K": holdsKey ? "#f1f3f5" : "#ffe066"
        case "D": holdsKey ? "#e9d8c4" : "#a0703c"
        case "S": "#d0ebff"
        case ".": "#f1f3f5"
        default: "#e5dbff"
        }
    }
}
