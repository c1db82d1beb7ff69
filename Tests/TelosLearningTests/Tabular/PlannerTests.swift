import TelosEnvironments
import TelosRewards
import TelosTensor
import Testing

@testable import TelosLearning

private func planner(
    _ method: Planner.Method, _ task: TaskDefinition, discount: Double, plannedSteps: Int = 10_000_000
) throws -> Planner {
    var configuration = PlanningConfiguration()
    configuration.discount = discount
    return try Planner(
        LearnerContext(task: task, key: RandomKey(seed: 0), plannedSteps: plannedSteps), configuration, method: method)
}

@Suite struct PlannerTests {
    @Test(arguments: ["Grid", "RiverSwim", "FourRooms", "KeyAndDoor"])
    func plansAreTheSolvers(name: String) throws {
        let task = try task(name)
        let exact = try solution(of: task, discount: 0.95)
        for method in [Planner.Method.valueIteration, .policyIteration] {
            let planner = try planner(method, task, discount: 0.95)
            try planner.train(steps: 10_000_000)
            #expect(planner.isConverged && planner.steps == 10_000_000)
            for (value, expected) in zip(planner.values, exact.solution.q) { #expect(abs(value - expected) < 2e-8) }
            let actions = TabularPolicy.greedyActions(
                exact.solution.q, actionCount: exact.model.mdp.actionCount, tolerance: 1e-8)
            #expect(planner.actions == actions)
        }
    }

    @Test func randomModelsAreSolved() throws {
        for seed in 0..<5 {
            var random = RandomKey(seed: seed).stream
            let mdp = try TabularMDP.garnet(states: 12, actions: 3, branching: 3, using: &random)
            let pay = (0..<12).map { _ in random.normal() }
            let exact = try mdp.policyIteration(
                reward: mdp.expectedReward(mdp.fullReward { _, _, next in pay[next] }), discount: 0.9)
            for method in [Planner.Method.valueIteration, .policyIteration] {
                let planner = try planner(method, task(mdp, pay: pay, horizon: 10), discount: 0.9)
                try planner.train(steps: 10_000_000)
                #expect(zip(planner.values, exact.q).allSatisfy { abs($0 - $1) < 2e-8 })
                #expect(planner.actions == exact.actions)
            }
        }
    }

    /// Each iteration is one step of the textbook's: the residual of value iteration shrinks by the discount or more,
    /// and policy iteration never loses value.
    @Test func progressIsMonotone() throws {
        let task = try task("Grid", options: ["size": .integer(6)])
        let sweeping = try planner(.valueIteration, task, discount: 0.9)
        var last = Double.infinity
        var iteration = 0
        while !sweeping.isConverged {
            let metrics = try sweeping.iterate().metrics
            iteration += 1
            let residual = try #require(metrics.first { $0.name == "bellmanResidual" }).value
            #expect(residual <= 0.9 * last + 1e-12)
            #expect(sweeping.isConverged || sweeping.steps == iteration * 36 * 4)
            last = residual
        }
        #expect(iteration > 10 && sweeping.steps == 10_000_000)
        let improving = try planner(.policyIteration, task, discount: 0.9)
        var value = -Double.infinity
        while !improving.isConverged {
            let metrics = try improving.iterate().metrics
            let next = try #require(metrics.first { $0.name == "startValue" }).value
            #expect(next >= value - 1e-12)
            value = next
        }
        let steps = improving.steps
        _ = try improving.iterate()
        #expect(improving.steps > steps, "a run goes on even when there is nothing left to do")
    }

    /// States that look alike (the start, and the start after a fall) share the policy's row.
    @Test func plannedPoliciesAct() throws {
        let task = try task("CliffWalking")
        let planner = try planner(.valueIteration, task, discount: 1)
        try planner.train(steps: 10_000_000)
        for deterministic in [true, false] {
            let result = try evaluate(
                planner.policy(), on: task, episodes: 2, deterministic: deterministic, key: RandomKey(seed: 1))
            #expect(result.meanReturn == -13)
        }
    }

    /// What is planned with is what a learner would be paid.
    @Test(arguments: RewardCombination.allCases.filter { $0 != .behaviorAlignment })
    func tablesAreWhatIsPaid(combination: RewardCombination) throws {
        var task = try task(
            "GridWorld", options: ["map": .text("S.H\n..A\n.#G"), "slip": .real(0.3)], horizon: 11,
            reward: "goal - hole")
        task.auxiliaries = [
            AuxiliaryReward(name: "near", reward: try ExpressionReward("-pathDistance / 3"), weight: 0.7),
            AuxiliaryReward(name: "mark", reward: try ExpressionReward("markerA + 0.1 * goal"), weight: -2),
        ]
        task.combination = combination
        let environments = try task.makeEnvironments(count: 1, key: RandomKey(seed: 4))
        let rewards = try TaskRewards(task, specification: environments.specification, count: 1, discount: 0.8)
        let model = try #require(environments.finiteModel)
        let table = try rewards.table(over: model)
        var random = RandomKey(seed: 5).stream
        let action = Buffer<Float>(count: 1, repeating: 0)
        var seen: Set<Int> = []
        for _ in 0..<5000 {
            let state = Int(environments.observations[0])
            action[0] = Float(random.index(below: 4))
            environments.step(actions: action.readOnly)
            let next = Int(environments.transitions.nextObservations[0])
            let paid = rewards.blended(rewards.evaluate(environments.transitions).channels, 0)
            let index = (state * 4 + Int(action[0])) * model.mdp.stateCount + next
            seen.insert(index)
            #expect(abs(table[index] - paid) < 1e-12)
        }
        #expect(
            seen.count
                == table.indices.count {
                    model.mdp.transitions[$0] > 0 && !model.mdp.terminal[$0 / 4 / model.mdp.stateCount]
                })
    }

    @Test func potentialsLeaveThePlan() throws {
        var task = try task("Grid", options: ["slip": .real(0.2)])
        let plain = try planner(.policyIteration, task, discount: 0.9)
        try plain.train(steps: 10_000_000)
        task.auxiliaries = [AuxiliaryReward(name: "row", reward: try ExpressionReward("row * row"), weight: 5)]
        for combination in [RewardCombination.potential, .primary, .sum] {
            task.combination = combination
            let other = try planner(.policyIteration, task, discount: 0.9)
            try other.train(steps: 10_000_000)
            #expect((other.actions == plain.actions) == (combination != .sum), "\(combination)")
        }
    }
}

/// Two places in turn, with no model to be had.
private struct Opaque: Environment {
    var specification: EnvironmentSpecification {
        EnvironmentSpecification(
            name: "Opaque", summary: "", observation: .discrete(2), action: .discrete(2),
            actionNames: ["stay", "go"], signals: [Signal("place", 0...1, "")], stateNames: ["place"], reference: "")
    }
    func reset(using random: inout RandomStream) -> Int { 0 }
    func step(_ state: inout Int, action: Action, using random: inout RandomStream) -> Bool {
        if action.index == 1 { state = 1 - state }
        return false
    }
    func observe(_ state: Int, into observation: UnsafeMutableBufferPointer<Float>) { observation[0] = Float(state) }
    func readSignals(_ state: Int, into signals: SignalWriter) { signals[0] = Double(state) }
    func draw(_ state: Int) -> Drawing { Drawing(width: 1, height: 1) }
}

@Suite struct TabularRefusalTests {
    private func make(_ name: String, _ task: TaskDefinition, _ options: String = "{}") throws -> any Learner {
        try Learners.named(name)!.make(
            LearnerContext(task: task, key: RandomKey(seed: 0), plannedSteps: 1000), options)
    }

    private func complaint(_ body: () throws -> Void) -> String {
        do { try body() } catch { return "\(error)" }
        return ""
    }

    @Test(arguments: ["q-learning", "sarsa", "expected-sarsa", "value-iteration", "policy-iteration"])
    func whatNeedsNoTableIsRefused(name: String) throws {
        for environment in ["CartPole", "Pendulum"] {
            let task = try task(environment)
            let specification = try task.makeEnvironments(count: 1, key: RandomKey(seed: 0)).specification
            let refusal = try #require(Learners.named(name)?.refusal(specification))
            #expect(refusal.contains(environment) && refusal.contains("table"))
            #expect(complaint { _ = try make(name, task) } == refusal)
        }
        var aligned = try task("Grid")
        aligned.combination = .behaviorAlignment
        #expect(throws: ConfigurationError.self) { try make(name, aligned) }
        #expect(complaint { _ = try make(name, aligned) }.contains("ppo"))
        #expect(complaint { _ = try make(name, try task("Grid"), #"{"discount": 1.5}"#) }.contains("discount"))
    }

    @Test(arguments: ["value-iteration", "policy-iteration"]) func plannersNeedAModel(name: String) throws {
        let entry = EnvironmentEntry(name: "Opaque", family: "tests", summary: "", horizon: 9, reward: "place") { _ in
            Opaque()
        }
        #expect(complaint { _ = try make(name, TaskDefinition(entry)) }.contains("Opaque has no exact model"))
        _ = try make("sarsa", TaskDefinition(entry)).iterate()
        var remembering = try task("KeyAndDoor")
        remembering.primary = try RewardMachine("start -> hasKey when key : 1\nhasKey -> start when not key")
        #expect(complaint { _ = try make(name, remembering) }.contains("'primary' has memory"))
    }
}
