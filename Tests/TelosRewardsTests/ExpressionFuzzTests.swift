import Testing
import TelosEnvironments
import TelosRewards
import TelosTensor

@Suite struct ExpressionFuzzTests {
    static let valid = [
        "goal ? 0 : -1", "abs(velocity) - 0.1 * action[0]^2", "100 * goal - norm(action)", "previous.position % 3",
        "not goal and (velocity > 0.5 or height <= 1e-3) ? exp(-square(position)) : clamp(height, 0, 1)",
        "tolerance(velocity, 0.5, 1, 0.25) * gaussian(position, 0, 2)", "`odd name` + action[roll] * yaw",
        "terminated ? -100 : truncated ? 0 : min(position, velocity, height)",
    ]
    static let words = [
        "goal", "velocity", "position", "previous", ".", "action", "[", "]", "(", ")", "0", "1", "2.5", "1e3", "?", ":",
        "+", "-", "*", "/", "%", "^", "<", "<=", "==", "!=", "and", "or", "not", "!", "&&", "||", ",", "abs", "min",
        "norm",
        "sin(", "clamp(", "terminated", "pi", "true", "`odd name`", " ", "\n", "é", "=", "**",
    ]

    /// Random bytes, random words, and valid text with random edits: each parses or throws, and what parses prints,
    /// parses again, and evaluates without a trap.
    @Test func noInputTraps() throws {
        var random = RandomKey(seed: 21).stream
        let columns = Columns(Sample.box, count: 5, random: &random, extremes: true)
        let values = Buffer<Double>(count: 5, repeating: 0)
        var parsed = 0
        var evaluated = 0
        for round in 0..<200_000 {
            var text: String
            switch round % 4 {
            case 0:
                let bytes = (0..<random.index(below: 40)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                text = String(decoding: bytes, as: UTF8.self)
            case 1:
                text = (0..<random.index(below: 25)).map { _ in Self.words[random.index(below: Self.words.count)] }
                    .joined(separator: random.uniform() < 0.5 ? " " : "")
            default:
                var bytes = Array(Self.valid[random.index(below: Self.valid.count)].utf8)
                for _ in 0..<(1 + random.index(below: 3)) where !bytes.isEmpty {
                    let place = random.index(below: bytes.count)
                    switch random.index(below: 4) {
                    case 0: bytes.remove(at: place)
                    case 1: bytes.insert(UInt8(32 + random.index(below: 95)), at: place)
                    case 2: bytes[place] = UInt8(32 + random.index(below: 95))
                    default: bytes.append(contentsOf: bytes[place...])
                    }
                }
                text = String(decoding: bytes, as: UTF8.self)
            }
            do {
                let expression = try Expression(text)
                parsed += 1
                guard try Expression(expression.description) == expression else {
                    Issue.record("\(text) prints as \(expression), which reads differently")
                    continue
                }
                let program = try expression.compiled(for: Sample.box)
                program.evaluate(columns.batch, into: values.all)
                evaluated += 1
                for row in 0..<5
                where !ExpressionValueTests.same(
                    values[row], Interpreter(columns: columns, row: row).value(expression.root))
                {
                    Issue.record("\(expression) is \(values[row]) at row \(row)")
                }
                if round % 16 == 2 { _ = try? expression.derivative(withRespectTo: "position") }
            } catch let error as RewardError {
                if error.column == nil { Issue.record("\(text): no column in '\(error)'") }
            }
        }
        #expect(parsed > 10_000)
        #expect(evaluated > 3_000)
    }

    @Test func noMachineTraps() throws {
        var random = RandomKey(seed: 22).stream
        let valid =
            "initial a\na -> b when goal and velocity > 0 : 0.1 # why\nb -> `c d` : goal ? 1 : 0\nterminal `c d`"
        var parsed = 0
        for _ in 0..<20_000 {
            var bytes = Array(valid.utf8)
            for _ in 0..<(1 + random.index(below: 3)) {
                let place = random.index(below: bytes.count)
                if random.uniform() < 0.4 {
                    bytes.remove(at: place)
                } else {
                    bytes[place] = UInt8(10 + random.index(below: 117))
                }
            }
            do {
                let machine = try RewardMachine(String(decoding: bytes, as: UTF8.self))
                parsed += 1
                #expect(try RewardMachine(machine.description) == machine)
                _ = try machine.bind(to: Sample.box)
            } catch let error as RewardError {
                if error.line == nil { Issue.record("no line in '\(error)'") }
            }
        }
        #expect(parsed > 1000)
    }
}
