extension RewardMachine {
    /// Reads a machine from its text form.
    /// - Throws: `RewardError` with the line and column of the first mistake.
    public init(_ text: String) throws {
        var reader = Reader()
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            do {
                try reader.read(String(line), number: index + 1)
            } catch var error as RewardError {
                error.line = index + 1
                throw error
            }
        }
        do {
            try self.init(
                initial: reader.initial ?? reader.transitions.first?.source ?? "", transitions: reader.transitions,
                terminal: reader.terminal.map(\.name), places: reader.places)
        } catch var error as RewardError {
            // A complaint about no transition in particular is about a terminal state.
            if error.line == nil, let stray = reader.terminal.first(where: { error.message.contains("'\($0.name)'") }) {
                error.line = stray.line
                error.column = stray.column
            }
            throw error
        }
    }

    private struct Reader {
        var initial: String?
        var transitions: [Transition] = []
        var places: [Place] = []
        var terminal: [(name: String, line: Int, column: Int)] = []

        mutating func read(_ line: String, number: Int) throws {
            let text = Self.withoutComment(line)
            guard text.utf8.count <= Expression.maximumLength else {
                throw RewardError(
                    "the line is \(text.utf8.count) bytes long; at most \(Expression.maximumLength) are read", column: 1
                )
            }
            var lexer = ExpressionLexer(text)
            let first = try lexer.next()
            if first.kind == .end { return }
            let second = try lexer.next()
            if first.isWord("initial") || first.isWord("terminal"), !second.isSymbol("-") {
                try declare(first, second, &lexer, number)
                return
            }
            let source = try Self.state(first, lexer)
            guard second.isSymbol("-"), case let head = try lexer.next(), head.isSymbol(">"), head.start == second.end
            else {
                throw lexer.error(
                    "'->' is missing after the state '\(source)', as in start -> done when goal : 1", at: second.start)
            }
            let target = try Self.state(try lexer.next(), lexer)
            var place = Place(line: number, sourceColumn: lexer.column(first.start))
            var next = try lexer.next()
            var condition: Expression?
            if next.isWord("when") {
                place.conditionColumn = lexer.column(next.end)
                var parser = try ExpressionParser(text, from: next.end)
                let operand = try parser.parsePrefix()
                if operand.kind == .number {
                    throw parser.error(
                        "a guard is a condition and this is a number; compare it, as in x > 0", at: operand.start)
                }
                condition = try Expression(Self.slice(lexer, next.end, parser.token.start))
                next = parser.token
            }
            var reward = try Expression("0")
            if next.isSymbol(":") {
                place.rewardColumn = lexer.column(next.end)
                var parser = try ExpressionParser(text, from: next.end)
                _ = try parser.parse()
                reward = try Expression(Self.slice(lexer, next.end, lexer.bytes.count))
            } else if next.kind != .end {
                throw lexer.error(
                    condition == nil
                        ? "expected 'when CONDITION' or ': REWARD' and found \(next.spelling)"
                        : "expected ': REWARD' or the end of the line and found \(next.spelling)", at: next.start)
            }
            transitions.append(Transition(from: source, to: target, when: condition, reward: reward))
            places.append(place)
        }

        private mutating func declare(
            _ keyword: ExpressionLexer.Token, _ name: ExpressionLexer.Token, _ lexer: inout ExpressionLexer,
            _ number: Int
        ) throws {
            let state = try Self.state(name, lexer)
            let rest = try lexer.next()
            guard rest.kind == .end else {
                throw lexer.error("expected the end of the line and found \(rest.spelling)", at: rest.start)
            }
            if keyword.isWord("terminal") {
                terminal.append((state, number, lexer.column(name.start)))
            } else if initial != nil {
                throw lexer.error("the initial state is given twice", at: keyword.start)
            } else {
                initial = state
            }
        }

        private static func state(_ token: ExpressionLexer.Token, _ lexer: ExpressionLexer) throws -> String {
            switch token.kind {
            case .identifier(let name), .quoted(let name): return name
            default: throw lexer.error("a state's name is needed and \(token.spelling) found", at: token.start)
            }
        }

        private static func slice(_ lexer: ExpressionLexer, _ start: Int, _ end: Int) -> String {
            String(decoding: lexer.bytes[start..<end], as: UTF8.self)
        }

        private static func withoutComment(_ line: String) -> String {
            var isQuoted = false
            var kept = line.endIndex
            for index in line.indices {
                if line[index] == "`" { isQuoted.toggle() }
                if line[index] == "#", !isQuoted {
                    kept = index
                    break
                }
            }
            return String(line[..<kept])
        }
    }
}
