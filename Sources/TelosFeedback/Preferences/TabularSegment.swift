import TelosEnvironments
import TelosTensor

/// A stretch of behaviour in a finite MDP: s_0, a_0, s_1, ..., s_k. After a terminal state nothing happens: it is
/// repeated, and neither paid nor counted.
public struct TabularSegment: Sendable, Hashable, Codable {
    /// k + 1 states.
    public let states: [Int]
    /// k actions.
    public let actions: [Int]

    public var stepCount: Int { actions.count }

    /// - Precondition: there is at least one step, and one state more than actions.
    public init(states: [Int], actions: [Int]) {
        precondition(
            !actions.isEmpty && states.count == actions.count + 1, "one state before each step and one after the last")
        self.states = states
        self.actions = actions
    }

    private enum CodingKeys: String, CodingKey { case states, actions }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let actions = try container.decode([Int].self, forKey: .actions)
        let states = try container.decode([Int].self, forKey: .states)
        guard !actions.isEmpty, states.count == actions.count + 1 else {
            throw DecodingError.dataCorruptedError(
                forKey: .states, in: container,
                debugDescription: "\(states.count) states for \(actions.count) actions; write one before each step and "
                    + "one after the last")
        }
        self.init(states: states, actions: actions)
    }
}

/// Segments of a finite MDP, and what they are worth. States and actions of a segment are those of the MDP; rewards are
/// r(s,a) at `s * actionCount + a`, or R(s,a,s') at the index of `transitions`.
extension TabularMDP {
    /// Follows `policy` for `length` steps from `state`.
    /// - Parameter policy: pi(a|s) at `s * actionCount + a`; all actions equally often when nil.
    public func segment(
        from state: Int, length: Int, policy: [Double]? = nil, using random: inout RandomStream
    ) -> TabularSegment {
        var (states, actions) = ([state], [Int]())
        for _ in 0..<length {
            let row = states.last! * actionCount
            let action =
                policy.map { random.index(weights: $0[row..<(row + actionCount)]) } ?? random.index(below: actionCount)
            states.append(successor(of: states.last!, action: action, using: &random))
            actions.append(action)
        }
        return TabularSegment(states: states, actions: actions)
    }

    /// Calls `body` with every step of `segment` that leaves a state that is not terminal.
    public func forEachStep(of segment: TabularSegment, _ body: (_ state: Int, _ action: Int, _ next: Int) -> Void) {
        for (step, action) in segment.actions.enumerated() where !terminal[segment.states[step]] {
            body(segment.states[step], action, segment.states[step + 1])
        }
    }

    /// How often `segment` does a in s, at `s * actionCount + a`; nothing for terminal states.
    public func visitCounts(of segment: TabularSegment) -> [Double] {
        var counts = [Double](repeating: 0, count: stateCount * actionCount)
        forEachStep(of: segment) { state, action, _ in counts[state * actionCount + action] += 1 }
        return counts
    }

    /// Phi(sigma): the sum over the steps of phi(s,a), `width` numbers each.
    /// - Parameter features: phi_j(s,a) at `(s * actionCount + a) * width + j`, or phi_j(s,a,s') at
    ///   `((s * actionCount + a) * stateCount + s') * width + j`.
    public func featureSum(of segment: TabularSegment, features: [Double], width: Int) -> [Double] {
        let pairs = stateCount * actionCount
        let isFull = features.count == pairs * stateCount * width
        precondition(isFull || features.count == pairs * width, "features are phi(s,a) or phi(s,a,s')")
        var sum = [Double](repeating: 0, count: width)
        forEachStep(of: segment) { state, action, next in
            let pair = state * actionCount + action
            let row = (isFull ? pair * stateCount + next : pair) * width
            for index in 0..<width { sum[index] += features[row + index] }
        }
        return sum
    }

    /// sum over t of myopia^(k - 1 - t) r_t: what the segment was paid, the last step counted fully and each before it
    /// `myopia` times the one after it.
    public func partialReturn(of segment: TabularSegment, reward: [Double], myopia: Double = 1) -> Double {
        let isFull = reward.count == transitions.count
        precondition(isFull || reward.count == stateCount * actionCount, "rewards are r(s,a) or R(s,a,s')")
        var sum = 0.0
        for (step, action) in segment.actions.enumerated() {
            sum *= myopia
            let state = segment.states[step]
            guard !terminal[state] else { continue }
            let pair = state * actionCount + action
            sum += reward[isFull ? pair * stateCount + segment.states[step + 1] : pair]
        }
        return sum
    }

    /// sum over t of V*(s_t) - q*(s_t,a_t) >= 0: by how much the segment's choices fall short of the best ones, whatever
    /// chance made of them. (Knox, Hatgis-Kessell, Booth, Niekum, Stone and Allievi, *Models of human preference for
    /// learning reward functions*, 2024.)
    /// - Parameters:
    ///   - values: V*(s).
    ///   - q: q*(s,a) at `s * actionCount + a`.
    public func regret(of segment: TabularSegment, values: [Double], q: [Double]) -> Double {
        var sum = 0.0
        forEachStep(of: segment) { state, action, _ in sum += values[state] - q[state * actionCount + action] }
        return sum
    }

    /// V*(s_0) - (sum over t of r_t + V*(s_k)): the regret of a segment where transitions are deterministic and nothing
    /// is discounted; with chance it also counts bad luck. (Knox and others, 2024.)
    public func deterministicRegret(
        of segment: TabularSegment, reward: [Double], values: [Double]
    ) -> Double {
        values[segment.states[0]] - partialReturn(of: segment, reward: reward)
            - values[segment.states[segment.stepCount]]
    }
}
