import Testing

@testable import TelosExperiments

/// A file that is wrong, and where and how its first mistake must be reported.
struct Malformed: CustomTestStringConvertible, Sendable {
    var text: String
    var line: Int
    var column: Int
    var message: String
    /// Mistakes that must be reported in all.
    var count: Int

    init(_ text: String, _ line: Int, _ column: Int, _ message: String, count: Int = 1) {
        self.text = text
        self.line = line
        self.column = column
        self.message = message
        self.count = count
    }

    var testDescription: String { "\(message) at \(line):\(column)" }
}

private let learner = "learner: {algorithm: ppo, steps: 1000}\n"
private let task = "task: {environment: Corridor}\n"

/// A good task and learner, and then `text` on line 3.
private func third(_ text: String) -> String { task + learner + text }
/// A learner with `text` among its options: `text` begins at 2:37.
private func option(_ text: String) -> String { task + "learner: {algorithm: ppo, steps: 10, \(text)}\n" }
/// A reward written as `text`, which begins at 4:11.
private func reward(_ text: String) -> String { learner + "task:\n  environment: Corridor\n  reward: \(text)\n" }

@Suite struct MalformedFileTests {
    static let yaml: [Malformed] = [
        Malformed("", 1, 1, "the file is empty"),
        Malformed("\n\n# only a comment\n", 1, 1, "the file is empty"),
        Malformed("~\n", 1, 1, "the file is empty"),
        Malformed("---\n...\n", 1, 1, "the file is empty"),
        Malformed("just words", 1, 1, "an experiment is a map of keys"),
        Malformed("- task\n- learner", 1, 1, "not a list"),
        Malformed("task: \u{0}\u{1}", 1, 7, "control character (code 0)"),
        Malformed("task: a\u{85}\nb: \u{9B}\n", 3, 4, "control character (code 155)"),
        Malformed("task:\n\tenvironment: Corridor\n", 2, 1, "indent with spaces"),
        Malformed(reward("goal ? 0 : -1"), 4, 20, "in quotes"),
        Malformed(task + "%a b\n" + learner, 2, 1, "directive"),
        Malformed(task + "learner: {algorithm: ppo, steps: 10:}\n", 2, 36, "a ':' cannot stand here"),
        Malformed(reward("\"goal ? 0 : -1"), 4, 11, "this quote is never closed"),
        Malformed(reward("'goal"), 4, 11, "this quote is never closed"),
        Malformed(reward("\"a\\q\""), 4, 13, "no such escape"),
        Malformed(reward("\"a\" b"), 4, 15, "no key was found"),
        Malformed(reward("*velocity"), 4, 11, "alias"),
        Malformed(reward("@goal"), 4, 11, "no value can begin like this"),
        Malformed(task + "learner: {algorithm: ppo, steps: 10\n", 3, 1, "the map that begins with '{' is not closed"),
        Malformed(option("hiddenSizes: [64, 64"), 2, 58, "the list that begins with '[' is not closed"),
        Malformed(task + "learner:\n  algorithm: ppo\n steps: 10\n", 4, 2, "check this line's indentation"),
        Malformed(third("seeds\n"), 3, 1, "a key needs ':' after it"),
        Malformed(third("---\nseeds: 3\n"), 3, 1, "one file holds one experiment"),
        Malformed(third("[a]: 3\n"), 3, 1, "a key must be a name"),
        Malformed(String(repeating: "[", count: 5000), 1, 101, "nested too deeply"),
        Malformed(String(repeating: "a", count: 1_000_001), 1, 1, "larger than a megabyte"),
    ]

    static let keys: [Malformed] = [
        Malformed(third("sed: 3\n"), 3, 1, "an experiment has no key 'sed'; did you mean 'seeds'?"),
        Malformed(third("optimizer: adam\n"), 3, 1, "its keys are name, task"),
        Malformed(third("Seeds: 3\n"), 3, 1, "did you mean 'seeds'?"),
        Malformed("task: {environment: Corridor, rewards: goal}\n" + learner, 1, 31, "did you mean 'reward'?"),
        Malformed(option("clip_range: 0.1"), 2, 38, "ppo has no key 'clip_range'; did you mean 'clipRange'?"),
        Malformed("task: {environment: {name: Corridor, sise: 5}}\n" + learner, 1, 38, "did you mean 'size'?"),
        Malformed(third("evaluation: {episode: 5}\n"), 3, 14, "did you mean 'episodes'?"),
        Malformed(third("checkpoint: {steps: 5}\n"), 3, 14, "its keys are every, best, keep"),
        Malformed(third("auxiliary: {a: {reward: goal, wieght: 1}}\n"), 3, 31, "did you mean 'weight'?"),
        Malformed(third("learner: {}\n"), 3, 1, "'learner' is given twice; it is first on line 2"),
        Malformed(
            task + "learner:\n  algorithm: ppo\n  steps: 10\n  # again\n  steps: 20\n", 6, 3,
            "'steps' is given twice; it is first on line 4"),
        Malformed(option("discount: 1, 'discount': 1"), 2, 51, "'discount' is given twice"),
        Malformed(third("seeds: 2\nseeds: 3\nseed: 4\nseeds: 5\n"), 4, 1, "'seeds' is given twice", count: 3),
        Malformed(learner, 1, 1, "'task' is missing"),
        Malformed("task:\n" + learner, 1, 6, "'task' is missing"),
        Malformed(task, 1, 1, "'learner' is missing"),
        Malformed("seeds: 3", 1, 1, "'task' is missing", count: 2),
        Malformed("task: {reward: goal}\n" + learner, 1, 7, "task needs an 'environment'"),
        Malformed("task: {environment: {size: 5}}\n" + learner, 1, 21, "environment needs a 'name'"),
        Malformed(task + "learner: {steps: 10}\n", 2, 10, "learner needs an 'algorithm'"),
        Malformed(task + "learner: {algorithm: ppo}\n", 2, 10, "learner needs 'steps'"),
        Malformed(task + "learner: ppo\n", 2, 10, "write learner: {algorithm: ppo, steps: 100_000}"),
        Malformed(third("auxiliary: {a: {weight: 1}}\n"), 3, 16, "auxiliary 'a' needs a 'reward'"),
    ]

    static let values: [Malformed] = [
        Malformed("task: Corridor\n" + learner, 1, 7, "task must be a map, as in task: {environment: NAME}"),
        Malformed("task: [Corridor]\n" + learner, 1, 7, "not a list"),
        Malformed("task: {environment: [Corridor]}\n" + learner, 1, 21, "environment must be a text, not a list"),
        Malformed("task: {environment: Coridor}\n" + learner, 1, 21, "did you mean 'Corridor'?"),
        Malformed("task: {environment: Chess}\n" + learner, 1, 21, "'telos tasks' lists them"),
        Malformed("task: {environment: {name: Corridor, size: 1}}\n" + learner, 1, 44, "from 2 to 100, not 1"),
        Malformed("task: {environment: {name: Corridor, size: 9.5}}\n" + learner, 1, 44, "a whole number, not 9.5"),
        Malformed("task: {environment: {name: Corridor, slip: 1.5}}\n" + learner, 1, 44, "slip must be from 0 to 1"),
        Malformed("task: {environment: {name: Corridor, slip: .nan}}\n" + learner, 1, 44, "slip must be a number"),
        Malformed("task: {environment: {name: Corridor, wrap: yes}}\n" + learner, 1, 44, "wrap must be true or false"),
        Malformed("task: {environment: {name: Corridor, layout: [a]}}\n" + learner, 1, 46, "layout must be a text"),
        Malformed("task: {environment: {name: Corridor, size: 13}}\n" + learner, 1, 21, "size 13 brings bad luck"),
        Malformed("task: {environment: Corridor, horizon: 0}\n" + learner, 1, 40, "horizon must be from 1"),
        Malformed("task: {environment: Corridor, horizon: never}\n" + learner, 1, 40, "whole number, not 'never'"),
        Malformed(task + "learner: {algorithm: ppi, steps: 10}\n", 2, 22, "did you mean 'ppo'?"),
        Malformed(task + "learner: {algorithm: alphazero, steps: 10}\n", 2, 22, "'telos learners' lists them"),
        Malformed(task + "learner: {algorithm: ppo, steps: -10}\n", 2, 34, "steps must be from 1"),
        Malformed(task + "learner: {algorithm: ppo, steps: 1.5}\n", 2, 34, "steps must be a whole number, not 1.5"),
        Malformed(task + "learner: {algorithm: ppo, steps: 200k}\n", 2, 34, "a whole number, not '200k'"),
        Malformed(task + "learner: {algorithm: ppo, steps: 1__0}\n", 2, 34, "a whole number, not '1__0'"),
        Malformed(task + "learner: {algorithm: ppo, steps: \"10\"}\n", 2, 34, "write 10 without quotes"),
        Malformed(task + "learner: {algorithm: ppo, steps: 1e400}\n", 2, 34, "a whole number"),
        Malformed(task + "learner: {algorithm: ppo, steps: }\n", 2, 34, "not nothing"),
        Malformed(option("environments: 1.5"), 2, 52, "environments must be a whole number, not 1.5"),
        Malformed(option("environments: 0"), 2, 52, "environments must be from 1 to 1024, not 0"),
        Malformed(option("discount: 1.01"), 2, 48, "discount must be from 0 to 1, not 1.01"),
        Malformed(option("learningRate: fast"), 2, 52, "learningRate must be a number, not 'fast'"),
        Malformed(option("normalizeAdvantage: 1"), 2, 58, "must be true or false, not '1'"),
        Malformed(option("activation: than"), 2, 50, "did you mean 'tanh'?"),
        Malformed(option("activation: swiglu"), 2, 50, "one of tanh, relu"),
        Malformed(option("hiddenSizes: 64"), 2, 51, "must be a list, as in [64, 64]"),
        Malformed(option("hiddenSizes: [64, 6.5]"), 2, 56, "each of hiddenSizes must be a whole number, not 6.5"),
        Malformed(option("hiddenSizes: [64, a]"), 2, 56, "each of hiddenSizes must be a number"),
        Malformed(option("hiddenSizes: [0]"), 2, 52, "from 1 to 4096"),
        Malformed(option("criticSizes: [64, 6.5]"), 2, 56, "each of criticSizes must be a whole number, not 6.5"),
        Malformed(option("criticSizes: [0]"), 2, 52, "from 1 to 4096"),
        Malformed(option("minibatchSize: 63"), 2, 53, "minibatchSize: must be a multiple of environments (8)"),
        Malformed(third("seeds: 0\n"), 3, 8, "the number of seeds must be from 1"),
        Malformed(third("seeds: -3\n"), 3, 8, "as in 100..109"),
        Malformed(third("seeds: 1-5\n"), 3, 8, "as in 100..109"),
        Malformed(third("seeds: 9..5\n"), 3, 8, "write 5..9"),
        Malformed(third("seeds: 0..99999\n"), 3, 8, "at most 10000 seeds"),
        Malformed(third("seeds: [1, 2, 1]\n"), 3, 15, "seed 1 is given twice"),
        Malformed(third("seeds: []\n"), 3, 8, "at least one seed"),
        Malformed(third("seeds:\n"), 3, 7, "not nothing"),
        Malformed(third("evaluation: 20\n"), 3, 13, "evaluation must be a map, as in"),
        Malformed(third("evaluation: {episodes: 0}\n"), 3, 24, "episodes must be from 1"),
        Malformed(third("evaluation: {every: 0.5}\n"), 3, 21, "every must be a whole number"),
        Malformed(third("checkpoint: {every: 0}\n"), 3, 21, "every must be at least 1"),
        Malformed(third("threads: 0\n"), 3, 10, "threads must be from 1 to 1024"),
        Malformed(third("threads: many\n"), 3, 10, "threads must be a whole number"),
        Malformed(third("name: [a]\n"), 3, 7, "name must be a text"),
        Malformed(third("name: a/b\n"), 3, 7, "without '/'"),
        Malformed(third("combine: sums\nauxiliary: {a: goal}\n"), 3, 10, "did you mean 'sum'?"),
        Malformed(third("combine: attention\n"), 3, 10, "behavior-alignment"),
    ]

    static let contradictions: [Malformed] = [
        Malformed(third("combine: behavior-alignment\n"), 3, 10, "needs auxiliary rewards"),
        Malformed(third("combine: sum\nauxiliary:\n"), 3, 10, "needs auxiliary rewards"),
        Malformed(
            option("environments: 1") + "combine: behavior-alignment\nauxiliary: {a: goal}\n", 2, 52,
            "environments: an aligned learner needs two"),
        Malformed(third("auxiliary: {}\n"), 3, 12, "auxiliary is empty"),
        Malformed(third("auxiliary: [goal]\n"), 3, 12, "auxiliary must be a map"),
        Malformed(third("auxiliary: {primary: goal}\n"), 3, 13, "the task's own reward"),
        Malformed(third("auxiliary: {my speed: goal}\n"), 3, 13, "cannot name a reward"),
        Malformed(third("auxiliary: {a: {reward: goal, weight: heavy}}\n"), 3, 39, "weight must be a number"),
        Malformed(
            "task: {environment: SmoothCorridor}\nlearner: {algorithm: q-learning, steps: 10}\n", 2, 22,
            "q-learning cannot learn in SmoothCorridor: it needs a discrete action"),
    ]

    static let expressions: [Malformed] = [
        Malformed(reward("velocty"), 4, 11, "velocity"),
        Malformed(reward("1 + velocty"), 4, 15, "velocity"),
        Malformed(reward("\"1 + velocty\""), 4, 16, "velocity"),
        Malformed(reward("'1 + velocty'"), 4, 16, "velocity"),
        Malformed(reward("goal ? 0"), 4, 19, "reward"),
        Malformed(reward("1 +"), 4, 14, "reward"),
        Malformed(reward("\"abs(velocity\""), 4, 15, "never closed"),
        Malformed(reward("1 $ 2"), 4, 13, "reward"),
        Malformed(reward("\"\""), 4, 11, "reward must be an expression"),
        Malformed(reward("[1]"), 4, 11, "reward must be an expression, as in \"goal ? 0 : -1\", not a list"),
        Malformed(reward("|\n    goal\n    + velocty"), 6, 7, "velocity"),
        Malformed(reward("|\n    goal\n      + velocty"), 6, 9, "velocity"),
        Malformed(reward(">\n    goal\n    + velocty"), 6, 7, "velocity"),
        Malformed(reward("goal\n    + velocty"), 5, 7, "velocity"),
        Malformed(reward("\"goal\n    + velocty\""), 5, 7, "velocity"),
        Malformed(reward("\"\\x31 + velocty\""), 4, 11, "at character 5 of this text"),
        Malformed(reward("abs(position, 2)"), 4, 11, "abs"),
        Malformed(reward("sine(position)"), 4, 11, "sin"),
        Malformed(third("auxiliary: {speed: abs(velocty)}\n"), 3, 24, "auxiliary 'speed'"),
        Malformed(third("auxiliary:\n  speed:\n    reward: 2 * hight\n    weight: 2\n"), 5, 17, "hight"),
        Malformed(
            third("combine: potential\nauxiliary: {a: velocity * action}\n"), 4, 27, "auxiliary 'a'"),
    ]

    static let forms: [Malformed] = [
        Malformed(reward("{expresion: goal}"), 4, 12, "did you mean 'expression'?"),
        Malformed(reward("{}"), 4, 11, "an empty map"),
        Malformed(reward("{expression: goal, machine: x}"), 4, 30, "one of expression, machine, sum"),
        Malformed(reward("{expression: 1 + gaol}"), 4, 28, "did you mean 'goal'"),
        Malformed(reward("\n    machine: |\n      a -> b when goal : 1\n      b -> a when gaol : 1\n"), 7, 19, "gaol"),
        Malformed(reward("\n    machine: |\n      a -> b when goal : 1\n      b > a\n"), 7, 9, "'->' is missing"),
        Malformed(reward("{machine: \"a -> b when goal : 1\\nb > a\"}"), 4, 21, "'->' is missing"),
        Malformed(reward("{sum: goal}"), 4, 17, "sum must be a map"),
        Malformed(reward("{sum: {}}"), 4, 17, "sum is empty"),
        Malformed(reward("{sum: {a: goal, b: {scale: [2, gaol]}}}"), 4, 42, "reward (b) (scale): "),
        Malformed(reward("{sum: {a b: goal}}"), 4, 18, "cannot name a reward"),
        Malformed(reward("{scale: [goal]}"), 4, 19, "scale must be a number and a reward"),
        Malformed(reward("{scale: [a, goal]}"), 4, 20, "the factor must be a number"),
        Malformed(reward("{clip: {reward: goal, low: 1}}"), 4, 18, "clip needs"),
        Malformed(reward("{clip: {reward: goal, low: 1, high: 0}}"), 4, 47, "high must be at least low (1), not 0"),
        Malformed(reward("{gate: {reward: velocity, when: position}}"), 4, 43, "a condition is needed"),
        Malformed(reward("{gate: {reward: velocity, if: goal}}"), 4, 18, "gate needs a 'reward'", count: 2),
        Malformed(
            reward(String(repeating: "{scale: [1, ", count: 25) + "goal" + String(repeating: "]}", count: 25)), 4, 251,
            "nested too deeply"),
        Malformed(
            third("combine: potential\nauxiliary: {a: {scale: [2, velocity]}}\n"), 4, 16, "must be an expression"),
    ]

    @Test(arguments: [yaml, keys, values, contradictions, expressions, forms].flatMap { $0 })
    func aMistakeIsReportedWhereItStands(_ file: Malformed) {
        let found = problems(file.text)
        #expect(found.count == file.count, "\(found)")
        guard let first = found.first else { return }
        #expect(first.line == file.line && first.column == file.column, "\(first)")
        #expect(first.message.contains(file.message))
    }

    @Test func everyIndependentMistakeIsReportedInOrder() {
        let text = """
            task:
              environment: {name: Corridor, size: 1000}
              reward: "1"
              horizn: 5
            learner: {algorithm: ppo, steps: many, discount: 2, clip: 1}
            auxiliary: {primary: "goal"}
            seeds: x
            """
        let found = problems(text)
        #expect(found.map(\.line) == [2, 4, 5, 5, 5, 6, 7])
        let description = ExperimentError(file: "a/b.yaml", problems: found.reversed()).description
        #expect(description.split(separator: "\n").first == "a/b.yaml:2:39: size must be from 2 to 100, not 1000")
        #expect(description.split(separator: "\n").last?.hasPrefix("a/b.yaml:7:8: seeds must be a count") == true)
    }

    @Test func columnsCountUnicodeScalars() {
        let found = problems(task + learner + "auxiliary: {höhe: goal, größe: \"1 + gaol\"}\n")
        #expect(found.map(\.column) == [37], "\(found)")
    }

    @Test func hostileYAMLIsRefused() {
        var laughs = "a0: &a0 [x, x, x, x, x, x, x, x]\n"
        for level in 1...30 {
            let alias = "*a\(level - 1)"
            laughs += "a\(level): &a\(level) [\(Array(repeating: alias, count: 8).joined(separator: ", "))]\n"
        }
        #expect(problems(laughs).first?.message == "the file has too many values")
        #expect(problems("a: &a [*a]").count == 1)
        let blocks = (0..<3000).map { String(repeating: " ", count: $0) + "a:" }.joined(separator: "\n")
        #expect(!problems(blocks).isEmpty)
        #expect(!problems("!!binary a: !!set {b}").isEmpty)
        #expect(!problems("? [a, b]\n: c").isEmpty)
        #expect(!problems("%YAML 9.9\n---\na: b").isEmpty)
        #expect(!problems("&a : b").isEmpty)
    }

    @Test func noPrefixOfAFileTraps() {
        let text =
            reward("\"goal ? 0 : -1\"")
            + "auxiliary:\n  a: {reward: 'abs(velocity)', weight: 1_0}\nseeds: [1, 2]\n"
        for length in 0...text.count { _ = problems(String(text.prefix(length))) }
        for skipped in 0..<text.count {
            _ = problems(String(text.prefix(skipped)) + String(text.dropFirst(skipped + 1)))
        }
    }
}
