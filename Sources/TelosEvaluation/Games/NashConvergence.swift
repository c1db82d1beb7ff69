import TelosEnvironments

extension NormalFormGame {
    /// NashConv, the sum over players of what each could gain by leaving a profile alone; 0 for a Nash equilibrium:
    /// sum_i (max_a u_i(a, x_-i) - u_i(x)). (Lanctot and others, *A unified game-theoretic approach to multiagent
    /// reinforcement learning*, 2017.)
    /// - Throws: `TabularError` for a profile of other sizes.
    public func nashConvergence(of profile: [[Double]]) throws -> Double {
        let payoffs = try expectedPayoffs(profile)
        return try payoffs.indices.reduce(0) { sum, player in
            sum + (try actionPayoffs(of: player, against: profile).max() ?? 0) - payoffs[player]
        }
    }
}

extension ExtensiveFormGame {
    /// What `player` is paid at best against the others' strategies.
    ///
    /// In each information set the action is taken that is best on average over its states, weighted by the probability
    /// that chance and the others lead there; with perfect recall later sets can be settled first.
    public func bestResponsePayoff(of player: Int, against profile: BehaviorProfile) -> Double {
        var members: [Int: [(state: State, reach: Double)]] = [:]
        func collect(_ state: State, _ reach: Double) {
            switch turn(state) {
            case .finished: return
            case .chance(let outcomes):
                for (action, probability) in outcomes.enumerated() {
                    collect(successor(of: state, action: action), reach * probability)
                }
            case .player(let mover, let set, let actions):
                if mover == player { members[set, default: []].append((state, reach)) }
                for action in 0..<actions {
                    let probability = mover == player ? 1 : profile[mover][set][action]
                    if probability > 0 { collect(successor(of: state, action: action), reach * probability) }
                }
            }
        }
        collect(initialState, 1)
        var chosen: [Int: Int] = [:]
        func value(_ state: State) -> Double {
            switch turn(state) {
            case .finished(let payoffs): return payoffs[player]
            case .chance(let outcomes):
                return outcomes.enumerated().reduce(0) { $0 + $1.1 * value(successor(of: state, action: $1.0)) }
            case .player(let mover, let set, let actions):
                guard mover != player else {
                    return value(successor(of: state, action: best(set, actions)))
                }
                return (0..<actions).reduce(0) { sum, action in
                    let probability = profile[mover][set][action]
                    return probability > 0 ? sum + probability * value(successor(of: state, action: action)) : sum
                }
            }
        }
        func best(_ set: Int, _ actions: Int) -> Int {
            if let action = chosen[set] { return action }
            var (top, action) = (-Double.infinity, 0)
            for candidate in 0..<actions {
                let sum = (members[set] ?? []).reduce(0) {
                    $0 + $1.reach * value(successor(of: $1.state, action: candidate))
                }
                if sum > top { (top, action) = (sum, candidate) }
            }
            chosen[set] = action
            return action
        }
        return value(initialState)
    }

    /// NashConv, the sum over players of what each could gain by leaving a profile alone; 0 for a Nash equilibrium. In
    /// a zero-sum game of two, half of it is the profile's exploitability.
    public func nashConvergence(of profile: BehaviorProfile) -> Double {
        let payoffs = expectedPayoffs(profile)
        return payoffs.indices.reduce(0) { $0 + bestResponsePayoff(of: $1, against: profile) - payoffs[$1] }
    }
}
