import TelosEnvironments

/// Changes of a reward R(s,a,s') (at the index of `transitions`) that leave every comparison of policies as it is.
extension TabularMDP {
    /// Potential shaping: R(s,a,s') + discount Phi(s') - Phi(s). A terminal state's potential counts as 0; otherwise
    /// shaping would change what is optimal.
    ///
    /// (Ng, Harada and Russell, *Policy invariance under reward transformations*, 1999.)
    /// - Throws: `TabularError` for arrays of the wrong size.
    public func shaped(_ reward: [Double], potential: [Double], discount: Double) throws -> [Double] {
        try checkFull(reward)
        guard potential.count == stateCount else {
            throw TabularError("the potential has \(potential.count) values for \(stateCount) states")
        }
        let phi = potential.indices.map { terminal[$0] ? 0 : potential[$0] }
        return reward.indices.map { index in
            let state = index / (actionCount * stateCount)
            return terminal[state] ? 0 : reward[index] + discount * phi[index % stateCount] - phi[state]
        }
    }

    /// Redistribution over next states: R(s,a,s') + E(s,a,s') - (sum over x of T(x|s,a) E(s,a,x)), which keeps r(s,a).
    ///
    /// (Skalse, Farnik, Motwani, Jenner, Gleave and Abate, *STARC: a general framework for quantifying differences
    /// between reward functions*, 2024.)
    /// - Throws: `TabularError` for arrays of the wrong size.
    public func redistributed(_ reward: [Double], by change: [Double]) throws -> [Double] {
        try checkFull(reward)
        try checkFull(change)
        let mean = (0..<(stateCount * actionCount)).map { row in
            successors(of: row / actionCount, action: row % actionCount)
                .reduce(0) { $0 + $1.probability * change[row * stateCount + $1.state] }
        }
        return reward.indices.map { index in
            terminal[index / (actionCount * stateCount)] ? 0 : reward[index] + change[index] - mean[index / stateCount]
        }
    }

    func checkFull(_ reward: [Double]) throws {
        guard reward.count == transitions.count else {
            throw TabularError(
                "the reward has \(reward.count) values; R(s,a,s') needs \(transitions.count)"
            )
        }
    }
}
