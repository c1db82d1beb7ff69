import TelosTensor
import Testing

@testable import TelosEnvironments

/// What is best in each sanity environment, and what a learner with the bug it exposes is left with.
@Suite struct SanityEnvironmentTests {
    private func batch(
        _ name: String, count: Int = 1000, horizon: Int? = nil, _ changes: [String: OptionValue] = [:]
    ) throws -> any BatchEnvironment {
        let entry = try #require(Environments.sanity.first { $0.name == name })
        var options = entry.defaultOptions
        for (key, value) in changes { options.values[key] = value }
        return try entry.make(options, count, horizon ?? entry.horizon, RandomKey(seed: 1))
    }

    /// Mean over environments of the sum over the first episode of `reward`, a sum of signals with weights.
    private func meanReturn(
        _ batch: any BatchEnvironment, _ weights: [String: Double], bias: Double = 0,
        act: (_ environment: Int, _ observation: [Float], _ action: inout [Float]) -> Void
    ) throws -> Double {
        let specification = batch.specification
        let (width, actionWidth) = (specification.observation.width, specification.action.width)
        var done = [Bool](repeating: false, count: batch.count)
        var sum = 0.0
        while done.contains(false) {
            var actions: [Float] = []
            for environment in 0..<batch.count {
                var action = [Float](repeating: 0, count: actionWidth)
                let row = batch.observations[(environment * width)..<((environment + 1) * width)]
                act(environment, Array(row), &action)
                actions += action
            }
            actions.withUnsafeBufferPointer { batch.step(actions: $0) }
            for environment in 0..<batch.count where !done[environment] {
                sum += bias
                for (name, weight) in weights {
                    let position = try #require(specification.signalIndex(name))
                    sum += weight * batch.transitions.signalsAfter[position * batch.count + environment]
                }
                done[environment] = batch.transitions.ends[environment] != .ongoing
            }
        }
        return sum / Double(batch.count)
    }

    @Test func recallNeedsMemory() throws {
        var cues = [Float](repeating: 0, count: 1000)
        let remembering = try meanReturn(batch("Recall"), ["correct": 1]) { environment, observation, action in
            if observation[0] == 1 || observation[0] == 2 { cues[environment] = observation[0] - 1 }
            action[0] = cues[environment]
        }
        #expect(remembering == 1)
        let forgetful = try meanReturn(batch("Recall"), ["correct": 1]) { $2[0] = 1 }
        #expect(abs(forgetful - 0.5) < 0.06)
        let signed = try meanReturn(batch("Recall", ["continuous": .flag(true)]), ["correct": 1]) {
            if $1[0] == 1 || $1[0] == 2 { cues[$0] = $1[0] - 1 }
            $2[0] = cues[$0] == 0 ? -0.2 : 0.3
        }
        #expect(signed == 1)
        // The question comes `delay` blank steps after the cue.
        let one = try batch("Recall", count: 1, ["delay": .integer(2)])
        var seen: [Float] = []
        for _ in 0..<4 {
            seen.append(one.observations[0])
            [Float(0)].withUnsafeBufferPointer { one.step(actions: $0) }
        }
        #expect(seen[0] == 1 || seen[0] == 2)
        #expect(seen[1...] == [0, 0, 3] && one.transitions.ends[0] == .terminated)
    }

    /// Sutton and Barto, 2018, example 13.1: the published values of the best policy and of the two e-greedy ones.
    @Test(arguments: [(0.586, -11.66), (0.95, -44.2), (0.05, -82)]) func corridor(right: Double, value: Double) throws {
        var random = RandomKey(seed: 2).stream
        let mean = try meanReturn(batch("SwitchedCorridor", count: 4000, horizon: 5000), [:], bias: -1) {
            $2[0] = random.uniform() < right ? 1 : 0
        }
        #expect(abs(mean - value) < 0.05 * abs(value))
    }

    @Test func corridorDefeatsDeterministicPolicies() throws {
        for action in [Float(0), 1] {
            #expect(try meanReturn(batch("SwitchedCorridor", count: 2), [:], bias: -1) { $2[0] = action } == -200)
        }
    }

    /// The exact model prefers later exactly where discount^delay reward > 1.
    @Test(arguments: [(2.15, 0), (2.75, 1)]) func delayedReward(reward: Double, best: Int) throws {
        let model = try FiniteModel(DelayedReward(reward: reward))
        let paid = model.signal("paid")!
        func choice(_ discount: Double) throws -> Int {
            try model.mdp.policyIteration(
                reward: model.mdp.fullReward { _, _, next in paid[next] }, discount: discount
            ).actions[0]
        }
        #expect(try choice(0.8) == best)
        // One factor too few or too many flips one of the two cases.
        let wrong = [0.8 * 0.8 * 0.8, 0.8 * 0.8 * 0.8 * 0.8 * 0.8].map { $0 * reward > 1 ? 1 : 0 }
        #expect(wrong.contains { $0 != best })
    }

    @Test func endlessWageIsWorthMoreThanLeaving() throws {
        let model = try FiniteModel(EndlessWage())
        let (worked, left) = (model.signal("worked")!, model.signal("left")!)
        let reward = model.mdp.fullReward { _, _, next in worked[next] + 5 * left[next] }
        let solution = try model.mdp.policyIteration(reward: reward, discount: 0.9)
        #expect(abs(solution.values[0] - 10) < 1e-9 && solution.actions[0] == 0)
        // An end after every fifth step: the chance to go on is 4/5.
        #expect(try model.mdp.policyIteration(reward: reward, discount: 0.9 * 0.8).actions[0] == 1)
    }

    @Test func maskedChoiceIsPaidForTheHigherPossibleOne() throws {
        let environments = try batch("MaskedChoice", count: 200)
        let mask = try #require(ActionMask(environments.specification))
        let rows = Buffer<Float>(count: 200 * mask.width, repeating: 0)
        func possible(_ environment: Int) -> [Int] {
            mask.write(environments.signals, count: 200, into: rows.all)
            return (0..<8).filter { rows[environment * 8 + $0] == 1 }
        }
        #expect(possible(7).count == 2)
        let best = try meanReturn(environments, ["correct": 1]) { $2[0] = Float(possible($0)[1]) }
        #expect(best == 20)
        let lower = try meanReturn(batch("MaskedChoice", count: 200), ["correct": 1]) { environment, _, action in
            action[0] = 7
        }
        #expect(lower < 1, "a choice that ignores the mask")
    }

    @Test func actionScaleReadsActionsInTheirUnits() throws {
        let exact = try meanReturn(batch("ActionScale"), ["error": -1]) { _, target, action in
            action = [200 + 100 * target[0], 0.01 * target[1]]
        }
        #expect(abs(exact) < 1e-6)
        let unscaled = try meanReturn(batch("ActionScale"), ["error": -1]) { _, target, action in action = target }
        // The large number is stuck at its bound, the small one at the bound of the target's sign.
        #expect(abs(unscaled + 0.75) < 0.04)
    }

    @Test func rewardScale() throws {
        #expect(try meanReturn(batch("RewardScale"), ["payment": 1]) { $2[0] = $1[0] } == 1000)
        #expect(abs(try meanReturn(batch("RewardScale"), ["payment": 1]) { $2[0] = 2 } - 250) < 40)
    }

    @Test func nestedSpaces() throws {
        // A dictionary's parts by ascending key: button, dials, level, switches.
        let exact = try meanReturn(batch("NestedSpaces"), ["matched": 1]) { _, seen, action in
            action = [seen[3], seen[4], seen[5], seen[0], seen[1], seen[2]]
        }
        #expect(abs(exact - 1) < 1e-6)
        var random = RandomKey(seed: 3).stream
        let space = try batch("NestedSpaces").specification.action
        let chance = try meanReturn(batch("NestedSpaces", count: 4000), ["matched": 1]) { _, _, action in
            action.withUnsafeMutableBufferPointer { space.sample(into: $0, using: &random) }
        }
        // (1/3 + 1/2 + 1/4 + 1/2 + 1/2 + E max(0, 1 - |x - y|)) / 6, the last 5/12 for uniforms on -1 ... 1.
        #expect(abs(chance - (25.0 / 12 + 5.0 / 12) / 6) < 0.02)
    }
}

/// `MaskedChoice` with a mask that is wrong in one way.
private struct WrongMask: Environment {
    enum Fault: CaseIterable, Sendable { case none, unknownSignal, tooFew, notZeroOrOne, nothingPossible }
    let base = MaskedChoice()
    var fault: Fault

    var specification: EnvironmentSpecification {
        var specification = base.specification
        if fault == .unknownSignal { specification.maskSignals[3] = "nothing" }
        if fault == .tooFew { specification.maskSignals.removeLast() }
        return specification
    }
    func reset(using random: inout RandomStream) -> MaskedChoice.State { base.reset(using: &random) }
    func step(_ state: inout MaskedChoice.State, action: Action, using random: inout RandomStream) -> Bool {
        base.step(&state, action: action, using: &random)
    }
    func observe(_ state: MaskedChoice.State, into observation: UnsafeMutableBufferPointer<Float>) {
        base.observe(state, into: observation)
    }
    func readSignals(_ state: MaskedChoice.State, into signals: SignalWriter) {
        base.readSignals(state, into: signals)
        for choice in 0..<MaskedChoice.choices {
            if fault == .notZeroOrOne { signals[choice] *= 0.5 }
            if fault == .nothingPossible { signals[choice] = 0 }
        }
    }
    func draw(_ state: MaskedChoice.State) -> Drawing { base.draw(state) }
}

@Suite struct ActionMaskTests {
    @Test(arguments: WrongMask.Fault.allCases) private func conformanceFindsFaults(fault: WrongMask.Fault) {
        let problems = EnvironmentConformance.check(name: "WrongMask") { count, horizon, key in
            VectorEnvironment(WrongMask(fault: fault), count: count, horizon: horizon, key: key)
        }
        #expect(problems.isEmpty == (fault == .none), "\(fault): \(problems)")
    }
}

@Suite struct SelectedObservationTests {
    @Test(arguments: ["CartPole", "Pendulum"]) func hidesVelocities(name: String) throws {
        let entry = try #require(Environments.named(name))
        var options = entry.defaultOptions
        options.values["hideVelocities"] = .flag(true)
        #expect(EnvironmentConformance.check(entry, options: options) == [])
        let (whole, part) = (
            try entry.make(entry.defaultOptions, 3, 9, RandomKey(seed: 4)),
            try entry.make(options, 3, 9, RandomKey(seed: 4))
        )
        let columns = name == "CartPole" ? [0, 2] : [0, 1]
        let width = whole.specification.observation.width
        func chosen(_ rows: UnsafeBufferPointer<Float>) -> [Float] {
            (0..<3).flatMap { row in columns.map { rows[row * width + $0] } }
        }
        for step in 0..<30 {
            #expect(Array(part.observations) == chosen(whole.observations))
            let actions = (0..<3).map { Float((step + $0) % 2) }
            actions.withUnsafeBufferPointer {
                whole.step(actions: $0)
                part.step(actions: $0)
            }
            #expect(Array(part.transitions.nextObservations) == chosen(whole.transitions.nextObservations))
            #expect(Array(part.transitions.observations) == chosen(whole.transitions.observations))
            #expect(Array(part.signals) == Array(whole.signals))
        }
    }

    @Test func refusesWhatDoesNotFit() throws {
        let pole = try Environments.named("CartPole")!.make(CartPole.entry.defaultOptions, 1, nil, RandomKey(seed: 0))
        #expect(throws: WrapperError.self) { try SelectedObservation(pole, columns: [4]) }
        #expect(throws: WrapperError.self) { try SelectedObservation(pole, columns: []) }
        let recall = try Recall.entry.make(Recall.entry.defaultOptions, 1, nil, RandomKey(seed: 0))
        #expect(throws: WrapperError.self) { try SelectedObservation(recall, columns: [0]) }
    }
}
