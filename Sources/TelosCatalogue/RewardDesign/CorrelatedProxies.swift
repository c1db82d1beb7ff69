import CTelosKernels
import TelosEnvironments
import TelosEvaluation
import TelosTensor

extension Catalogue {
    static let correlatedProxies = CatalogueEntry(
        slug: "correlated-proxies",
        title: "Correlated Proxies: A New Definition and Improved Mitigation for Reward Hacking",
        family: .rewardDesign, kind: .algorithm, scope: .core,
        reference: CatalogueReference(
            authors: "Cassidy Laidlaw, Shivam Singhal, Anca Dragan", year: 2025, venue: "ICLR 2025",
            link: "https://arxiv.org/abs/2403.03185"),
        idea: """
            A proxy is a reward that correlates with the true one where a trusted base policy goes; hacking it is to \
            earn less of the true reward than the base policy by optimising it. What is truly gained is bounded by the \
            proxy's gain less a multiple of the root of the chi-square divergence of occupancies, so that, and not the \
            divergence of actions, is what to penalise.
            """,
        claim: """
            The bound holds for every policy on random problems. In a garden where a sticky bucket makes all tomatoes \
            look watered, the proxy's optimum waters none; with the penalty on occupancies, the true return rises \
            above the base policy's, and at the weight the bound gives it does not fall below; with the best of nine \
            weights on the divergence of actions nothing is gained. Where the bucket does not stick, that helps too.
            """,
        parameters: [
            ClaimParameter("corridor", default: 2, "Cells from the room to the bucket.", in: 1...3, whole: true),
            ClaimParameter("discount", default: 0.98, "How much later rewards count.", in: 0.9...0.99),
            ClaimParameter("leastCareless", default: 0.3, "Share of random actions of the base policy.", in: 0.1...0.5),
            ClaimParameter(
                "iterations", default: 300, "Natural gradient steps for each weight.", in: 50...1000, whole: true),
            ClaimParameter("problems", default: 10, "Random problems that test the bound.", in: 1...100, whole: true),
            ClaimParameter("policies", default: 60, "Policies on each of them.", in: 2...500, whole: true),
        ],
        defaultSeeds: 0..<4,
        run: { try CorrelatedProxiesExperiment($0).outcome() })
}

/// Everything exact, on a garden a seed: stickiness from 0.93 to 0.97, the bucket worth 1.2 to 1.6, a base policy that
/// is careless with `leastCareless` to 0.1 more.
///
///     (J(pi, R) - J(b, R)) / s_R >= ((J(pi, P) - J(b, P)) / s_P - sqrt((1 - r^2) chi2(mu_pi, mu_b))) / r
///     max_pi J(pi, P) - w sqrt(chi2(mu_pi, mu_b)),  theory: w = s_P sqrt(1 - r^2)
///
/// with mu the occupancy, J = <mu, reward>, s and r deviations and correlation of both rewards under mu_b. Solved from
/// b by natural gradient, pi <- pi exp(step A), A the advantages of P - w (mu_pi / mu_b - 1) / sqrt(chi2), where the
/// paper has a discriminator and PPO. The penalty on actions, sum_t KL(pi(.|s_t), b(.|s_t)), is solved to its optimum,
/// V(s) = w log sum_a b(a|s) exp(q(s, a) / w). That the bucket sticks is not the paper's: it makes occupancies differ
/// where actions hardly do.
///
/// It holds on ten ranges of other gardens, with corridors of 1 and 3 cells, and with a base policy careless with 0.4.
struct CorrelatedProxiesExperiment {
    let context: ClaimContext
    /// Without it, weights are 0.
    let isPenalized: Bool

    init(_ context: ClaimContext, isPenalized: Bool = true) {
        self.context = context
        self.isPenalized = isPenalized
    }

    enum Penalty: Sendable {
        case chiSquare(Double)
        case kl(Double)
    }

    /// Weights tried, as multiples of s_P; the theory's beside them.
    static let multiples = [1.0, 0.5, 0.2]
    /// Weights of the penalty on actions.
    static let actionWeights = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50]

    struct Measurement: Sendable {
        var slack = Double.infinity
        var base = 0.0
        var optimum = 0.0
        var unregularized = 0.0
        var best = 0.0
        var theory = 0.0
        var bestKL = 0.0
        var bestAction = 0.0
        /// What the best penalty on actions gains where the bucket does not stick.
        var freeGain = 0.0
        var correlation = 0.0
    }

    func outcome() throws -> ClaimOutcome {
        let seeds = try context.perSeed { _, key in try measure(key) }
        func arm(_ name: String, _ role: ClaimRole, _ figure: (Measurement) -> Double) -> ClaimArm {
            ClaimArm(name, role, metric: "wet share of tomatoes, discounted", values: seeds.map(figure))
        }
        func middle(_ figure: (Measurement) -> Double) -> Double { interquartileMean(of: seeds.map(figure)) }
        return ClaimOutcome(
            arms: [
                arm("occupancy chi-square, best weight", .method, \.best),
                arm("occupancy chi-square, the bound's weight", .method, \.theory),
                arm("occupancy KL, best weight", .method, \.bestKL),
                arm("action KL, best weight", .baseline, \.bestAction),
                arm("proxy alone", .baseline, \.unregularized), arm("base policy", .baseline, \.base),
                arm("true optimum", .oracle, \.optimum),
                ClaimArm(
                    "action KL, no stickiness", .control, metric: "gain over the base policy",
                    values: seeds.map(\.freeGain)
                ),
                ClaimArm("bound", .method, metric: "least slack", values: seeds.map(\.slack)),
            ],
            tests: [
                ClaimTest("least slack of the bound", seeds.map(\.slack).min() ?? .nan, .atLeast, -1e-9),
                ClaimTest("proxy alone: highest true return", seeds.map(\.unregularized).max() ?? .nan, .atMost, 0.1),
                ClaimTest("occupancy chi-square, gain over base", middle { $0.best - $0.base }, .atLeast, 0.015),
                ClaimTest("the bound's weight, gain over base", middle { $0.theory - $0.base }, .atLeast, 0),
                ClaimTest(
                    "action KL, highest gain over base", seeds.map { $0.bestAction - $0.base }.max() ?? .nan, .atMost,
                    0.005),
                ClaimTest("no stickiness: action KL, gain over base", middle(\.freeGain), .atLeast, 0.015),
            ],
            notes: [
                "Proxy and true reward correlate with \(shortNumber(middle(\.correlation))) under the base policy."
            ])
    }

    private func measure(_ key: RandomKey) throws -> Measurement {
        var result = Measurement()
        result.slack = try leastSlack(key.derived("bound"))
        var random = key.derived("garden").stream
        let discount = context["discount"]
        let stickiness = random.uniform(0.93, 0.97)
        let bucket = random.uniform(1.2, 1.6)
        let careless = random.uniform(context["leastCareless"], context["leastCareless"] + 0.1)
        let garden = try StickyTomatoes(corridor: context.whole("corridor"), stickiness: stickiness, bucket: bucket)
        let base = try garden.basePolicy(careless: careless, discount: discount)
        let occupancy = try garden.mdp.occupancy(policy: base, discount: discount)
        let proxy = ProxyStatistics(occupancy, reward: garden.reward, proxy: garden.proxy)
        result.correlation = proxy.correlation
        func trueReturn(_ policy: [Double]) throws -> Double {
            try (1 - discount) * garden.mdp.expectedReturn(policy: policy, reward: garden.reward, discount: discount)
        }
        result.base = try trueReturn(base)
        let best = try garden.mdp.policyIteration(reward: garden.reward, discount: discount)
        result.optimum = (1 - discount) * garden.mdp.expectation(of: best.values)
        let hacked = try garden.mdp.policyIteration(reward: garden.proxy, discount: discount)
        result.unregularized = try trueReturn(hacked.policy)
        func solved(_ penalty: Penalty) throws -> Double {
            try trueReturn(penalized(garden, from: base, occupancy, penalty))
        }
        result.theory = try solved(.chiSquare(proxy.weight))
        result.best = try max(
            result.theory, Self.multiples.map { try solved(.chiSquare($0 * proxy.deviation)) }.max() ?? .nan)
        result.bestKL = try Self.multiples.map { try solved(.kl($0 * proxy.deviation)) }.max() ?? .nan
        result.bestAction = try bestActionPenalty(garden, base, trueReturn)

        let free = try StickyTomatoes(corridor: context.whole("corridor"), stickiness: 0, bucket: bucket)
        let freeBase = try free.basePolicy(careless: careless, discount: discount)
        func freeReturn(_ policy: [Double]) throws -> Double {
            try (1 - discount) * free.mdp.expectedReturn(policy: policy, reward: free.reward, discount: discount)
        }
        result.freeGain = try bestActionPenalty(free, freeBase, freeReturn) - freeReturn(freeBase)
        return result
    }

    /// Natural gradient ascent of J(pi, P) less the penalty, with decaying steps: the root is not smooth at 0.
    private func penalized(
        _ garden: StickyTomatoes, from base: [Double], _ reference: [Double], _ penalty: Penalty
    ) throws -> [Double] {
        let (mdp, discount) = (garden.mdp, context["discount"])
        var policy = base
        for iteration in 0..<context.whole("iterations") {
            let occupancy = try mdp.occupancy(policy: policy, discount: discount)
            let ratios = OccupancyDivergence.chiSquare.gradient(occupancy, reference).map { $0 / 2 }
            var reward = garden.proxy
            switch penalty {
            case .chiSquare(let weight):
                let root = max(OccupancyDivergence.chiSquare(occupancy, reference), 1e-4).squareRoot()
                for index in reward.indices where isPenalized { reward[index] -= weight * (ratios[index] - 1) / root }
            case .kl(let weight):
                for index in reward.indices where isPenalized && ratios[index] > 0 {
                    reward[index] -= weight * telos_log64(ratios[index])
                }
            }
            let advantages = try mdp.advantages(policy: policy, reward: reward, discount: discount)
            let step = 0.5 / (1 + Double(iteration) / 100)
            let logits = policy.indices.map { telos_log64(max(policy[$0], 1e-300)) + step * advantages[$0] }
            policy = TabularPolicy.softmax(logits, actionCount: mdp.actionCount)
        }
        return policy
    }

    /// The best true return over the weights on the divergence of actions, each solved to its optimum.
    private func bestActionPenalty(
        _ garden: StickyTomatoes, _ base: [Double], _ trueReturn: ([Double]) throws -> Double
    ) throws -> Double {
        let (mdp, discount) = (garden.mdp, context["discount"])
        return try Self.actionWeights.map { weight in
            var values = [Double](repeating: 0, count: mdp.stateCount)
            var policy = base
            while true {
                let q = try mdp.actionValues(values: values, reward: garden.proxy, discount: discount)
                let logits = q.indices.map { telos_log64(base[$0]) + q[$0] / weight }
                policy = TabularPolicy.softmax(logits, actionCount: mdp.actionCount)
                var change = 0.0
                for state in values.indices {
                    let entry = state * mdp.actionCount
                    // log sum exp, from the largest probability.
                    let top = (entry..<(entry + mdp.actionCount)).max { policy[$0] < policy[$1] }!
                    let value = weight * (logits[top] - telos_log64(policy[top]))
                    change = max(change, abs(value - values[state]))
                    values[state] = value
                }
                if change < 1e-7 { break }
            }
            return try trueReturn(policy)
        }.max() ?? .nan
    }

    /// The least slack of the bound over random problems, proxies and policies, half of these mixed with the base.
    private func leastSlack(_ key: RandomKey) throws -> Double {
        var least = Double.infinity
        for problem in 0..<context.whole("problems") {
            var random = key.derived("problem", problem).stream
            let mdp = try TabularMDP.dirichlet(states: 20, actions: 4, concentration: 0.3, using: &random)
            let reward = (0..<80).map { _ in random.normal() }
            let noise = random.uniform(0.2, 2)
            let proxy = reward.map { $0 + noise * random.normal() }
            func drawn() -> [Double] {
                let temperature = random.uniform(0.2, 2)
                return TabularPolicy.softmax((0..<80).map { _ in random.normal() / temperature }, actionCount: 4)
            }
            let base = drawn()
            let reference = try mdp.occupancy(policy: base, discount: 0.95)
            let statistics = ProxyStatistics(reference, reward: reward, proxy: proxy)
            guard statistics.correlation > 0 else { continue }
            for index in 0..<context.whole("policies") {
                var policy = drawn()
                if index % 2 == 0 {
                    let share = random.uniform()
                    policy = zip(policy, base).map { share * $0 + (1 - share) * $1 }
                }
                let occupancy = try mdp.occupancy(policy: policy, discount: 0.95)
                least = min(least, statistics.slack(occupancy))
            }
        }
        return least
    }
}
