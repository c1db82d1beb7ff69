import Testing
import TelosEnvironments
import TelosRewards
import TelosTensor

@Suite struct ShapingTests {
    /// The discounted sum of F over an episode is -Phi(s0), plus discount^T Phi(s_T) where time ran out.
    @Test(arguments: [EpisodeEnd.terminated, .truncated])
    func telescopesOverAnEpisode(end: EpisodeEnd) throws {
        var random = RandomKey(seed: 41).stream
        let discount = 0.97
        let text = "3 * exp(-position^2) + velocity * height - 2"
        let shaping = PotentialShaping(potential: try Expression(text), discount: discount)
        let bound = try shaping.bind(to: Sample.box)
        func potential(_ s: [Double]) -> Double {
            let columns = Columns(Sample.box, count: 1)
            for k in 0..<s.count { columns.after[k] = s[k] }
            return Interpreter(columns: columns, row: 0).value(try! Expression(text).root)
        }
        var state = Sample.signals.map { random.uniform($0.lowerBound, $0.upperBound) }
        let start = state
        var sum = 0.0
        var factor = 1.0
        for step in 0..<50 {
            let next = Sample.signals.map { random.uniform($0.lowerBound, $0.upperBound) }
            let columns = Columns(Sample.box, count: 1)
            for k in 0..<state.count {
                columns.before[k] = state[k]
                columns.after[k] = next[k]
            }
            if step == 49 { columns.ends[0] = end }
            sum += factor * Memory(bound, count: 1).evaluate(columns).rewards[0]
            factor *= discount
            state = next
        }
        let expected = -potential(start) + (end == .truncated ? factor * potential(state) : 0)
        #expect(abs(sum - expected) < 1e-12)
        #expect(abs(factor * potential(state)) > 1e-3)
    }

    @Test func aPotentialIsAFunctionOfOneState() throws {
        for (text, part) in [
            ("velocity - previous.velocity", "previous.velocity"), ("action[0]", "'action'"),
            ("norm(action)", "'action'"),
            ("terminated ? 0 : 1", "'terminated'"),
        ] {
            let error = rewardError {
                _ = try PotentialShaping(potential: Expression(text), discount: 0.9).bind(to: Sample.box)
            }
            #expect(
                error?.message.contains("\(part.hasPrefix("'") ? part : "'\(part)'") cannot be used in a potential")
                    == true)
            #expect(error?.column == (text.hasPrefix("velocity") ? 12 : text.hasPrefix("norm") ? 6 : 1))
        }
        #expect(throws: RewardError.self) {
            try PotentialShaping(potential: Expression("height"), discount: 1.5).bind(to: Sample.box)
        }
        let height = PotentialShaping(potential: try Expression("height"), discount: 0.99)
        #expect(height.description == "shaping by height with discount 0.99")
    }

    @Test func tabulationListsEveryTransition() throws {
        // Two states and a terminal one; action 0 stays or slips, action 1 goes on.
        var transitions = [Double](repeating: 0, count: 3 * 2 * 3)
        func put(_ s: Int, _ a: Int, _ t: Int, _ p: Double) { transitions[(s * 2 + a) * 3 + t] = p }
        put(0, 0, 0, 0.75); put(0, 0, 1, 0.25); put(0, 1, 1, 1)
        put(1, 0, 1, 1); put(1, 1, 2, 0.5); put(1, 1, 0, 0.5)
        put(2, 0, 2, 1); put(2, 1, 2, 1)
        let mdp = try TabularMDP(
            stateCount: 3, actionCount: 2, transitions: transitions, terminal: [false, false, true], start: [1, 0, 0])
        let model = try FiniteModel(Chain(mdp: mdp))
        let reward = try ExpressionReward("100 * place + 10 * previous.place + action + (terminated ? 0.5 : 0)")
        let table = try tabulate(reward: reward.bind(to: model.specification), over: model)
        var expected = [Double](repeating: 0, count: 18)
        for s in 0..<2 {
            for a in 0..<2 {
                for t in 0..<3 where transitions[(s * 2 + a) * 3 + t] > 0 {
                    expected[(s * 2 + a) * 3 + t] = Double(100 * t + 10 * s + a) + (t == 2 ? 0.5 : 0)
                }
            }
        }
        #expect(table == expected)
        let machine = try RewardMachine("a -> b when true : 1").bind(to: model.specification)
        #expect(throws: RewardError.self) { try tabulate(reward: machine, over: model) }
    }
}

/// A finite environment over a given table.
private struct Chain: FiniteEnvironment {
    let mdp: TabularMDP
    var specification: EnvironmentSpecification {
        EnvironmentSpecification(
            name: "Chain", summary: "", observation: .discrete(3), action: .discrete(2),
            signals: [Signal("place", 0...2, "the state")], stateNames: ["place"], reference: "")
    }
    var states: [Int] { [0, 1, 2] }
    func isTerminal(_ state: Int) -> Bool { mdp.terminal[state] }
    func outcomes(of state: Int, action: Int) -> [(probability: Double, next: Int)] {
        mdp.successors(of: state, action: action).map { ($0.probability, $0.state) }
    }
    var startDistribution: [(probability: Double, state: Int)] { [(1, 0)] }
    func observe(_ state: Int, into observation: UnsafeMutableBufferPointer<Float>) { observation[0] = Float(state) }
    func readSignals(_ state: Int, into signals: SignalWriter) { signals[0] = Double(state) }
    func draw(_ state: Int) -> Drawing { fatalError("not drawn") }
}
