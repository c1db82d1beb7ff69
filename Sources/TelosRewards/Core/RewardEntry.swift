/// A way to write a reward, as `telos rewards` and `telos describe` show it.
public struct RewardEntry: Sendable {
    public var name: String
    /// One line.
    public var summary: String
    /// How it works and what its parts do.
    public var details: String
    /// How it is written in an experiment file.
    public var text: String
    /// How it is written in Swift.
    public var code: String

    public init(name: String, summary: String, details: String, text: String, code: String) {
        self.name = name
        self.summary = summary
        self.details = details
        self.text = text
        self.code = code
    }
}

/// The rewards that come with Telos.
public enum Rewards {
    public static let all: [RewardEntry] = [
        RewardEntry(
            name: "expression", summary: "A formula over signals and actions.",
            details: """
                Signals are read after the step; previous.NAME is the signal before it. A comparison counts as 1 or 0 in
                arithmetic; a condition must be a comparison or a yes-or-no signal.
                """,
            text: "reward: \"goal ? 0 : -1\"", code: "try ExpressionReward(\"goal ? 0 : -1\")"),
        RewardEntry(
            name: "sum", summary: "A weighted sum of rewards.",
            details: "Each part is logged with its weight applied, so that the terms add up to the reward.",
            text: "reward: \"100 * goal - 0.1 * action^2\"",
            code:
                "try ExpressionReward(\"100 * goal\").named(\"goal\") - 0.1 * ExpressionReward(\"action^2\").named(\"effort\")"
        ),
        RewardEntry(
            name: "scaled", summary: "A reward times a constant.",
            details: "A larger factor makes it weigh more against other rewards, and makes returns larger.",
            text: "reward: \"0.1 * abs(velocity)\"", code: "0.1 * ExpressionReward(\"abs(velocity)\")"),
        RewardEntry(
            name: "clipped", summary: "A reward kept between two bounds.",
            details: "Narrower bounds protect a learner from rare large rewards, and hide how large they were.",
            text: "reward: \"clamp(distance, -1, 1)\"", code: "try ExpressionReward(\"distance\").clipped(to: -1...1)"),
        RewardEntry(
            name: "gated", summary: "A reward that counts only while a condition holds.",
            details: "Elsewhere it is 0, and so are its terms. A reward with memory advances all the same.",
            text: "reward: \"position > 0 ? velocity : 0\"",
            code: "try ExpressionReward(\"velocity\").gated(by: \"position > 0\")"),
        RewardEntry(
            name: "lexicographic", summary: "Criteria in order of importance, each with a tolerance.",
            details: """
                Each criterion becomes a digit, the number of whole tolerances above the bottom of its range; the digits
                make one number from 0 to 1 that orders steps. Criteria are logged untouched.
                """,
            text: "reward: \"10 * clamp(floor(safety / 0.1), 0, 10) + clamp(speed, 0, 1)\"",
            code: """
                LexicographicReward([
                    .init("safe", try ExpressionReward("safety"), in: 0...1, tolerance: 0.1),
                    .init("fast", try ExpressionReward("speed"), in: 0...1, tolerance: 0.01),
                ])
                """),
        RewardEntry(
            name: "potential", summary: "Potential-based shaping, which keeps the best policies best.",
            details: """
                F = discount * Phi(s') - Phi(s), with Phi 0 at terminal states. The discount must be the learner's.
                Ng, Harada and Russell, Policy invariance under reward transformations, 1999.
                """,
            text: "auxiliary: {height: \"height\"}\ncombine: potential",
            code: "PotentialShaping(potential: try Expression(\"height\"), discount: 0.99)"),
        RewardEntry(
            name: "machine", summary: "A finite automaton that remembers what happened and pays on its transitions.",
            details: """
                A line a transition, SOURCE -> TARGET when CONDITION : REWARD; the first that applies is taken. The first
                line's state is the initial one, or the one that a line 'initial NAME' gives; 'terminal NAME' marks states
                that are not left. Toro Icarte et al., Reward machines, 2018 and 2022.
                """,
            text: """
                reward:
                  machine: |
                    start -> hasKey when key : 0.1
                    hasKey -> done when goal : 1
                    terminal done
                """,
            code: "try RewardMachine(\"start -> hasKey when key : 0.1\\nhasKey -> done when goal : 1\")"),
    ]

    public static func named(_ name: String) -> RewardEntry? { all.first { $0.name == name } }
}
