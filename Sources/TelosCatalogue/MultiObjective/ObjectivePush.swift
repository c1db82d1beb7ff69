import TelosLearning
import TelosRewards

/// Improves one objective while a barrier keeps a share of what the policy it begins with earns of every other.
struct ObjectivePush: Sendable {
    /// nil heeds no other objective.
    var barrier: InteriorPointBarrier?
    var kept: Double

    /// Weights of advantages: 1 for the pushed objective, the barrier's for the others.
    func weights(of objective: Int, from start: [Double]) -> (_ returns: [Double]) -> [Double] {
        { returns in
            let slacks = returns.indices.map { returns[$0] - kept * start[$0] }
            var weights = barrier?.weights(slacks: slacks) ?? returns.map { _ in 0 }
            weights[objective] = 1
            return weights
        }
    }
}

extension ParetoSearch {
    /// Trains a policy for each objective alone.
    mutating func start(updates: Int) throws {
        for unit in SimplexWeights.units(objectives: world.objectiveCount) {
            try train(from: VectorPolicyTable(world), updates: updates) { _ in unit }
        }
    }

    /// Pushes every objective of `selected` policies that were not extended before, the most isolated or any, round by
    /// round, until the budget is spent.
    mutating func extend(by push: ObjectivePush, updates: Int, selected: Int, choosesIsolated: Bool) throws {
        var extended: Set<Int> = []
        while budget > 0 {
            var chosen: [ParetoArchive<VectorPolicyTable>.Entry]
            if choosesIsolated {
                chosen = archive.mostIsolated(selected) { !extended.contains($0.id) }
            } else {
                chosen = archive.entries.filter { !extended.contains($0.id) }
                chosen.shuffle(using: &random)
                chosen = Array(chosen.prefix(selected))
            }
            // Everything was: begin again.
            if chosen.isEmpty { extended = [] }
            for entry in chosen {
                extended.insert(entry.id)
                for objective in 0..<world.objectiveCount {
                    try train(
                        from: entry.member, updates: updates, weights: push.weights(of: objective, from: entry.values))
                }
            }
        }
    }
}
