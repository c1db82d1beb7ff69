import Testing
import TelosEnvironments
import TelosRewards
import TelosTensor

@Suite struct RewardMachineTests {
    static let text = """
        # fetch the key, then reach the goal
        start -> hasKey when key and not previous.key : 0.1
        hasKey -> done when goal : velocity > 1 ? 2 : 1    # faster is better
        hasKey -> start when not key
        hasKey -> hasKey : -0.01
        terminal done
        """

    @Test func followsAnEpisodeStepByStep() throws {
        let machine = try RewardMachine(Self.text)
        #expect(machine.states == ["start", "hasKey", "done"])
        let memory = Memory(try machine.bind(to: Sample.discrete), count: 2)
        #expect(memory.bound.termNames == ["machine"] && memory.bound.memoryWidth == 1)
        let columns = Columns(Sample.discrete, count: 2)
        func step(key: [Double], previous: [Double], goal: [Double], velocity: [Double]) -> [Double] {
            columns.set("key", before: previous, after: key)
            columns.set("goal", after: goal)
            columns.set("velocity", after: velocity)
            return memory.evaluate(columns).rewards
        }
        // Environment 0 reaches the goal without the key first: nothing.
        #expect(step(key: [0, 1], previous: [0, 0], goal: [1, 0], velocity: [0, 0]) == [0, 0.1])
        #expect(memory.memory.array == [0, 1])
        #expect(step(key: [1, 1], previous: [0, 1], goal: [0, 1], velocity: [0, 1.5]) == [0.1, 2])
        #expect(step(key: [1, 1], previous: [1, 1], goal: [0, 1], velocity: [0, 0]) == [-0.01, 0])
        #expect(step(key: [0, 1], previous: [1, 1], goal: [0, 1], velocity: [0, 0]) == [0, 0])
        #expect(memory.memory.array == [0, 2])
        // A new episode forgets.
        memory.reset(1)
        #expect(memory.memory.array == [0, 0])
        #expect(step(key: [0, 1], previous: [0, 0], goal: [0, 0], velocity: [0, 0]) == [0, 0.1])
    }

    /// Many environments, each in its own machine state, against a direct simulation.
    @Test func agreesWithADirectSimulation() throws {
        let machine = try RewardMachine(
            "a -> b when position > 0 : height\nb -> c when velocity > 0.5 : -velocity\nb -> a when goal\n"
                + "c -> a when position < -1 : 7\nc -> c when velocity < 0 : position")
        var random = RandomKey(seed: 51).stream
        let memory = Memory(try machine.bind(to: Sample.box), count: 400)
        var state = [Int](repeating: 0, count: 400)
        for _ in 0..<30 {
            let columns = Columns(Sample.box, count: 400, random: &random, extremes: false)
            let rewards = memory.evaluate(columns).rewards
            for e in 0..<400 {
                let value = { (name: String) in columns.after[Sample.box.signalIndex(name)! * 400 + e] }
                var expected = 0.0
                switch state[e] {
                case 0 where value("position") > 0: (state[e], expected) = (1, value("height"))
                case 1 where value("velocity") > 0.5: (state[e], expected) = (2, -value("velocity"))
                case 1 where value("goal") != 0: state[e] = 0
                case 2 where value("position") < -1: (state[e], expected) = (0, 7)
                case 2 where value("velocity") < 0: expected = value("position")
                default: break
                }
                #expect(rewards[e] == expected && memory.memory[e] == Double(state[e]))
                if columns.ends[e] != .ongoing {
                    memory.reset(e)
                    state[e] = 0
                }
            }
        }
    }

    @Test func printsWhatReadsTheSame() throws {
        let machine = try RewardMachine(Self.text)
        #expect(
            machine.description == """
                start -> hasKey when key and not previous.key : 0.1
                hasKey -> done when goal : velocity > 1 ? 2 : 1
                hasKey -> start when not key
                hasKey -> hasKey : -0.01
                terminal done
                """)
        #expect(try RewardMachine(machine.description) == machine)
        let other = try RewardMachine("initial `b c`\na -> `b c` : 1\n`b c` -> a when (goal ? key : goal)")
        #expect(other.states == ["b c", "a"])
        #expect(other.description.hasPrefix("initial `b c`\na -> `b c` : 1\n"))
        #expect(try RewardMachine(other.description) == other)
    }

    @Test(
        arguments: [
            ("", nil, nil, "needs a transition"),
            ("a b", 1, 3, "'->' is missing after the state 'a'"),
            ("a -> ", 1, 6, "a state's name is needed"),
            ("a -> b\nb -> c if goal : 1", 2, 8, "expected 'when CONDITION' or ': REWARD' and found 'if'"),
            ("a -> b when : 1", 1, 13, "a value is missing before ':'"),
            ("a -> b when goal : ", 1, 20, "an expression is missing"),
            ("a -> b when goal : 1 +", 1, 23, "ends where a value is missing"),
            ("a -> b when goal 3", 1, 18, "expected ': REWARD' or the end of the line"),
            ("a -> b when 1 + 1 : 2", 1, 13, "a guard is a condition"),
            ("a -> b when velocity : 2", 1, 13, "a condition is needed"),
            ("a -> b when gaol : 2", 1, 13, "did you mean 'goal'?"),
            ("a -> b\n\nb -> a when goal : 2 * velocty", 3, 24, "did you mean 'velocity'?"),
            ("a -> hasKey\nhasKye -> a", 2, 1, "no transition leads to 'hasKye'; did you mean 'hasKey'?"),
            ("a -> b\nb -> a\nterminal b", 2, 1, "is terminal and cannot be left"),
            ("a -> b\nterminal  c", 2, 11, "the terminal state 'c' is in no transition"),
            ("initial a\ninitial a\na -> b", 2, 1, "given twice"),
            ("initial a b\na -> b", 1, 11, "expected the end of the line"),
            ("3 -> b", 1, 1, "a state's name is needed"),
        ] as [(String, Int?, Int?, String)])
    func mistakesAreFoundWhereTheyAre(text: String, line: Int?, column: Int?, part: String) {
        let error = rewardError { _ = try RewardMachine(text).bind(to: Sample.discrete) }
        #expect(
            error?.line == line && error?.column == column, "\(text): \(error.map(String.init(describing:)) ?? "none")")
        #expect(error?.message.contains(part) == true, "\(text): \(error.map(String.init(describing:)) ?? "none")")
    }
}
