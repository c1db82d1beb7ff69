import TelosEnvironments
import TelosRewards

/// A reward as an experiment file writes it.
public indirect enum RewardForm: Sendable, Hashable {
    /// A text in the expression language: `"goal ? 0 : -1"`.
    case expression(String)
    /// The text of a reward machine: `{machine: TEXT}`.
    case machine(String)
    /// Named parts, each logged as a term of its own: `{sum: {progress: REWARD, effort: REWARD}}`.
    case sum([Part])
    /// `{scale: [FACTOR, REWARD]}`.
    case scaled(Double, RewardForm)
    /// `{clip: {reward: REWARD, low: NUMBER, high: NUMBER}}`.
    case clipped(RewardForm, low: Double, high: Double)
    /// `{gate: {reward: REWARD, when: CONDITION}}`.
    case gated(RewardForm, when: String)

    /// Every form as it is written, with what it means.
    public static let forms: [(text: String, summary: String)] = [
        ("\"EXPRESSION\"", "an expression, as in \"goal ? 0 : -1\""),
        ("{expression: TEXT}", "the same"),
        ("{machine: TEXT}", "a reward machine, a line a transition"),
        ("{sum: {NAME: REWARD, ...}}", "the sum of its parts, each logged as a term of its own"),
        ("{scale: [NUMBER, REWARD]}", "the reward times the number"),
        ("{clip: {reward: REWARD, low: NUMBER, high: NUMBER}}", "the reward kept between two bounds"),
        ("{gate: {reward: REWARD, when: CONDITION}}", "the reward while the condition holds, otherwise 0"),
    ]

    public struct Part: Sendable, Hashable {
        public var name: String
        public var reward: RewardForm

        public init(name: String, reward: RewardForm) {
            self.name = name
            self.reward = reward
        }
    }

    /// The reward of an environment's usual task.
    public init(_ reward: UsualReward) {
        if let only = reward.terms.first, reward.terms.count == 1, only.name == nil {
            self = .expression(only.expression)
        } else {
            self = .sum(reward.terms.map { Part(name: $0.name ?? $0.expression, reward: .expression($0.expression)) })
        }
    }

    /// The reward it means; throws `RewardError`.
    public func makeReward() throws -> any Reward {
        switch self {
        case .expression(let text): return try ExpressionReward(text)
        case .machine(let text): return try RewardMachine(text)
        case .sum(let parts):
            return SumReward(try parts.map { SumReward.Term(try $0.reward.makeReward(), name: $0.name) })
        case .scaled(let factor, let reward): return ScaledReward(try reward.makeReward(), by: factor)
        case .clipped(let reward, let low, let high):
            guard low <= high else { throw RewardError("the lower bound \(low) is above the upper bound \(high)") }
            return ClippedReward(try reward.makeReward(), to: low...high)
        case .gated(let reward, let condition):
            return GatedReward(try reward.makeReward(), by: try Expression(condition))
        }
    }

    /// As a YAML value on one line.
    public var yaml: String {
        switch self {
        case .expression(let text): return text.quoted
        case .machine(let text): return "{machine: \(text.quoted)}"
        case .sum(let parts):
            return "{sum: {" + parts.map { "\($0.name.quoted): \($0.reward.yaml)" }.joined(separator: ", ") + "}}"
        case .scaled(let factor, let reward): return "{scale: [\(JSONValue.number(factor).json), \(reward.yaml)]}"
        case .clipped(let reward, let low, let high):
            let bounds = "low: \(JSONValue.number(low).json), high: \(JSONValue.number(high).json)"
            return "{clip: {reward: \(reward.yaml), \(bounds)}}"
        case .gated(let reward, let condition):
            return "{gate: {reward: \(reward.yaml), when: \(condition.quoted)}}"
        }
    }
}

/// An auxiliary reward as an experiment file writes it.
public struct AuxiliaryForm: Sendable, Hashable {
    public var name: String
    public var reward: RewardForm
    public var weight: Double

    public init(name: String, reward: RewardForm, weight: Double = 1) {
        self.name = name
        self.reward = reward
        self.weight = weight
    }
}
