import Testing
import TelosEnvironments
import TelosRewards
import TelosTensor

@Suite struct ExpressionValueTests {
    static func same(_ a: Double, _ b: Double) -> Bool { a.bitPattern == b.bitPattern || (a.isNaN && b.isNaN) }

    @Test func agreesWithAnIndependentInterpreterBitForBit() throws {
        var generator = TreeGenerator(random: RandomKey(seed: 1).stream)
        var random = RandomKey(seed: 2).stream
        for round in 0..<1500 {
            let tree = round % 4 == 0 ? generator.condition(5) : generator.number(1 + round % 6)
            guard let expression = try? Expression(tree) else { continue }
            // Counts around the block size of 128, and odd ones.
            let count = [1, 3, 127, 128, 129, 200, 300][round % 7]
            let columns = Columns(Sample.box, count: count, random: &random, extremes: round % 2 == 0)
            let program = try expression.compiled(for: Sample.box)
            let values = Buffer<Double>(count: count, repeating: -99)
            program.evaluate(columns.batch, into: values.all)
            for row in 0..<count {
                let expected = Interpreter(columns: columns, row: row).value(expression.root)
                if !Self.same(values[row], expected) {
                    Issue.record("\(expression) at row \(row): \(values[row]), interpreter \(expected)")
                    break
                }
            }
        }
    }

    @Test func manyRegistersAndSharedPartsAreRight() throws {
        // Shared subexpressions that stay live: more than the registers kept on the stack.
        let parts = (0..<60).map { "sin(position + \($0))" }
        let text = "(" + parts.joined(separator: " + ") + ") * (" + parts.reversed().joined(separator: " - ") + ")"
        let expression = try Expression(text)
        var random = RandomKey(seed: 3).stream
        let columns = Columns(Sample.box, count: 257, random: &random, extremes: false)
        let values = Buffer<Double>(count: 257, repeating: 0)
        try expression.compiled(for: Sample.box).evaluate(columns.batch, into: values.all)
        for row in 0..<257 {
            #expect(Self.same(values[row], Interpreter(columns: columns, row: row).value(expression.root)))
        }
    }

    @Test(arguments: [
        ("1 + 2 * 3", 7.0), ("(1 + 2) * 3", 9), ("-2^2", -4), ("2^3^2", 512), ("2^-1", 0.5), ("7 % 3", 1),
        ("-7 % 3", 2), ("7 % -3", -2), ("1_000 / 1e3", 1), ("1 < 2 ? 10 : 20", 10), ("2 * (3 > 2)", 2),
        ("not 1 > 2 and 2 > 1 ? 5 : 6", 5), ("true or false and false ? 1 : 2", 1), ("10 - 4 - 3", 3), ("8 / 4 / 2", 1),
        ("false ? 1 : true ? 2 : 3", 2), ("!false ? 1 : 0", 1), ("min(3, 1, 2)", 1), ("max(3, 1, 2)", 3),
        ("clamp(5, 0, 2)", 2), ("norm(3, 4)", 5), ("gaussian(1, 1, 2)", 1), ("tolerance(3, 1, 2, 1)", 0.1),
        ("tolerance(1.5, 1, 2, 0)", 1), ("tolerance(3, 1, 2, 0)", 0), ("sign(-3)", -1), ("round(2.5)", 3),
        ("round(-2.5)", -3), ("floor(-0.5)", -1), ("abs(-4)", 4), ("sqrt(16)", 4), ("square(-3)", 9),
        ("sigmoid(0)", 0.5),
        ("1 / 0", .infinity), ("0^0", 1), ("exp(0) + log(1) + sin(0) + cos(0) + tan(0) + tanh(0)", 2), (".5", 0.5),
        ("3 == 3.0", 1), ("3 != 3", 0), ("1 <= 1", 1), ("2 >= 3", 0), ("1 && true", .nan), ("2.0^10", 1024),
    ])
    func literalExpressions(text: String, expected: Double) throws {
        guard !expected.isNaN else {
            #expect(throws: RewardError.self) { try Expression(text) }
            return
        }
        let columns = Columns(Sample.single, count: 2)
        let values = Buffer<Double>(count: 2, repeating: -99)
        try Expression(text).compiled(for: Sample.single).evaluate(columns.batch, into: values.all)
        #expect(abs(values[0] - expected) <= 1e-15 * abs(expected) || values[0] == expected)
        #expect(values[1] == values[0] || values[0].isNaN)
    }

    @Test func namesMeanWhatTheySay() throws {
        let columns = Columns(Sample.discrete, count: 3)
        columns.set("velocity", before: [1, 2, 3], after: [4, 5, 6])
        columns.set("goal", after: [0, 1, 0])
        for e in 0..<3 { columns.actions[e] = Float(e) }
        columns.ends[1] = .terminated
        columns.ends[2] = .truncated
        func values(_ text: String) throws -> [Double] { try columns.evaluate(ExpressionReward(text)).rewards }
        #expect(try values("velocity - previous.velocity") == [3, 3, 3])
        #expect(try values("goal ? 0 : -1") == [-1, 0, -1])
        #expect(try values("100 * goal") == [0, 100, 0])
        #expect(try values("action") == [0, 1, 2])
        #expect(try values("action == right ? 1 : 0") == [0, 0, 1])
        #expect(try values("terminated + 10 * truncated") == [0, 1, 10])
        #expect(try values("`velocity`") == [4, 5, 6])
        let box = Columns(Sample.box, count: 1)
        for i in 0..<3 { box.actions[i] = [3, 0, 4][i] }
        #expect(try box.evaluate(ExpressionReward("norm(action)")).rewards == [5])
        #expect(try box.evaluate(ExpressionReward("action[yaw] - action[0]")).rewards == [1])
        #expect(try box.evaluate(ExpressionReward("max(action)")).rewards == [4])
    }

    @Test func derivativesAgreeWithFiniteDifferences() throws {
        var generator = TreeGenerator(random: RandomKey(seed: 5).stream, isSmooth: true, usesAction: false)
        var random = RandomKey(seed: 6).stream
        var compared = 0
        var undefined = 0
        for round in 0..<3000 {
            guard let expression = try? Expression(generator.number(2 + round % 3)),
                expression.description.contains("position"),
                let slope = try? expression.derivative(withRespectTo: "position")
            else { continue }
            // Rows: x - 2h, x - h, x, x + h, x + 2h, for 4 points.
            let columns = Columns(Sample.box, count: 20, random: &random, extremes: false)
            let step = 1e-4
            for point in 0..<4 {
                for k in 0..<Sample.signals.count {
                    for i in 0..<5 {
                        columns.after[k * 20 + point * 5 + i] = columns.after[k * 20 + point * 5 + 2]
                        columns.before[k * 20 + point * 5 + i] = columns.before[k * 20 + point * 5 + 2]
                    }
                }
                for i in 0..<5 {
                    columns.after[point * 5 + i] += Double(i - 2) * step
                    columns.ends[point * 5 + i] = columns.ends[point * 5 + 2]
                }
            }
            let f = try columns.evaluate(ExpressionReward(expression)).rewards
            let d = try columns.evaluate(ExpressionReward(slope)).rewards
            for point in 0..<4 {
                let y = Array(f[(point * 5)..<(point * 5 + 5)])
                guard y.allSatisfy({ abs($0) < 1e3 }) else { continue }
                let narrow = (y[3] - y[1]) / (2 * step)
                let wide = (y[4] - y[0]) / (4 * step)
                let estimate = (4 * narrow - wide) / 3
                // Corners, jumps and wild curvature show in the difference of the two estimates, and one-sided slopes.
                let left = (y[2] - y[1]) / step
                let right = (y[3] - y[2]) / step
                guard abs(narrow - wide) < 1e-4 * (1 + abs(narrow)), abs(left - right) < 1e-2 * (1 + abs(narrow)) else {
                    continue
                }
                compared += 1
                // A gaussian of width 0, exp(-1e300): the value is a number, the slope's formula 0 times infinity.
                if d[point * 5 + 2].isNaN {
                    undefined += 1
                    continue
                }
                let error = abs(d[point * 5 + 2] - estimate)
                if !(error <= 1e-4 * (1 + abs(estimate))) {
                    Issue.record(
                        "d/dposition of \(expression) = \(slope): \(d[point * 5 + 2]), differences give \(estimate)")
                }
            }
        }
        #expect(compared > 1000)
        #expect(undefined * 50 < compared)
    }

    @Test(arguments: [
        ("velocity^2", "2 * velocity"), ("3 * velocity", "3"), ("abs(velocity)", "sign(velocity)"),
        ("position", "0"), ("goal ? velocity : -velocity", "goal ? 1 : -1"), ("exp(-velocity)", "-exp(-velocity)"),
        ("velocity * previous.velocity", "previous.velocity"), ("velocity > 3 ? 1 : 0", "0"),
        ("position + velocity / 2", "1 / 2"), ("velocity^3", "3 * velocity^2"),
        ("max(velocity, 0)", "velocity > 0 ? 1 : 0"), ("sin(velocity)", "cos(velocity)"),
        ("clamp(velocity, -1, 1)", "velocity > 1 ? 0 : velocity < -1 ? 0 : 1"),
    ])
    func derivativesAreSimple(text: String, expected: String) throws {
        #expect(try Expression(text).derivative(withRespectTo: "velocity").description == expected)
    }

    @Test func derivativesKnowTheirVariables() throws {
        let effort = try Expression("0.1 * action[0]^2 + action[1]")
        #expect(try effort.derivative(withRespectTo: "action[0]").description == "0.1 * (2 * action[0])")
        #expect(throws: RewardError.self) { try effort.derivative(withRespectTo: "action[thrust]") }
        #expect(
            try Expression("previous.velocity^2").derivative(withRespectTo: "previous.velocity").description
                == "2 * previous.velocity")
        #expect(throws: RewardError.self) { try Expression("norm(action)").derivative(withRespectTo: "action[0]") }
        #expect(throws: RewardError.self) { try Expression("velocity").derivative(withRespectTo: "1 + 2") }
        #expect(throws: RewardError.self) { try Expression("velocity").derivative(withRespectTo: "velocity +") }
    }
}
