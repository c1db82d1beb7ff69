import Testing
import TelosEnvironments
import TelosRewards
import TelosTensor

@Suite struct ExpressionTextTests {
    @Test func printingAndParsingAreInverse() throws {
        var generator = TreeGenerator(random: RandomKey(seed: 11).stream)
        var tried = 0
        for round in 0..<4000 {
            let tree = round % 3 == 0 ? generator.condition(round % 7) : generator.number(round % 7)
            guard let expression = try? Expression(tree) else { continue }
            tried += 1
            let again = try Expression(expression.description)
            #expect(again == expression)
            #expect(again.root == tree)
            #expect(again.description == expression.description)
            // Spaces do not matter between tokens that need none; redundant parentheses do not either.
            #expect(try Expression("( \(expression) )") == expression)
        }
        #expect(tried > 3500)
    }

    /// Taking any pair of parentheses away changes the tree: those that are printed are needed.
    @Test func parenthesesAreMinimal() throws {
        var generator = TreeGenerator(random: RandomKey(seed: 12).stream)
        var pairs = 0
        for round in 0..<1500 {
            guard let expression = try? Expression(generator.number(2 + round % 4)) else { continue }
            let text = Array(expression.description)
            var open: [Int] = []
            for (index, character) in text.enumerated() {
                if character == "(" { open.append(index) }
                guard character == ")", let start = open.popLast() else { continue }
                // A call's parentheses follow its name.
                if start > 0, text[start - 1].isLetter { continue }
                var shorter = text
                shorter[index] = " "
                shorter[start] = " "
                pairs += 1
                let parsed = try? Expression(String(shorter))
                #expect(parsed != expression, "\(expression) prints parentheses it does not need")
            }
        }
        #expect(pairs > 500)
    }

    @Test(arguments: [
        ("a&&b||!c", "a and b or not c"), ("a+b*c", "a + b * c"), ("(a+b)*c", "(a + b) * c"),
        ("a-(b-c)", "a - (b - c)"),
        ("(a-b)-c", "a - b - c"), ("-(a)^2", "-a^2"), ("(-a)^2", "(-a)^2"), ("(a^b)^c", "(a^b)^c"),
        ("a^(b^c)", "a^b^c"),
        ("a^(-2)", "a^-2"), ("a - -b", "a - -b"), ("- - a", "--a"), ("200_000", "200000"), ("1e-3", "0.001"),
        ("(a?b:c)?d:e", "(a ? b : c) ? d : e"), ("a?b:(c?d:e)", "a ? b : c ? d : e"),
        ("a?(b?c:d):e", "a ? b ? c : d : e"), ("not (a > b)", "not a > b"), ("(not a) == b", "(not a) == b"),
        ("(a < b) == (c < d)", "(a < b) == (c < d)"), ("1 - !a", "1 - (not a)"), ("`a b`+1", "`a b` + 1"),
        ("`abc`", "abc"),
        ("previous . x", "previous.x"), ("action[ 2 ]", "action[2]"), ("`action`", "`action`"), ("1e300", "1e+300"),
        ("min( a,b )", "min(a, b)"), ("a and (b or c)", "a and (b or c)"), ("(a and b) or c", "a and b or c"),
    ])
    func printsCanonically(text: String, expected: String) throws {
        #expect(try Expression(text).description == expected)
    }

    @Test func treesThatNoTextDescribesAreErrors() throws {
        #expect(try Expression(Expression.Node.number(-1)).root == .unary(.negate, .number(1)))
        for node: Expression.Node in [
            .number(.nan), .number(.infinity), .call(.min, []), .call(.sin, [.number(1), .number(2)]), .name("a`b"),
            .name(""), .unary(.not, .number(3)), .action(.position(-1)),
            .conditional(.binary(.add, .number(1), .number(2)), .number(1), .number(2)),
        ] {
            #expect(throws: RewardError.self) { try Expression(node) }
        }
        var deep = Expression.Node.name("x")
        for _ in 0..<5000 { deep = .unary(.negate, deep) }
        #expect(throws: RewardError.self) { try Expression(deep) }
    }

    @Test func limitsAreErrorsAndWhatIsWithinThemWorks() throws {
        func nested(_ n: Int) -> String { String(repeating: "(", count: n) + "x" + String(repeating: ")", count: n) }
        #expect(try Expression(nested(110)).description == "x")
        #expect(rewardError { _ = try Expression(nested(4000)) }?.message.contains("more than 120 levels") == true)
        #expect(rewardError { _ = try Expression(String(repeating: "-", count: 9000) + "x") }?.column == 121)
        let chain = { (n: Int) in Array(repeating: "x", count: n).joined(separator: "+") }
        _ = try Expression(chain(200))
        #expect(rewardError { _ = try Expression(chain(300)) }?.message.contains("more than 200") == true)
        let right = String(repeating: "x-(", count: 55) + "x" + String(repeating: ")", count: 55)
        let reparsed = try Expression(try Expression(right).description)
        #expect(try reparsed == Expression(right))
        #expect(
            rewardError { _ = try Expression(String(repeating: " ", count: 10_000) + "x") }?.message
                .contains("10001 bytes") == true)
        let choices = (0..<110).map { "position > \($0) ? \($0) : " }.joined() + "0"
        _ = try Expression(choices).compiled(for: Sample.single)
    }

    /// Text, column, part of the message. Bound to a car with position, velocity, height and goal, and one action.
    static let mistakes: [(String, Int, String)] = [
        ("", 1, "an expression is missing"),
        ("   ", 4, "an expression is missing"),
        (
            "velocty", 1,
            "unknown signal 'velocty'; did you mean 'velocity'? MountainCar has: position, velocity, height, goal"
        ),
        ("abs(velocty)", 5, "did you mean 'velocity'?"),
        ("1 + 2 * vel0city", 9, "did you mean 'velocity'?"),
        ("wibblewobble", 1, "unknown signal 'wibblewobble'. MountainCar has:"),
        ("previous.positon", 10, "did you mean 'position'?"),
        ("previous", 1, "needs a signal"),
        ("previous.", 10, "a signal's name is missing"),
        ("previous.3", 1, "needs a signal"),
        ("1 +", 4, "ends where a value is missing"),
        ("* 2", 1, "a value is missing before '*'"),
        ("1 + * 2", 5, "a value is missing before '*'"),
        ("(1 + 2", 1, "'(' is never closed"),
        ("1 + 2)", 6, "')' closes nothing"),
        ("abs(velocity", 4, "'(' is never closed"),
        ("abs velocity", 5, "an operator is missing before 'velocity'"),
        ("abs", 1, "the function is written abs(x)"),
        ("abs()", 1, "abs(x) takes 1 argument and has 0 here"),
        ("abs(1, 2)", 1, "takes 1 argument and has 2 here"),
        ("1 + clamp(1, 2)", 5, "clamp(x, low, high) takes 3 arguments and has 2 here"),
        ("min(1)", 1, "takes 2 or more arguments and has 1 here"),
        ("asb(1)", 1, "unknown function 'asb'; did you mean 'abs'?"),
        ("pow(velocity, 2)", 1, "there is no function 'pow'; write x^y"),
        ("zzzzzzzzz(1)", 1, "there are: abs, sign"),
        ("velocity ? 1 : 0", 1, "'velocity' is a number and not a condition; compare it, as in velocity != 0"),
        ("1 - (velocity + 1 ? 1 : 0)", 6, "a condition is needed here"),
        ("goal and velocity", 10, "'velocity' is a number and not a condition"),
        ("not velocity", 5, "'velocity' is a number and not a condition"),
        ("1 ? 2 : 3", 1, "write true or false"),
        ("goal ? 1", 9, "'?' needs ':'"),
        ("goal ? : 1", 8, "a value is missing before ':'"),
        ("goal : 1", 6, "':' without a '?' before it"),
        ("0 < velocity < 1", 14, "comparisons do not chain"),
        ("velocity = 1", 10, "equality is written =="),
        ("velocity ** 2", 10, "a power is written x^y"),
        ("goal & goal", 6, "write and"),
        ("goal | goal", 6, "write or"),
        ("velocity ≤ 1", 10, "write <="),
        ("2 × velocity", 3, "write *"),
        ("velocity²", 9, "write ^2"),
        ("é", 1, "unexpected character 'é'"),
        ("1 + \u{1}", 5, "a control character"),
        ("2velocity", 1, "put an operator between '2' and the name after it"),
        ("2 velocity", 3, "an operator is missing before 'velocity'"),
        ("1.2.3", 1, "one decimal point"),
        ("1.", 2, "a digit must follow the decimal point"),
        ("1e999", 1, "too large"),
        ("1, 2", 2, "',' outside of a function's arguments"),
        ("action[1]", 8, "has 1 elements, the last is action[0]"),
        ("action[0.5]", 8, "whole number"),
        ("action[", 8, "position or name is missing"),
        ("action[0", 7, "'[' is never closed"),
        ("action[left]", 8, "the action has no element 'left'"),
        ("1 == not goal", 6, "put parentheses around 'not ...'"),
        ("and goal", 1, "a value is missing before 'and'"),
        ("1 if goal else 0", 3, "a choice is written condition ? x : y"),
        ("`velocity", 1, "no closing backtick"),
        ("``", 1, "a name is missing between the backticks"),
        ("velocity\n  + ?", 14, "a value is missing before '?'"),
        ("max(1, )", 8, "a value is missing before ')'"),
        ("goal ? velocity : positio", 19, "did you mean 'position'?"),
        ("velocity; 1", 9, "unexpected character ';'"),
        ("terminatd ? 1 : 0", 1, "did you mean 'terminated'?"),
    ]

    @Test(arguments: mistakes)
    func mistakesAreFoundWhereTheyAre(text: String, column: Int, part: String) throws {
        let error = rewardError { _ = try ExpressionReward(text).bind(to: Sample.single) }
        #expect(error?.column == column, "\(text): \(error.map(String.init(describing:)) ?? "no error")")
        #expect(error?.message.contains(part) == true, "\(text): \(error?.message ?? "no error")")
    }

    @Test func actionsAreCheckedAgainstTheirSpace() throws {
        func message(_ text: String, _ specification: EnvironmentSpecification) -> String {
            rewardError { _ = try ExpressionReward(text).bind(to: specification) }?.message ?? "no error"
        }
        #expect(message("action^2", Sample.box).contains("has 3 elements; write action[0] to action[2]"))
        #expect(message("action[rol]", Sample.box).contains("did you mean 'roll'?"))
        #expect(message("action[0]", Sample.discrete).contains("is one choice; write action"))
        #expect(message("action == lift ? 1 : 0", Sample.discrete).contains("did you mean 'left'?"))
        #expect(message("action", Sample.discrete) == "no error")
    }

    @Test func theTablesCoverTheLanguage() throws {
        #expect(Expression.functions.count == Expression.Function.allCases.count)
        for (name, arity, summary) in Expression.functions {
            #expect(!name.isEmpty && !arity.isEmpty && !summary.isEmpty)
            // The signature is itself an expression, once `...` is left out.
            _ = try Expression(name.replacing(", ...", with: ""))
        }
    }
}
