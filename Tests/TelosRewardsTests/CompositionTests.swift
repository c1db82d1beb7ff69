import Testing
import TelosEnvironments
import TelosRewards
import TelosTensor

@Suite struct CompositionTests {
    let columns: Columns
    let position: ExpressionReward
    let velocity: ExpressionReward

    init() throws {
        var random = RandomKey(seed: 31).stream
        columns = Columns(Sample.box, count: 300, random: &random, extremes: false)
        position = try ExpressionReward("position")
        velocity = try ExpressionReward("velocity")
    }

    func signal(_ name: String) -> [Double] {
        let k = Sample.box.signalIndex(name)!
        return Array(columns.after.array[(k * 300)..<((k + 1) * 300)])
    }

    /// The terms add up to the reward, in every composite but the lexicographic one.
    func expectTermsToAddUp(_ reward: any Reward, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let (rewards, terms) = try columns.evaluate(reward)
        for e in 0..<300 {
            let sum = terms.values.reduce(0) { $0 + $1[e] }
            if abs(sum - rewards[e]) > 1e-12 {
                Issue.record("terms of \(reward) add up to \(sum), not \(rewards[e])", sourceLocation: sourceLocation)
                return
            }
        }
    }

    @Test func sumsWeighAndNameTheirTerms() throws {
        let sum = SumReward([
            .init(position, name: "place", weight: 2), .init(velocity, name: "speed", weight: -0.5),
        ])
        let (rewards, terms) = try columns.evaluate(sum)
        for e in 0..<300 {
            #expect(rewards[e] == 2 * signal("position")[e] + -0.5 * signal("velocity")[e])
        }
        #expect(terms["place"] == signal("position").map { 2 * $0 })
        #expect(terms["speed"] == signal("velocity").map { -0.5 * $0 })
        #expect(sum.description == "2 * [place: position] + -0.5 * [speed: velocity]")
        #expect(throws: RewardError.self) { try SumReward([]).bind(to: Sample.box) }
        #expect(throws: RewardError.self) { try ScaledReward(position, by: .nan).bind(to: Sample.box) }
    }

    @Test func operatorsBuildFlatSums() throws {
        let reward = 2 * position.named("place") + velocity * 3 - velocity - (-position)
        #expect(reward.terms.count == 4)
        #expect(reward.terms.map(\.weight) == [2, 3, -1, 1])
        let bound = try reward.bind(to: Sample.box)
        #expect(bound.termNames == ["place", "velocity", "velocity 2", "position"])
        let values = try columns.evaluate(reward).rewards
        for e in 0..<300 {
            let expected = 3 * signal("position")[e] + 2 * signal("velocity")[e]
            #expect(abs(values[e] - expected) < 1e-12)
        }
        try expectTermsToAddUp(reward)
        #expect(reward.description == "2 * [place: position] + 3 * [velocity] + -1 * [velocity] + [position]")
    }

    @Test func nestedTermsKeepDistinctNames() throws {
        let inner = (position.named("a") + velocity.named("b")).named("task")
        let reward = inner + inner + PotentialShaping(potential: try Expression("height"), discount: 0.9)
        let bound = try reward.bind(to: Sample.box)
        #expect(bound.termNames == ["task.a", "task.b", "task.a 2", "task.b 2", "shaping"])
        try expectTermsToAddUp(reward)
        let long = try ExpressionReward("position + position + position + position + position + position + position")
        #expect(try long.bind(to: Sample.box).termNames[0].count == 48)
    }

    @Test func clippingKeepsBoundsAndLogsWhatItTook() throws {
        let single = position.clipped(to: -0.5...1)
        let (rewards, terms) = try columns.evaluate(single)
        #expect(rewards == signal("position").map { min(max($0, -0.5), 1) })
        #expect(terms == ["position": rewards])
        #expect(single.description == "[position] clipped to -0.5 ... 1")

        let several = (position + velocity).clipped(to: -1...1)
        let clipped = try columns.evaluate(several)
        #expect(clipped.rewards.allSatisfy { abs($0) <= 1 })
        #expect(clipped.terms["position"] == signal("position"))
        #expect(clipped.terms["clipping"]!.contains { $0 != 0 })
        try expectTermsToAddUp(several)

        let undefined = try columns.evaluate(ExpressionReward("0 / 0").clipped(to: 0...1)).rewards
        #expect(undefined.allSatisfy { $0.isNaN })
    }

    @Test func gatesOpenAndClose() throws {
        let gated = try (position + velocity).gated(by: "goal and height > 0.5")
        let (rewards, terms) = try columns.evaluate(gated)
        var open = 0
        for e in 0..<300 {
            let isOpen = signal("goal")[e] == 1 && signal("height")[e] > 0.5
            open += isOpen ? 1 : 0
            #expect(rewards[e] == (isOpen ? signal("position")[e] + signal("velocity")[e] : 0))
            #expect(terms["velocity"]![e] == (isOpen ? signal("velocity")[e] : 0))
        }
        #expect(open > 50 && open < 250)
        #expect(gated.description == "[[position] + [velocity]] while goal and height > 0.5")
        // A closed gate hides what is not a number; a number is no gate.
        #expect(try columns.evaluate(ExpressionReward("0 / 0").gated(by: "false")).rewards.allSatisfy { $0 == 0 })
        #expect(throws: RewardError.self) { try position.gated(by: "height").bind(to: Sample.box) }
        #expect(throws: RewardError.self) { try position.gated(by: "height >") }
    }

    @Test func lexicographicOrderIsThatOfTheDigits() throws {
        let reward = LexicographicReward([
            .init("safe", position, in: -2...2, tolerance: 0.5), .init("fast", velocity, in: -1...1, tolerance: 0.25),
            .init("high", try ExpressionReward("height"), in: 0...2, tolerance: 0.001),
        ])
        let (rewards, terms) = try columns.evaluate(reward)
        #expect(terms["safe"] == signal("position"))
        #expect(terms["fast"] == signal("velocity"))
        func digits(_ e: Int) -> [Int] {
            [
                Int(((signal("position")[e] + 2) / 0.5).rounded(.down)),
                Int(((min(max(signal("velocity")[e], -1), 1) + 1) / 0.25).rounded(.down)),
                Int((signal("height")[e] / 0.001).rounded(.down)),
            ]
        }
        let all = (0..<300).map(digits)
        for a in 0..<300 {
            #expect(rewards[a] >= 0 && rewards[a] <= 1)
            for b in 0..<300 where all[a].lexicographicallyPrecedes(all[b]) {
                if !(rewards[a] < rewards[b]) {
                    Issue.record("\(all[a]) is worth \(rewards[a]), \(all[b]) \(rewards[b])")
                }
            }
        }
        #expect(reward.description.hasPrefix("[safe: position] in -2 ... 2 within 0.5, then [fast: velocity]"))
        for (range, tolerance) in [(0.0...1.0, 0.0), (0...Double.infinity, 1), (0...1e9, 1e-9)] {
            #expect(throws: RewardError.self) {
                try LexicographicReward([.init("x", position, in: range, tolerance: tolerance)]).bind(to: Sample.box)
            }
        }
    }

    @Test func severalMemoriesShareARow() throws {
        let once = try RewardMachine("a -> b when goal : 1")
        let counter = try RewardMachine("a -> b when true : 10\nb -> c when true : 100\nc -> c : 1000")
        let sum = once.named("once") + counter.named("count")
        let bound = try sum.bind(to: Sample.discrete)
        #expect(bound.memoryWidth == 2)
        let columns = Columns(Sample.discrete, count: 2)
        columns.set("goal", after: [0, 1])
        let memory = Memory(bound, count: 2)
        #expect(memory.evaluate(columns).rewards == [10, 11])
        #expect(memory.evaluate(columns).rewards == [100, 100])
        memory.reset(0)
        #expect(memory.evaluate(columns).rewards == [10, 1000])
        columns.set("goal", after: [1, 1])
        let (rewards, terms) = memory.evaluate(columns)
        #expect(rewards == [101, 1000])
        #expect(terms == ["once": [1, 0], "count": [100, 1000]])
    }

    @Test func everyEntryIsComplete() throws {
        #expect(Set(Rewards.all.map(\.name)).count == Rewards.all.count)
        for entry in Rewards.all {
            #expect(![entry.name, entry.summary, entry.details, entry.text, entry.code].contains(""))
            #expect(Rewards.named(entry.name)?.summary == entry.summary)
            // The texts in quotes after `reward:` are expressions.
            if let quoted = entry.text.firstMatch(of: /reward: "([^"]*)"/) { _ = try Expression(String(quoted.1)) }
        }
    }
}
