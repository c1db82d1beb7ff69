import TelosEvaluation
import TelosNN
import TelosTensor

extension Catalogue {
    static let averageRewardDDPG = CatalogueEntry(
        slug: "average-reward-ddpg",
        title: "Off-Policy Average Reward Actor-Critic with Deterministic Policy Search",
        family: .policyGradient, kind: .algorithm, scope: .core,
        reference: CatalogueReference(
            authors: "Naman Saxena, Subhojyoti Khastigir, Shishir Kolathaya, Shalabh Bhatnagar", year: 2023,
            venue: "ICML 2023", link: "https://arxiv.org/abs/2305.12239"),
        idea: """
            DDPG without a discount, for tasks that never end: the critic is a differential value function, and the \
            average reward of the deterministic policy is one more number learned from the same temporal-difference \
            error, off-policy like the rest.
            """,
        claim: """
            In a linear system whose best policy is known, the policy's average reward comes within 0.01 of the best \
            0.5 and the learned average within 0.02 of the policy's, not of the noisy behaviour that was observed; \
            discounting by 0.9 converges to its own, worse optimum, as theory says, and an on-policy average-reward \
            actor-critic is behind. With these fast dynamics a discount of 0.99 is nearly as good.
            """,
        parameters: [
            ClaimParameter(
                "persistence", default: 0.95,
                "How much of the state remains each step; higher is slower and needs more steps.", in: 0.8...0.98),
            ClaimParameter("stateNoise", default: 0.1, "Standard deviation of the state's noise.", in: 0.01...0.5),
            ClaimParameter(
                "exploration", default: 0.5,
                "Standard deviation of the behaviour's noise; higher moves its reward away from the policy's.",
                in: 0.2...1),
            ClaimParameter("steps", default: 60_000, "Steps, an update each.", in: 5000...500_000, whole: true),
            ClaimParameter("batch", default: 32, "Transitions an update.", in: 4...256, whole: true),
        ],
        run: { try AverageRewardExperiment($0).outcome() })
}

/// Where the average reward in the temporal-difference error comes from.
enum AverageRewardSource: Sendable, Hashable {
    /// rho <- rho + rate * mean(delta).
    case temporalDifference
    /// A running mean of what the behaviour was paid: biased off-policy.
    case behavior
}

/// The system x' = a x + (1 - a) u + s e, reward x - u^2 / 2, never reset: the best policy is u = 1, whose average
/// reward is 1/2; with a discount g it is u = g (1 - a) / (1 - g a).
///
/// The same with a persistence of 0.9 or 0.97 and an exploration of 0.3. With state noise of 0.3 the policy is as good, but
/// the learned average errs by 0.03.
struct AverageRewardExperiment {
    let context: ClaimContext
    let source: AverageRewardSource

    init(_ context: ClaimContext, source: AverageRewardSource = .temporalDifference) {
        self.context = context
        self.source = source
    }

    static let discounts = [0.9, 0.99]

    func outcome() throws -> ClaimOutcome {
        let system = LinearBenefitSystem(context)
        let seeds = try context.perSeed { _, key -> [AverageRewardResult] in
            [
                averageRewardDDPG(system, context, discount: nil, source: source, key: key.derived("average")),
                averageRewardDDPG(system, context, discount: nil, source: .behavior, key: key.derived("average")),
            ]
                + Self.discounts.map {
                    averageRewardDDPG(system, context, discount: $0, source: source, key: key.derived("discounted"))
                } + [onPolicyAverageReward(system, context, key: key.derived("on-policy"))]
        }
        let names = ["ARO-DDPG", "average from the behaviour", "DDPG 0.9", "DDPG 0.99", "on-policy average reward"]
        let roles: [ClaimRole] = [.method, .control, .baseline, .baseline, .baseline]
        var arms = names.indices.map { index in
            ClaimArm(
                names[index], roles[index], metric: "average reward of the policy, at most 0.5",
                values: seeds.map { $0[index].average })
        }
        arms.append(
            ClaimArm("learned average", .method, metric: "reward a step", values: seeds.map { $0[0].estimate }))
        arms.append(
            ClaimArm("behaviour", .control, metric: "reward a step, second half", values: seeds.map { $0[0].behavior }))
        func score(_ index: Int) -> Double { interquartileMean(of: arms[index].values) }
        let exploration = context["exploration"]
        let error = seeds.map { abs($0[0].estimate - $0[0].average) }
        let lead = seeds.map { $0[0].estimate - $0[0].behavior }
        let theory = system.average(constant: system.discountedOptimum(Self.discounts[0]))
        let tests = [
            ClaimTest("average reward of the policy", score(0), .atLeast, 0.49),
            ClaimTest("learned average, distance from the policy's", interquartileMean(of: error), .atMost, 0.02),
            ClaimTest(
                "learned average minus the behaviour's, in units of half the exploration's variance",
                interquartileMean(of: lead) / (exploration * exploration / 2), .above, 0.5),
            ClaimTest("DDPG 0.9, distance from its own optimum", abs(score(2) - theory), .atMost, 0.02),
            ClaimTest(
                "ARO-DDPG minus DDPG 0.9, in units of the optima's difference", (score(0) - score(2)) / (0.5 - theory),
                .above, 0.5),
            ClaimTest("ARO-DDPG minus on-policy", score(0) - score(4), .above, 0),
        ]
        return ClaimOutcome(arms: arms, tests: tests)
    }
}

struct AverageRewardResult: Sendable {
    /// Of the final policy, without noise, exactly; -100 where it is less, as where the state grows for ever.
    var average: Double
    /// What the learner believes it is.
    var estimate: Double
    /// What was paid a step in the second half of the run.
    var behavior: Double
}

/// Twin critics Q_i = w_i . (x, u, x^2/2, x u, u^2/2), actor u = k0 + k1 x, all with Adam and target copies:
///
///     delta_i = r - rho + g min_j Q-_j(x', mu-(x')) - Q_i(x, u),   rho <- rho + rate mean(delta)
///     actor along the mean over replayed states of d min_i Q_i / du at mu(x)
///
/// g is 1, and where there is a discount rho is 0 and a constant joins the features. The actor is slower than the critics,
/// and all rates fall to a tenth for the second half.
func averageRewardDDPG(
    _ system: LinearBenefitSystem, _ context: ClaimContext, discount: Double?, source: AverageRewardSource,
    key: RandomKey
) -> AverageRewardResult {
    let (steps, batch, exploration) = (context.whole("steps"), context.whole("batch"), context["exploration"])
    let (criticRate, actorRate, averageRate, targetRate, warmUp) = (0.02, 0.002, 0.01, 0.005, 500)
    let features = discount == nil ? 5 : 6
    func encode(_ x: Double, _ u: Double) -> SIMD8<Double> {
        SIMD8(x, u, x * x / 2, x * u, u * u / 2, discount == nil ? 0 : 1, 0, 0)
    }
    func value(_ weights: [Double], _ code: SIMD8<Double>) -> Double {
        var sum = 0.0
        for index in 0..<features { sum += weights[index] * code[index] }
        return sum
    }
    var random = key.stream
    var critics = (0..<2).map { _ in (0..<features).map { _ in 0.1 * random.normal() } }
    var actor = [0.0, 0.0]
    var (targetCritics, targetActor) = (critics, actor)
    var criticAdam = [AdamVector(count: features), AdamVector(count: features)]
    var actorAdam = AdamVector(count: 2)
    var average = 0.0
    var (xs, us, rewards): ([Double], [Double], [Double]) = ([], [], [])
    var x = 0.0
    var behavior = 0.0
    for step in 0..<steps {
        let u = actor[0] + actor[1] * x + exploration * random.normal()
        xs.append(x)
        us.append(u)
        rewards.append(system.reward(x, u))
        x = system.next(x, u, using: &random)
        if step >= steps / 2 { behavior += rewards[step] / Double(steps - steps / 2) }
        if source == .behavior, discount == nil { average += 0.001 * (rewards[step] - average) }
        guard step >= warmUp else { continue }
        let decay = step < steps / 2 ? 1 : 0.1
        var slopes = [[Double](repeating: 0, count: features), [Double](repeating: 0, count: features)]
        var ascent = [0.0, 0.0]
        var error = 0.0
        for _ in 0..<batch {
            // The last transition's successor is not in the memory yet.
            let slot = random.index(below: step)
            let (before, after) = (xs[slot], xs[slot + 1])
            let following = encode(after, targetActor[0] + targetActor[1] * after)
            let target =
                rewards[slot] - (discount == nil ? average : 0) + (discount ?? 1)
                * min(value(targetCritics[0], following), value(targetCritics[1], following))
            let code = encode(before, us[slot])
            for index in 0..<2 {
                let delta = target - value(critics[index], code)
                error += delta
                for feature in 0..<features { slopes[index][feature] -= delta * code[feature] / Double(batch) }
            }
            let action = actor[0] + actor[1] * before
            let chosen = encode(before, action)
            let least = value(critics[0], chosen) <= value(critics[1], chosen) ? 0 : 1
            let slope = critics[least][1] + critics[least][3] * before + critics[least][4] * action
            ascent[0] += slope / Double(batch)
            ascent[1] += slope * before / Double(batch)
        }
        for index in 0..<2 {
            criticAdam[index].step(&critics[index], gradient: slopes[index], learningRate: decay * criticRate)
        }
        if source == .temporalDifference, discount == nil {
            average += decay * averageRate * error / Double(2 * batch)
        }
        actorAdam.step(&actor, gradient: ascent, learningRate: -decay * actorRate)
        for index in 0..<2 {
            for feature in 0..<features {
                targetCritics[index][feature] += targetRate * (critics[index][feature] - targetCritics[index][feature])
            }
            targetActor[index] += targetRate * (actor[index] - targetActor[index])
        }
    }
    return AverageRewardResult(
        average: max(-100, system.average(intercept: actor[0], slope: actor[1])), estimate: average, behavior: behavior)
}

/// The on-policy method: u normal around k0 + k1 x, V = v . (x, x^2), a step a transition with
/// delta = r - rho + V(x') - V(x) for v, rho and the policy's score.
func onPolicyAverageReward(_ system: LinearBenefitSystem, _ context: ClaimContext, key: RandomKey)
    -> AverageRewardResult
{
    let (steps, exploration) = (context.whole("steps"), context["exploration"])
    var random = key.stream
    var (actor, critic) = ([0.0, 0.0], [0.0, 0.0])
    var (actorAdam, criticAdam) = (AdamVector(count: 2), AdamVector(count: 2))
    var (average, behavior, x) = (0.0, 0.0, 0.0)
    for step in 0..<steps {
        let decay = step < steps / 2 ? 1 : 0.1
        let noise = exploration * random.normal()
        let u = actor[0] + actor[1] * x + noise
        let reward = system.reward(x, u)
        let next = system.next(x, u, using: &random)
        let delta = reward - average + critic[0] * (next - x) + critic[1] * (next * next - x * x)
        let score = delta * noise / (exploration * exploration)
        criticAdam.step(&critic, gradient: [-delta * x, -delta * x * x], learningRate: decay * 0.02)
        actorAdam.step(&actor, gradient: [score, score * x], learningRate: -decay * 0.002)
        average += decay * 0.01 * delta
        if step >= steps / 2 { behavior += reward / Double(steps - steps / 2) }
        x = next
    }
    return AverageRewardResult(
        average: max(-100, system.average(intercept: actor[0], slope: actor[1])), estimate: average, behavior: behavior)
}
