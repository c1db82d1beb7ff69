import TelosEnvironments
import TelosEvaluation
import TelosTensor

extension Catalogue {
    static let policyMirrorAscent = CatalogueEntry(
        slug: "mfg-mirror-ascent",
        title: "Policy Mirror Ascent for Efficient and Independent Learning in Mean Field Games",
        family: .multiAgent, kind: .theory, scope: .core,
        reference: CatalogueReference(
            authors: "Batuhan Yardim, Semih Cayci, Matthieu Geist, Niao He", year: 2023, venue: "ICML 2023",
            link: "https://arxiv.org/abs/2212.14449"),
        idea: """
            In a regularised mean-field game, where best responses chase each other in circles, one proximal step of \
            the policy along the action values of the population it induces is a contraction, and its fixed point is \
            the Nash equilibrium. N agents can take that step on one path that is never reset, from values learned by \
            temporal differences between steps far enough apart, even each for itself, up to an error that falls with N.
            """,
        claim: """
            On a crowded ring exact mirror ascent reaches an exploitability of a thousandth, where best responses \
            never settle. Learned from one path, exploitability falls to a twentieth of the first epoch's and less, to \
            a floor that is at least four times as high with 10 agents as with 100, whether one agent learns for all \
            or each for itself. With a step too large for a contraction mirror ascent does not settle either.
            """,
        parameters: [
            ClaimParameter("states", default: 10, "States of the ring.", in: 5...30, whole: true),
            ClaimParameter(
                "congestion", default: 2, "Cost of company; with much more the step is no contraction.", in: 0.5...10),
            ClaimParameter(
                "regularization", default: 0.5, "Weight t of t / 2 (1 - |u|^2); more makes equilibria blunter.",
                in: 0.1...5),
            ClaimParameter(
                "stepSize", default: 0.1, "Of the mirror step; very large ones are best responses.", in: 0.01...1e6),
            ClaimParameter("discount", default: 0.9, "How much later rewards count.", in: 0...0.97),
            ClaimParameter(
                "agents", default: 10, "The smaller number of agents; the larger is ten times as many.", in: 5...30,
                whole: true),
            ClaimParameter("epochs", default: 25, "Policy updates of a learned run.", in: 10...100, whole: true),
            ClaimParameter(
                "samples", default: 3000, "Temporal differences in an epoch; with fewer their noise hides the floor.",
                in: 100...20_000, whole: true),
            ClaimParameter("wait", default: 3, "Steps of the path for each of them.", in: 1...20, whole: true),
        ],
        defaultSeeds: 0..<4,
        run: { try PolicyMirrorAscentExperiment($0).outcome() })
}

/// Exact and learned mirror ascent on `CrowdedRing`.
///
///     G(pi)(s) = argmax_u <q(s, .), u> + h(u) - |u - pi(.|s)|^2 / (2 eta),  h(u) = t / 2 (1 - |u|^2)
///     q(s, a) = r(s, a, mu(pi)) + discount E[V(s')],  V regularised,  mu(pi) the stationary population
///
/// Learned, the policies stay as they are for an epoch; every `wait` steps of the path each learner moves
///
///     q(s, a) <- q(s, a) + b (r + discount (sum_a' pi(a'|s') q(s', a') + h(pi(.|s'))) - q(s, a))
///
/// with b = 1 / (1 + (1 - discount) n(s, a)), the expectation over a' in place of the paper's next action. One learner
/// for all: the first agent. Judged by the mean of the last third of epochs of the exploitability in the regularised
/// game of infinitely many agents; of agents that learn for themselves, by that of their mean policy.
///
/// It holds on ten ranges of other seeds; with 8 or 12 states, a congestion of 3, regularisation of 0.3 or 1, a discount of 0.8,
/// waits of 1 or 5, 8 agents, and steps of 0.2. Steps of 0.05 need 50 epochs: after 25 many agents are still on their way (the
/// floors' ratio is 1.8). With a congestion of 4 the exact map contracts as before, but what many agents miss weighs more: the
/// first epoch is 9 times the floor rather than 20, also after 50 epochs, 13 times with four times the samples, 19 times with
/// twice the agents too. Fictitious play converges here too, from exact populations.
struct PolicyMirrorAscentExperiment {
    let context: ClaimContext
    private let regularizer: PolicyRegularizer
    private let discount: Double
    static let iterations = 200

    init(_ context: ClaimContext) {
        self.context = context
        regularizer = .quadratic(context["regularization"])
        discount = context["discount"]
    }

    private func game(congestion: Double) throws -> CrowdedRing {
        try CrowdedRing(states: context.whole("states"), congestion: congestion)
    }

    func outcome() throws -> ClaimOutcome {
        let congestion = context["congestion"]
        let game = try game(congestion: congestion)
        let stepSize = context["stepSize"]
        let mirror = try exact(game) { mirrorStep($1, from: $0, stepSize: stepSize) }
        let large = try exact(try self.game(congestion: 2.5 * congestion)) {
            mirrorStep($1, from: $0, stepSize: 5 * stepSize)
        }
        let responses = try exact(game) { policy, _ in
            try bestResponse(game, to: game.stationaryPopulation(policy: policy))
        }
        let play = try fictitiousPlay(game)

        let few = context.whole("agents")
        struct Run: Sendable { var central: [Double]; var independent: [Double] }
        let seeds = try context.perSeed { _, key in
            try [few, 10 * few].map { count in
                Run(
                    central: try learned(game, agents: count, isCentral: true, key.derived("central", count)),
                    independent: try learned(game, agents: count, isCentral: false, key.derived("independent", count)))
            }
        }
        let last = max(1, context.whole("epochs") / 3)
        func floors(_ size: Int, _ path: (Run) -> [Double]) -> [Double] {
            seeds.map { mean(of: Array(path($0[size]).suffix(last))) }
        }
        func floor(_ size: Int, _ path: (Run) -> [Double]) -> Double { interquartileMean(of: floors(size, path)) }
        func floorRatio(_ path: (Run) -> [Double]) -> Double { floor(0, path) / floor(1, path) }
        let metric = "exploitability"
        let end = "\(metric), last of \(Self.iterations)"
        let highest = "\(metric), highest of the last 50"
        let arms =
            [
                ClaimArm("exact mirror ascent", .method, metric: end, values: [mirror.last ?? .nan]),
                ClaimArm("best responses", .baseline, metric: highest, values: [responses.suffix(50).max() ?? .nan]),
                ClaimArm("fictitious play", .baseline, metric: end, values: [play]),
                ClaimArm("exact, step too large", .control, metric: highest, values: [large.suffix(50).max() ?? .nan]),
            ]
            + [few, 10 * few].enumerated().flatMap { size, count in
                [
                    ClaimArm(
                        "one of \(count) learns", .method, metric: "\(metric), floor", values: floors(size, \.central)),
                    ClaimArm(
                        "each of \(count) learns", .method, metric: "\(metric), floor",
                        values: floors(size, \.independent)),
                ]
            }
        let firsts = seeds.map { $0[1].central[0] }
        return ClaimOutcome(
            arms: arms,
            tests: [
                ClaimTest("exact: exploitability in the end", mirror.last ?? .nan, .atMost, 1e-3),
                ClaimTest("best responses: highest of the last 50", responses.suffix(50).max() ?? .nan, .atLeast, 1),
                ClaimTest("step too large: highest of the last 50", large.suffix(50).max() ?? .nan, .atLeast, 1),
                ClaimTest(
                    "many agents: first epoch over floor", interquartileMean(of: firsts) / floor(1, \.central),
                    .atLeast,
                    20),
                ClaimTest("one learns: floor of few over many agents", floorRatio(\.central), .atLeast, 4),
                ClaimTest("each learns: floor of few over many agents", floorRatio(\.independent), .atLeast, 4),
            ])
    }

    // MARK: Exact

    private func mirrorStep(_ q: [Double], from policy: [Double], stepSize: Double) -> [Double] {
        stride(from: 0, to: q.count, by: 3).flatMap { row in
            regularizer.proximalStep(
                Array(q[row..<(row + 3)]), from: Array(policy[row..<(row + 3)]), stepSize: stepSize)
        }
    }

    private func uniform(_ game: CrowdedRing) -> [Double] {
        TabularPolicy.uniform(stateCount: game.stateCount, actionCount: 3)
    }

    /// Exploitability before each of the iterations and after the last.
    private func exact(
        _ game: CrowdedRing, _ update: (_ policy: [Double], _ q: [Double]) throws -> [Double]
    ) throws -> [Double] {
        var policy = uniform(game)
        var path = [try game.exploitability(of: policy, regularizer: regularizer, discount: discount)]
        for _ in 0..<Self.iterations {
            let population = try game.stationaryPopulation(policy: policy)
            let q = try game.model(population: population).regularizedValues(
                policy: policy, reward: game.reward(population: population), regularizer: regularizer,
                discount: discount
            ).q
            policy = try update(policy, q)
            path.append(try game.exploitability(of: policy, regularizer: regularizer, discount: discount))
        }
        return path
    }

    private func bestResponse(_ game: CrowdedRing, to population: [Double]) throws -> [Double] {
        try game.model(population: population).regularizedValueIteration(
            reward: game.reward(population: population), regularizer: regularizer, discount: discount
        ).policy
    }

    /// Best responses to the mean of all populations so far; the exploitability of the last one.
    private func fictitiousPlay(_ game: CrowdedRing) throws -> Double {
        var average = try game.stationaryPopulation(policy: uniform(game))
        var policy = uniform(game)
        for iteration in 1...Self.iterations {
            policy = try bestResponse(game, to: average)
            let population = try game.stationaryPopulation(policy: policy)
            for state in average.indices {
                average[state] += (population[state] - average[state]) / Double(iteration + 1)
            }
        }
        return try game.exploitability(of: policy, regularizer: regularizer, discount: discount)
    }

    // MARK: Learned

    /// Exploitability after each epoch, on one path.
    private func learned(_ game: CrowdedRing, agents: Int, isCentral: Bool, _ key: RandomKey) throws -> [Double] {
        var random = key.stream
        var population = AgentPopulation(of: game, count: agents, using: &random)
        let learners = isCentral ? 1 : agents
        var policies = Array(repeating: uniform(game), count: learners)
        var path: [Double] = []
        for _ in 0..<context.whole("epochs") {
            let bonuses = policies.map { policy in
                stride(from: 0, to: policy.count, by: 3).map { regularizer.bonus(policy[$0..<($0 + 3)]) }
            }
            var q = Array(repeating: [Double](repeating: 0, count: policies[0].count), count: learners)
            var visits = q
            for _ in 0..<context.whole("samples") {
                for _ in 0..<context.whole("wait") { population.step(policies: policies, using: &random) }
                for learner in 0..<learners {
                    let entry = population.previousStates[learner] * 3 + population.actions[learner]
                    let next = population.states[learner]
                    var following = bonuses[learner][next]
                    for action in 0..<3 {
                        following += policies[learner][next * 3 + action] * q[learner][next * 3 + action]
                    }
                    visits[learner][entry] += 1
                    q[learner][entry] +=
                        (population.rewards[learner] + discount * following - q[learner][entry])
                        / (1 + (1 - discount) * visits[learner][entry])
                }
            }
            for learner in 0..<learners {
                policies[learner] = mirrorStep(q[learner], from: policies[learner], stepSize: context["stepSize"])
            }
            let average = policies[0].indices.map { entry in
                policies.reduce(0) { $0 + $1[entry] } / Double(learners)
            }
            path.append(try game.exploitability(of: average, regularizer: regularizer, discount: discount))
        }
        return path
    }
}
