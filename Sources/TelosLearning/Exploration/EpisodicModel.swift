import CTelosKernels
import TelosTensor

/// What was seen of an episodic problem with few states: how often each action was done at each step of an episode, what
/// it paid on average, and where it led.
///
/// Entry (h, s, a) of every array is at `(h * stateCount + s) * actionCount + a`, h = 0 ..< horizon. Nothing is assumed
/// to be the same at different steps.
public struct EpisodicModel: Sendable, Hashable {
    public let horizon: Int
    public let stateCount: Int
    public let actionCount: Int
    /// N_h(s,a)
    public private(set) var visits: [Int]
    private var rewardSums: [Double]
    /// How often s' followed, at `entry * stateCount + s'`; an episode's end is followed by nothing.
    private var followed: [Int]

    /// Counts are positive.
    public init(horizon: Int, stateCount: Int, actionCount: Int) {
        precondition(
            horizon > 0 && stateCount > 0 && actionCount > 0, "an episodic model needs steps, states and actions")
        self.horizon = horizon
        self.stateCount = stateCount
        self.actionCount = actionCount
        let entries = horizon * stateCount * actionCount
        visits = Array(repeating: 0, count: entries)
        rewardSums = Array(repeating: 0, count: entries)
        followed = Array(repeating: 0, count: entries * stateCount)
    }

    public var entryCount: Int { visits.count }

    /// The position of (h, s, a).
    @inlinable public func entry(step: Int, state: Int, action: Int) -> Int {
        (step * stateCount + state) * actionCount + action
    }

    /// Adds a transition; `next` is nil where the episode ended.
    public mutating func record(step: Int, state: Int, action: Int, reward: Double, next: Int?) {
        let entry = entry(step: step, state: state, action: action)
        visits[entry] += 1
        rewardSums[entry] += reward
        if let next { followed[entry * stateCount + next] += 1 }
    }

    /// The mean reward seen at an entry; 0 where it was never tried.
    public func meanReward(_ entry: Int) -> Double { visits[entry] > 0 ? rewardSums[entry] / Double(visits[entry]) : 0 }

    /// How often each state followed an entry.
    public func nextCounts(_ entry: Int) -> ArraySlice<Int> {
        followed[(entry * stateCount)..<((entry + 1) * stateCount)]
    }

    /// P(s'|h,s,a) as seen, at `entry * stateCount + s'`; 0 where an entry was never tried.
    public var transitions: [Double] {
        followed.indices.map { position in
            let count = visits[position / stateCount]
            return count > 0 ? Double(followed[position]) / Double(count) : 0
        }
    }

    /// The best behaviour of a model with these transitions under r_h(s,a) + d_h(s,a), backward from the last step:
    /// Q_h(s,a) = min(cap, r + d + sum over s' of P(s'|h,s,a) V_(h+1)(s')), V_h(s) = max over a of Q_h(s,a).
    ///
    /// - Parameters:
    ///   - transitions: of every entry; the model's own unless one was drawn.
    ///   - bonus: d of every entry.
    ///   - cap: the most that an episode can pay.
    ///   - random: chooses among equal actions.
    public func plan(
        transitions: [Double]? = nil, bonus: [Double], cap: Double, using random: inout RandomStream
    ) -> EpisodicPlan {
        let transitions = transitions ?? self.transitions
        var plan = EpisodicPlan(
            q: Array(repeating: 0, count: entryCount), actions: Array(repeating: 0, count: horizon * stateCount),
            values: Array(repeating: 0, count: (horizon + 1) * stateCount))
        for row in stride(from: horizon * stateCount - 1, through: 0, by: -1) {
            let following = (row / stateCount + 1) * stateCount
            let entries = (row * actionCount)..<((row + 1) * actionCount)
            for entry in entries {
                var value = meanReward(entry) + bonus[entry]
                for next in 0..<stateCount {
                    value += transitions[entry * stateCount + next] * plan.values[following + next]
                }
                plan.q[entry] = min(cap, value)
            }
            let best = ActionValues.greedyBreakingTies(plan.q, entries, &random)
            plan.actions[row] = best
            plan.values[row] = plan.q[entries.lowerBound + best]
        }
        return plan
    }

    /// How likely each entry is under a plan and the transitions seen, from `start` on.
    public func occupancy(of plan: EpisodicPlan, from start: Int) -> [Double] {
        var occupancy = [Double](repeating: 0, count: entryCount)
        var states = [Double](repeating: 0, count: stateCount)
        states[start] = 1
        for step in 0..<horizon {
            var following = [Double](repeating: 0, count: stateCount)
            for state in 0..<stateCount where states[state] > 0 {
                let entry = entry(step: step, state: state, action: plan.actions[step * stateCount + state])
                occupancy[entry] = states[state]
                guard visits[entry] > 0 else { continue }
                let share = states[state] / Double(visits[entry])
                for (next, count) in nextCounts(entry).enumerated() { following[next] += share * Double(count) }
            }
            states = following
        }
        return occupancy
    }

    /// Transitions drawn from the posterior of every entry: a Dirichlet distribution with `prior` added to each count,
    /// as posterior sampling (PSRL) plans with. (Osband, Russo and Van Roy, *(More) efficient reinforcement learning via
    /// posterior sampling*, 2013.)
    public func sampledTransitions(prior: Double, using random: inout RandomStream) -> [Double] {
        var drawn = [Double](repeating: 0, count: followed.count)
        for entry in 0..<entryCount {
            let row = (entry * stateCount)..<((entry + 1) * stateCount)
            var sum = 0.0
            for position in row {
                drawn[position] = random.gamma(shape: prior + Double(followed[position]))
                sum += drawn[position]
            }
            for position in row { drawn[position] /= sum }
        }
        return drawn
    }
}

/// What to do at every step in every state, and what that is worth.
public struct EpisodicPlan: Sendable, Hashable {
    /// Q_h(s,a) at the model's entries.
    public var q: [Double]
    /// The action at `h * stateCount + s`.
    public var actions: [Int]
    /// V_h(s) at `h * stateCount + s`; 0 after the last step.
    public var values: [Double]
}

/// Bonuses for what was seldom tried, of an action that was done `visits` times.
public enum CountBonus {
    /// scale / sqrt(N): MBIE-EB (Strehl and Littman, *An analysis of model-based interval estimation for Markov decision
    /// processes*, 2008). An untried action counts as tried once.
    public static func inverseRoot(visits: Int, scale: Double) -> Double { scale / Double(max(1, visits)).squareRoot() }

    /// scale sqrt(log(2 / delta) / N): the width of Hoeffding's interval, as in UCBVI (Azar, Osband and Munos, *Minimax
    /// regret bounds for reinforcement learning*, 2017). An untried action counts as tried once.
    /// - Parameter delta: the chance that the interval is wrong, above 0.
    public static func hoeffding(visits: Int, scale: Double, delta: Double) -> Double {
        scale * (telos_log64(2 / delta) / Double(max(1, visits))).squareRoot()
    }
}
