import TelosEnvironments
import TelosFeedback
import TelosTensor

/// What an expert was seen to do in each state of a finite MDP, and the policy that does the same.
///
/// (Pomerleau, *ALVINN*, 1989; Ross, Gordon and Bagnell, *A reduction of imitation learning and structured prediction to
/// no-regret online learning*, 2011; Kelly, Sidrane, Driggs-Campbell and Kochenderfer, *HG-DAgger*, 2019.)
public struct TabularImitation: Sendable, Hashable, Codable {
    public let actionCount: Int
    /// How often a was seen in s, at `s * actionCount + a`.
    public private(set) var counts: [Double]

    public init(stateCount: Int, actionCount: Int) {
        self.actionCount = actionCount
        counts = Array(repeating: 0, count: stateCount * actionCount)
    }

    public mutating func append(state: Int, action: Int) { counts[state * actionCount + action] += 1 }

    /// pi(a|s) in proportion to the counts; any action, equally often, where nothing was seen: behaviour cloning.
    public var policy: [Double] {
        counts.indices.map { index in
            let row = index / actionCount * actionCount
            let total = counts[row..<(row + actionCount)].reduce(0, +)
            return total > 0 ? counts[index] / total : 1 / Double(actionCount)
        }
    }

    /// Behaviour cloning of demonstrations.
    public static func behaviorCloning(_ demonstrations: [TabularSegment], in mdp: TabularMDP) -> TabularImitation {
        var clone = TabularImitation(stateCount: mdp.stateCount, actionCount: mdp.actionCount)
        for demonstration in demonstrations {
            mdp.forEachStep(of: demonstration) { state, action, _ in clone.append(state: state, action: action) }
        }
        return clone
    }

    /// Whose steps an expert's labels are asked for.
    public enum Labels: Sendable, Hashable {
        /// Of every state that is visited, whoever acts: DAgger.
        case everywhere
        /// Of the states in which the expert is in control: human-gated DAgger.
        case whileInControl
    }

    /// Follows the present policy in `walk`, adds the expert's action in the states that `labels` says, and so on. The
    /// policy is made anew after every step, which in a table costs nothing.
    public mutating func aggregate(
        _ walk: inout GatedWalk, steps: Int, labels: Labels, using random: inout RandomStream
    ) {
        for _ in 0..<steps {
            let (counts, actions) = (counts, actionCount)
            let step = walk.step(using: &random) { state, random in
                let row = counts[(state * actions)..<((state + 1) * actions)]
                return row.contains { $0 > 0 } ? random.index(weights: row) : random.index(below: actions)
            }
            if labels == .everywhere || step.isByExpert {
                append(state: step.state, action: walk.expert[step.state])
            }
        }
    }
}
