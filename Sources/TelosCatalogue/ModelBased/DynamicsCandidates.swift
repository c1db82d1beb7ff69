import CTelosKernels
import TelosEvaluation
import TelosLearning
import TelosTensor

/// Draws of every member, of which one is kept.
struct DynamicsCandidates: DynamicsModel {
    /// What becomes of the candidates for a next state.
    enum Selection: String, CaseIterable {
        case random = "random member"
        case best = "best candidate"
        case soft = "softmax, rescaled"
        case unscaled = "softmax"
        case lastBest = "best by the last discriminator"
        case average = "members' average"
    }

    let ensemble: DynamicsEnsemble
    let judge: AdversarialDynamics
    let selection: Selection
    let draws: Int
    static let temperature = 0.1
    var stateCount: Int { 2 }
    var actionCount: Int { 1 }

    func next(_ states: [Double], _ actions: [Double], using random: inout RandomStream) throws -> [Double] {
        let law = ensemble.predict(states, actions)
        let members = law.means.count
        let rows = actions.count
        if selection == .average {
            return states.indices.map { index in mean(of: law.means.map { $0[index] }) }
        }
        let count = members * draws
        var candidates: [Double] = []
        for row in 0..<rows {
            for candidate in 0..<count {
                let member = candidate % members
                for index in (2 * row)..<(2 * row + 2) {
                    candidates.append(law.means[member][index] + law.deviations[member][index] * random.normal())
                }
            }
        }
        let chosen: [Int]
        if selection == .random {
            chosen = (0..<rows).map { _ in random.index(below: count) }
        } else {
            var (repeatedStates, repeatedActions) = ([Double](), [Double]())
            for row in 0..<rows {
                for _ in 0..<count {
                    repeatedStates += states[(2 * row)..<(2 * row + 2)]
                    repeatedActions.append(actions[row])
                }
            }
            let rewards = try judge.reward(
                repeatedStates, repeatedActions, candidates, lastAlone: selection == .lastBest)
            chosen = (0..<rows).map { row in
                choose(Array(rewards[(row * count)..<((row + 1) * count)]), &random)
            }
        }
        return (0..<rows).flatMap { row in
            let first = 2 * (row * count + chosen[row])
            return [candidates[first], candidates[first + 1]]
        }
    }

    private func choose(_ rewards: [Double], _ random: inout RandomStream) -> Int {
        let (low, high) = (rewards.min() ?? 0, rewards.max() ?? 0)
        switch selection {
        case .soft, .unscaled:
            let width = selection == .soft ? max(high - low, 1e-12) : 1
            return random.index(weights: rewards.map { telos_exp64(($0 - high) / (width * Self.temperature)) })
        default: return rewards.firstIndex(of: high) ?? 0
        }
    }
}
