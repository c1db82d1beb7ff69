import TelosEnvironments
import TelosRewards
import TelosTensor

/// How auxiliary rewards join the primary one while learning. Evaluation is on the primary reward alone, always.
public enum RewardCombination: String, Sendable, Codable, CaseIterable {
    /// The primary reward alone; auxiliary rewards are only logged.
    case primary
    /// Primary plus weighted auxiliaries.
    case sum
    /// Each auxiliary is a potential: primary + weight * (discount * phi(s') - phi(s)).
    case potential
    /// Auxiliaries count only on steps where the primary reward is zero.
    case gated
    /// The blend is learned so that the resulting behaviour earns the primary reward (BARFI).
    case behaviorAlignment = "behavior-alignment"

    public var summary: String {
        switch self {
        case .primary: "the primary reward alone; auxiliaries are logged but not learned from"
        case .sum: "primary + weight * auxiliary, what people write first"
        case .potential: "auxiliaries are potentials: primary + weight * (discount * phi(s') - phi(s))"
        case .gated: "an auxiliary counts only on steps where the primary reward is zero"
        case .behaviorAlignment: "the blend is learned so that behaviour earns the primary reward (BARFI)"
        }
    }
}

/// A heuristic: what we think helps.
public struct AuxiliaryReward: Sendable {
    public var name: String
    public var reward: any Reward
    public var weight: Double

    public init(name: String, reward: any Reward, weight: Double = 1) {
        self.name = name
        self.reward = reward
        self.weight = weight
    }
}

/// An environment, what we want in it (the primary reward), for how long, and what we think helps.
public struct TaskDefinition: Sendable {
    public var environment: EnvironmentEntry
    public var options: EnvironmentOptions
    public var horizon: Int?
    public var primary: any Reward
    public var auxiliaries: [AuxiliaryReward]
    public var combination: RewardCombination

    public init(
        environment: EnvironmentEntry, options: EnvironmentOptions? = nil, horizon: Int?, primary: any Reward,
        auxiliaries: [AuxiliaryReward] = [], combination: RewardCombination = .sum
    ) {
        self.environment = environment
        self.options = options ?? environment.defaultOptions
        self.horizon = horizon
        self.primary = primary
        self.auxiliaries = auxiliaries
        self.combination = combination
    }

    /// The usual task of an environment.
    public init(_ environment: EnvironmentEntry) throws {
        let terms = try environment.reward.terms.map {
            SumReward.Term(try ExpressionReward($0.expression), name: $0.name)
        }
        self.init(
            environment: environment, horizon: environment.horizon,
            primary: terms.count == 1 && terms[0].name == nil ? terms[0].reward : SumReward(terms))
    }

    /// - threads: how many the environments may be divided among, where their steps are costly.
    public func makeEnvironments(count: Int, key: RandomKey, threads: Int = 1) throws -> any BatchEnvironment {
        let environments = try environment.make(options, count, horizon, key)
        (environments as? any ThreadedBatch)?.threads = threads
        return environments
    }
}
