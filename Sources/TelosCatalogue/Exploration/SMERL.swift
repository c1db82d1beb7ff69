import TelosEvaluation
import TelosLearning
import TelosTensor

extension Catalogue {
    static let smerl = CatalogueEntry(
        slug: "smerl", title: "One Solution is Not All You Need: Few-Shot Extrapolation via Structured MaxEnt RL",
        family: .explorationAndSkills, kind: .algorithm, scope: .core,
        reference: CatalogueReference(
            authors: "Saurabh Kumar, Aviral Kumar, Sergey Levine, Chelsea Finn", year: 2020, venue: "NeurIPS 2020",
            link: "https://arxiv.org/abs/2010.14484"),
        idea: """
            One policy with a latent skill learns to solve the task in different ways, all nearly optimal: a \
            bonus for being recognised by the states visited is paid only in episodes whose return is within \
            epsilon of the best. Where the world has changed, every skill is tried once and the best is kept.
            """,
        claim: """
            In a world of parallel corridors, five skills reach the goal in at least 60% of the worlds whose \
            middle corridor is blocked, and in training return within the margin of soft actor-critic; soft \
            actor-critic with as many tries, and skills without the bonus, in at most 10%. The same bonus \
            without the condition on the return, at that weight or half of it, is farmed for ever.
            """,
        parameters: [
            ClaimParameter("corridors", default: 5, "Parallel ways to the goal.", in: 3...9, whole: true),
            ClaimParameter(
                "margin", default: 6,
                "How far below soft actor-critic's return an episode may stay and still be paid the bonus. Too small a "
                    + "margin shuts out the outer corridors.", in: 0...20),
            ClaimParameter("skills", default: 5, "Skills, and tries in a changed world.", in: 1...10, whole: true),
            ClaimParameter("slip", default: 0, "Probability that a move goes another way.", in: 0...0.2),
            ClaimParameter("episodes", default: 8000, "Episodes of training.", in: 500...50_000, whole: true),
            ClaimParameter(
                "diversity", default: 1, "Multiplies every weight of the bonus. With 0 the claim must fail.", in: 0...1),
        ],
        run: { try SMERLExperiment($0).outcome() })
}

/// Soft action values of a skill and state, learned backwards from each episode, under five rewards:
/// r + alpha 1{R(tau) >= R* - epsilon} (log q(z|s) - log p(z)) (SMERL), the same without the condition, the bonus alone
/// (DIAYN) and r alone (soft actor-critic), which gives R*.
///
/// Columns 0 and 8 are open, columns 1 to 7 are corridors between walls. From the middle row's left to its right; -1 a
/// step, 20 at the goal, 40 steps.
///
/// Where tables start below the optimum instead (uniform in 0 to 20), skills settle in outer corridors by bad luck and solve
/// 80% of the changed worlds without any bonus. With weights of 0.1 and 0.3 no skill leaves the middle; with 2 and more the
/// return falls by more than the margin. It holds with 3 corridors and with a margin of 8. With 7 corridors, with 7 skills and
/// with slips of 0.05 the skills without a bonus solve 16%, 24% and 15%, for they have fewer episodes or more tries each, and
/// SMERL 95%, 91% and 84%.
struct SMERLExperiment {
    let context: ClaimContext
    private let rows: Int

    private static let columns = 9
    private static let horizon = 40
    private static let actionCount = 4
    private static let temperature = 0.3

    init(_ context: ClaimContext) {
        self.context = context
        rows = context.whole("corridors")
    }

    enum Method: Hashable {
        case softActorCritic
        case smerl(Double)
        case sum(Double)
        case diversityAlone

        static let all: [Method] = [
            .smerl(1), .smerl(0), .softActorCritic, .sum(1), .sum(0.5), .sum(0.3), .diversityAlone,
        ]

        var name: String {
            switch self {
            case .softActorCritic: "soft actor-critic"
            case .smerl(0): "skills without a bonus"
            case .smerl(let weight): "SMERL, \(weight)"
            case .sum(let weight): "sum with the bonus, \(weight)"
            case .diversityAlone: "DIAYN"
            }
        }
    }

    /// A trained table, and what was measured.
    struct Run {
        /// Mean return of the skills where they were trained.
        var trained: Double
        /// The share of changed worlds in which the goal was reached by any try.
        var solved: Double
    }

    func outcome() throws -> ClaimOutcome {
        let seeds = try context.perSeed { _, key -> [Method: Run] in
            var runs: [Method: Run] = [:]
            let alone = train(.softActorCritic, reference: 0, key: key)
            runs[.softActorCritic] = alone
            for method in Method.all where method != .softActorCritic {
                runs[method] = train(method, reference: alone.trained, key: key)
            }
            return runs
        }
        func solved(_ method: Method) -> Double { mean(of: seeds.map { $0[method]!.solved }) }
        func trained(_ method: Method) -> [Double] { seeds.map { $0[method]!.trained } }
        let role: (Method) -> ClaimRole = { method in
            switch method {
            case .smerl(let weight) where weight > 0: .method
            case .softActorCritic, .sum: .baseline
            default: .control
            }
        }
        var arms = Method.all.map { method in
            ClaimArm(
                method.name, role(method), metric: "share of changed worlds solved",
                values: seeds.map { $0[method]!.solved })
        }
        arms += Method.all.map { method in
            ClaimArm("\(method.name), in training", role(method), metric: "return", values: trained(method))
        }
        let shortfall = zip(trained(.softActorCritic), trained(.smerl(1))).map { $0 - $1 }
        let note = """
            At a weight of 0.3 the bonus without the condition is not yet worth more than the goal, and does as well as \
            SMERL at 1: what the condition buys is that a weight that is too large does no harm.
            """
        return ClaimOutcome(
            arms: arms,
            tests: [
                ClaimTest("changed worlds solved: SMERL", solved(.smerl(1)), .atLeast, 0.6),
                ClaimTest(
                    "return in training below soft actor-critic's", mean(of: shortfall), .atMost, context["margin"]),
                ClaimTest("changed worlds solved: soft actor-critic", solved(.softActorCritic), .atMost, 0.1),
                ClaimTest("the same: skills without a bonus", solved(.smerl(0)), .atMost, 0.1),
                ClaimTest("the same: sum at 1", solved(.sum(1)), .atMost, 0.1),
                ClaimTest("the same: sum at 0.5", solved(.sum(0.5)), .atMost, 0.1),
            ], notes: [note])
    }

    // MARK: The world

    private var start: Int { rows / 2 * Self.columns }
    private var goal: Int { start + Self.columns - 1 }

    /// Up, down, right, left; a blocked move stays. A corridor in `blocked` cannot be entered at column 4.
    private func move(_ state: Int, _ action: Int, blocked: Set<Int>) -> Int {
        let (row, column) = (state / Self.columns, state % Self.columns)
        let isOpen = column == 0 || column == Self.columns - 1
        let nextRow = isOpen ? row + [-1, 1, 0, 0][action] : row
        let nextColumn = column + [0, 0, 1, -1][action]
        guard (0..<rows).contains(nextRow), (0..<Self.columns).contains(nextColumn) else { return state }
        if nextColumn == 4, blocked.contains(nextRow) { return state }
        return nextRow * Self.columns + nextColumn
    }

    private struct Episode {
        var states: [Int]
        var actions: [Int] = []
        var rewards: [Double] = []
        var reached = false
        var total: Double { rewards.reduce(0, +) }
    }

    /// An episode of a skill's softmax policy, with that share of uniform actions.
    private func play(
        _ q: [Double], skill: Int, uniform: Double, blocked: Set<Int> = [], _ random: inout RandomStream
    ) -> Episode {
        var episode = Episode(states: [start])
        while episode.actions.count < Self.horizon, !episode.reached {
            let row = (skill * rows * Self.columns + episode.states.last!) * Self.actionCount
            let action =
                uniform > 0 && random.uniform() < uniform
                ? random.index(below: Self.actionCount)
                : ActionValues.softmaxSample(
                    q, row..<(row + Self.actionCount), temperature: Self.temperature, &random)
            let slips = context["slip"] > 0 && random.uniform() < context["slip"]
            let next = move(
                episode.states.last!, slips ? random.index(below: Self.actionCount) : action, blocked: blocked)
            episode.actions.append(action)
            episode.states.append(next)
            episode.reached = next == goal
            episode.rewards.append(episode.reached ? 19 : -1)
        }
        return episode
    }

    // MARK: Learning

    private func train(_ method: Method, reference: Double, key: RandomKey) -> Run {
        var random = key.derived(method.name).stream
        let skills = method == .softActorCritic ? 1 : context.whole("skills")
        let states = rows * Self.columns
        var discriminator = SkillDiscriminator(skillCount: skills, stateCount: states)
        // No less than the goal pays: with less, a skill that is unlucky at first stays in an outer corridor for good, and
        // skills differ without any bonus.
        var q = (0..<(skills * states * Self.actionCount)).map { _ in random.uniform(20, 40) }
        for _ in 0..<context.whole("episodes") {
            let skill = random.index(below: skills)
            let episode = play(q, skill: skill, uniform: 0.15, &random)
            let isNear = episode.total >= reference - context["margin"]
            for step in episode.actions.indices.reversed() {
                let next = episode.states[step + 1]
                let bonus = context["diversity"] * discriminator.reward(of: skill, in: next)
                let reward =
                    switch method {
                    case .softActorCritic: episode.rewards[step]
                    case .smerl(let weight): episode.rewards[step] + (isNear ? weight * bonus : 0)
                    case .sum(let weight): episode.rewards[step] + weight * bonus
                    case .diversityAlone: bonus
                    }
                let following = (skill * states + next) * Self.actionCount
                let value =
                    next == goal
                    ? 0
                    : ActionValues.softMaximum(
                        q, following..<(following + Self.actionCount), temperature: Self.temperature)
                let entry = (skill * states + episode.states[step]) * Self.actionCount + episode.actions[step]
                q[entry] += 0.2 * (reward + value - q[entry])
            }
            discriminator.observe(episode.states.dropFirst(), of: skill)
        }
        let returns = (0..<200).map { play(q, skill: $0 % skills, uniform: 0, &random).total }
        // The same changed worlds for all methods.
        var worlds = key.derived("worlds").stream
        let tries = context.whole("skills")
        let solved = (0..<60).map { _ in
            var blocked: Set = [rows / 2]
            for _ in 0..<worlds.index(below: 3) { blocked.insert(worlds.index(below: rows)) }
            return (0..<tries).map { play(q, skill: $0 % skills, uniform: 0, blocked: blocked, &random).reached }
                .contains(true)
        }
        return Run(trained: mean(of: returns), solved: Double(solved.count { $0 }) / Double(solved.count))
    }
}
