/// Who watches a learner act and says when an expert is to take over, as a simulation.
public protocol InterventionOracle: Sendable {
    /// The chance of a takeover on seeing the learner do `action` in `state`.
    func takeoverProbability(state: Int, action: Int) -> Double
}

/// Takes over where the learner's action is worth less than it should be by reference values: with probability
/// `reliability` where Q(s,a) < share max over b of Q(s,b) - margin, else with the rest.
///
/// The timing of interventions carries what the reference values know, however poor the expert who then acts. (Luo, Dong,
/// Zhai, Ma and Levine, *RLIF: interactive imitation learning as reinforcement learning*, 2024.)
public struct ValueInterventionOracle: InterventionOracle {
    /// Q(s,a) at `s * actionCount + a`, not negative where `share` is below 1.
    public let values: [Double]
    public let actionCount: Int
    /// Of the best action's value that an action must reach. Lowering it lets more pass.
    public let share: Double
    /// By how much an action may fall short beyond that.
    public let margin: Double
    /// The chance that a bad action is noticed, and one minus that of a takeover without need.
    public let reliability: Double

    /// - Precondition: the values fill whole rows, and the reliability is from 0 to 1.
    public init(values: [Double], actionCount: Int, share: Double = 1, margin: Double = 0, reliability: Double = 0.95) {
        precondition(actionCount > 0 && values.count % actionCount == 0, "a value for each state and action")
        precondition((0...1).contains(reliability), "a reliability is from 0 to 1")
        self.values = values
        self.actionCount = actionCount
        self.share = share
        self.margin = margin
        self.reliability = reliability
    }

    public func takeoverProbability(state: Int, action: Int) -> Double {
        let row = state * actionCount
        let best = values[row..<(row + actionCount)].max()!
        return values[row + action] < share * best - margin ? reliability : 1 - reliability
    }
}

/// Takes over at random: what interventions are worth whose timing says nothing.
public struct RandomInterventionOracle: InterventionOracle {
    public let probability: Double

    public init(probability: Double) {
        precondition((0...1).contains(probability), "a probability is from 0 to 1")
        self.probability = probability
    }

    public func takeoverProbability(state: Int, action: Int) -> Double { probability }
}
