import TelosEnvironments
import TelosRewards
import TelosTensor
import Testing

@Suite struct RewardDistanceTests {
    /// Two states, two actions: action 0 stays, action 1 swaps. Everything below is worked out by hand.
    static let swap = try! TabularMDP(
        stateCount: 2, actionCount: 2, transitions: [1, 0, 0, 1, 0, 1, 1, 0], terminal: [false, false],
        start: [0.5, 0.5])

    @Test func levellingMatchesHandComputation() throws {
        // R pays 1 for staying in state 0. Uniform: V0 = 1/2 + (V0 + V1)/4, V1 = (V0 + V1)/4 at discount 1/2: V0 = 3/4,
        // V1 = 1/4; advantages 1 + 3/8 - 3/4, 1/8 - 3/4, 1/8 - 1/4, 3/8 - 1/4.
        let canonical = try Self.swap.canonicalReward([1, 0, 0, 0], by: .valueAdjustedLevelling, discount: 0.5)
        for (value, expected) in zip(canonical, [0.625, -0.625, -0.125, 0.125]) {
            #expect(abs(value - expected) < 1e-14)
        }
    }

    @Test func epicMatchesHandComputation() throws {
        // R(0,0,0) = 8, else 0: p = (2, 0), overall mean 1, discount 1/2: 8 + 1 - 2 - 1/2, then s' = 1 instead...
        let canonical = try Self.swap.canonicalReward([8, 0, 0, 0, 0, 0, 0, 0], by: .epic, discount: 0.5)
        #expect(canonical == [6.5, -2.5, -1.5, -2.5, 0.5, -0.5, 0.5, -0.5])
        #expect(abs(canonical.reduce(0, +)) < 1e-14)
    }

    @Test func dardMatchesTheDefinitionWrittenOut() throws {
        var random = RandomKey(seed: 3).stream
        let mdp = try Self.random(states: 4, actions: 3, branching: 3, &random)
        let reward = mdp.transitions.map { _ in random.normal() }
        let canonical = try mdp.canonicalReward(reward, by: .dard, discount: 0.9)
        func r(_ s: Int, _ a: Int, _ x: Int) -> Double { reward[(s * 3 + a) * 4 + x] }
        func mean(_ s: Int) -> Double {
            (0..<3).reduce(0) { t, a in
                (0..<4).reduce(t) { $0 + mdp.probability(of: $1, after: s, action: a) * r(s, a, $1) / 3 }
            }
        }
        for s in 0..<4 {
            for a in 0..<3 {
                for x in 0..<4 {
                    var following = 0.0
                    for b in 0..<3 {
                        for y in 0..<4 {
                            for z in 0..<4 {
                                following +=
                                    mdp.probability(of: y, after: s, action: b)
                                    * mdp.probability(of: z, after: x, action: b) * r(y, b, z) / 3
                            }
                        }
                    }
                    let expected = r(s, a, x) + 0.9 * mean(x) - mean(s) - 0.9 * following
                    #expect(abs(canonical[(s * 3 + a) * 4 + x] - expected) < 1e-12)
                }
            }
        }
    }

    @Test func minimalRewardIsOrthogonalToShaping() throws {
        var random = RandomKey(seed: 4).stream
        let mdp = try Self.random(states: 6, actions: 3, branching: 3, &random)
        let reward = mdp.transitions.map { _ in random.normal() }
        let canonical = try mdp.canonicalReward(reward, by: .minimalL2, discount: 0.9)
        for state in 0..<6 {
            let potential = (0..<6).map { $0 == state ? 1.0 : 0 }
            let shaping = mdp.expectedReward(
                try mdp.shaped(reward.map { _ in 0 }, potential: potential, discount: 0.9))
            #expect(abs(zip(canonical, shaping).reduce(0) { $0 + $1.0 * $1.1 }) < 1e-12)
        }
    }

    @Test(arguments: [RewardCanonicalization.valueAdjustedLevelling, .minimalL2], ArrayNorm.allCases)
    func distanceIgnoresWhatDoesNotMatter(canonicalization: RewardCanonicalization, norm: ArrayNorm) throws {
        for seed in 0..<5 {
            var random = RandomKey(seed: seed).derived("invariance").stream
            let mdp = try Self.random(states: 8, actions: 3, branching: 3, &random)
            let reward = mdp.transitions.map { _ in random.normal() }
            let potential = (0..<8).map { _ in 3 * random.normal() }
            let noise = reward.map { _ in 10 * random.normal() }
            var other = try mdp.shaped(reward, potential: potential, discount: 0.9)
            other = try mdp.redistributed(other, by: noise).map { $0 * 7.5 }
            let distance = try mdp.starcDistance(
                reward, other, by: canonicalization, norm: norm, metric: norm, discount: 0.9)
            #expect(distance < 1e-9)
            let opposite = try mdp.starcDistance(
                reward, other.map { -$0 }, by: canonicalization, norm: norm, metric: norm, discount: 0.9)
            #expect(abs(opposite - 2) < 1e-9)
        }
    }

    @Test func onlyShapingAndScaleAreInvisibleToEPICAndDARD() throws {
        var random = RandomKey(seed: 5).stream
        let mdp = try Self.random(states: 8, actions: 3, branching: 3, &random)
        let reward = mdp.transitions.map { _ in random.normal() }
        let potential = (0..<8).map { _ in 3 * random.normal() }
        let shaped = try mdp.shaped(reward, potential: potential, discount: 0.9).map { $0 * 2 }
        let noise = reward.map { _ in random.normal() }
        let redistributed = try mdp.redistributed(reward, by: noise)
        #expect(try mdp.epicDistance(reward, shaped, discount: 0.9) < 1e-9)
        #expect(try mdp.epicDistance(reward, redistributed, discount: 0.9) > 0.1)
        #expect(try mdp.dardDistance(reward, redistributed, discount: 0.9) > 0.1)
        #expect(try mdp.starcDistance(reward, shaped, by: .none, discount: 0.9) > 0.1)
        let halves = try mdp.starcDistance(reward, redistributed, by: .epic, discount: 0.9) / 2
        #expect(abs(try mdp.epicDistance(reward, redistributed, discount: 0.9) - halves) < 1e-12)
    }

    @Test func shapingIsInvisibleWithTerminalStates() throws {
        let mdp = try TabularMDP(
            stateCount: 3, actionCount: 2, transitions: [0, 1, 0, 0.5, 0, 0.5, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 1],
            terminal: [false, false, true], start: [1, 0, 0])
        let reward = mdp.fullReward { Double($0) - 2 * Double($1) + 0.5 * Double($2) }
        let shaped = try mdp.shaped(reward, potential: [3, -1, 100], discount: 0.8)
        for canonicalization in [RewardCanonicalization.valueAdjustedLevelling, .minimalL2] {
            #expect(try mdp.starcDistance(reward, shaped, by: canonicalization, discount: 0.8) < 1e-12)
        }
    }

    @Test func distanceIsAPseudometric() throws {
        var random = RandomKey(seed: 6).stream
        let mdp = try Self.random(states: 5, actions: 2, branching: 2, &random)
        let rewards =
            (0..<6).map { _ in mdp.transitions.map { _ in random.normal() } } + [mdp.transitions.map { _ in 0 }]
        for canonicalization in [RewardCanonicalization.valueAdjustedLevelling, .minimalL2, .epic, .dard] {
            func d(_ i: Int, _ j: Int) throws -> Double {
                try mdp.starcDistance(rewards[i], rewards[j], by: canonicalization, discount: 0.9)
            }
            for i in rewards.indices {
                #expect(try d(i, i) == 0)
                for j in rewards.indices {
                    #expect(try d(i, j) == d(j, i))
                    for k in rewards.indices { #expect(try d(i, k) <= d(i, j) + d(j, k) + 1e-12) }
                }
            }
            // A trivial reward is one norm away from every other.
            #expect(abs(try d(0, 6) - 1) < 1e-12)
        }
    }

    /// A: the opposite reward on what can happen and the same on what cannot. B: the same on what can happen.
    @Test func impossibleTransitionsMisleadEPIC() throws {
        for seed in 0..<3 {
            var random = RandomKey(seed: seed).derived("counter-examples").stream
            let mdp = try Self.random(states: 16, actions: 4, branching: 2, &random)
            let reward = mdp.transitions.map { _ in random.normal() }
            let opposite = reward.indices.map { mdp.transitions[$0] > 0 ? -reward[$0] : reward[$0] }
            let noise = reward.map { _ in random.normal() }
            let same = reward.indices.map { mdp.transitions[$0] > 0 ? reward[$0] : noise[$0] }
            #expect(
                abs(try #require(try mdp.regret(between: reward, and: opposite, discount: 0.9)).symmetric - 1) < 1e-9)
            #expect(abs(try mdp.starcDistance(reward, opposite, discount: 0.9) - 2) < 1e-9)
            #expect(try mdp.starcDistance(reward, opposite, by: .epic, discount: 0.9) < 0.85)
            #expect(abs(try #require(try mdp.regret(between: reward, and: same, discount: 0.9)).symmetric) < 1e-9)
            #expect(try mdp.starcDistance(reward, same, discount: 0.9) < 1e-9)
            #expect(try mdp.starcDistance(reward, same, by: .epic, discount: 0.9) > 1.1)
        }
    }

    @Test func regretMatchesHandComputation() throws {
        // Reward 1 wants state 0 (worth 1 a step there), reward 2 wants state 1 (worth 1 a step there).
        let first = try #require(try Self.swap.regret(between: [1, 1, 0, 0], and: [0, 0, 1, 1], discount: 0.5))
        #expect(abs(first.first - 1) < 1e-12 && abs(first.second - 1) < 1e-12)
        // Reward 2 pays for staying anywhere: from state 1 it never goes to state 0. J1 = (2 + 0) / 2 against
        // (2 + 1) / 2 at best and (0 + 1) / 2 at worst (leave 0 at once: 1, never reach it: 0).
        let second = try #require(try Self.swap.regret(between: [1, 1, 0, 0], and: [1, 0, 1, 0], discount: 0.5))
        #expect(abs(second.first - 0.5) < 1e-12)
        #expect(try Self.swap.regret(between: [1, 1, 0, 0], and: [0, 0, 0, 0], discount: 0.5) == nil)
    }

    @Test func wrongSizesAreErrors() {
        #expect(throws: TabularError.self) { try Self.swap.starcDistance([1, 2], [1, 2], discount: 0.9) }
        #expect(throws: TabularError.self) { try Self.swap.canonicalReward([1, 0, 0, 0], by: .epic, discount: 0.9) }
        #expect(throws: TabularError.self) {
            try Self.swap.starcDistance([1, 0, 0, 0], [0, 0, 0, 0], discount: 1)
        }
    }

    static func random(states: Int, actions: Int, branching: Int, _ random: inout RandomStream) throws -> TabularMDP {
        var transitions = [Double](repeating: 0, count: states * actions * states)
        for row in 0..<(states * actions) {
            var chosen: [Int] = []
            while chosen.count < branching {
                let next = random.index(below: states)
                if !chosen.contains(next) { chosen.append(next) }
            }
            let weights = chosen.map { _ in random.uniform() + 0.1 }
            let sum = weights.reduce(0, +)
            for (next, weight) in zip(chosen, weights) { transitions[row * states + next] = weight / sum }
        }
        return try TabularMDP(
            stateCount: states, actionCount: actions, transitions: transitions,
            terminal: Array(repeating: false, count: states), start: Array(repeating: 1 / Double(states), count: states)
        )
    }
}
