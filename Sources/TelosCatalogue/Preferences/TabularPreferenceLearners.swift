import CTelosKernels
import TelosEnvironments
import TelosFeedback
import TelosNN
import TelosTensor

/// Tabular policies from compared segments: what `cpl` is compared with, and itself.
struct TabularPreferenceLearners {
    let mdp: TabularMDP
    let preferences: [Preference<TabularSegment>]
    /// How often each option does a in s, [pair][s * actionCount + a].
    let first: [[Double]]
    let second: [[Double]]

    init(_ mdp: TabularMDP, _ preferences: [Preference<TabularSegment>]) {
        self.mdp = mdp
        self.preferences = preferences
        first = preferences.map { mdp.visitCounts(of: $0.first) }
        second = preferences.map { mdp.visitCounts(of: $0.second) }
    }

    private var pairCount: Int { mdp.stateCount * mdp.actionCount }

    private func total(_ rows: [[Double]]) -> [Double] {
        rows.reduce(into: [Double](repeating: 0, count: pairCount)) { sum, row in
            for index in row.indices { sum[index] += row[index] }
        }
    }

    private func normalized(_ weights: [Double]) -> [Double] {
        weights.indices.map { index in
            let row = index / mdp.actionCount * mdp.actionCount
            return weights[index] / weights[row..<(row + mdp.actionCount)].reduce(0, +)
        }
    }

    /// Behaviour cloning of every segment: counts, 0.1 added to each.
    func clonedBehavior() -> [Double] { normalized(zip(total(first), total(second)).map { $0 + $1 + 0.1 }) }

    /// Behaviour cloning of the preferred segments alone (supervised fine-tuning).
    func clonedPreferred() -> [Double] {
        var counts = [Double](repeating: 0.1, count: pairCount)
        for (pair, preference) in preferences.enumerated() {
            for index in counts.indices {
                counts[index] += preference.target * first[pair][index] + (1 - preference.target) * second[pair][index]
            }
        }
        return normalized(counts)
    }

    /// Contrastive preference learning from cloned behaviour: Adam on the mean of `contrastivePreferenceLoss`, all pairs at
    /// once, with S = temperature times the sum of log pi(a|s).
    func contrastive(bias: Double, temperature: Double, learningRate: Double, steps: Int) throws -> [Double] {
        func rows(_ counts: [[Double]]) -> Tensor {
            Tensor(counts.flatMap { $0.map { Float($0) } }, shape: [counts.count, pairCount])
        }
        let target = Tensor(preferences.map { Float($0.target) }, shape: [preferences.count, 1])
        let cloned = Tensor(clonedBehavior().map { Float(telos_log64($0)) }, shape: [mdp.stateCount, mdp.actionCount])
        let descent = try Descent(cloned) { logits in
            let logProbabilities = logits.logSoftmax().reshaped(pairCount, 1)
            func score(_ counts: [[Double]]) -> Tensor { Float(temperature) * matmul(rows(counts), logProbabilities) }
            return contrastivePreferenceLoss(
                first: score(first), second: score(second), target: target, bias: Float(bias)
            ).mean()
        }
        for _ in 0..<steps { descent.step(learningRate: learningRate) }
        return TabularPolicy.softmax(descent.parameters.values(0).map { Double($0) }, actionCount: mdp.actionCount)
    }

    struct ImplicitQ {
        /// Of the fitted reward, on the sum of losses.
        var ridge = 0.1
        var expectile = 0.7
        /// beta: of the advantages in the policy's weights.
        var temperature = 1.0
        var sweeps = 300
    }

    /// Preference IQL: a reward r(s,a) fitted to the comparisons by partial return, then implicit Q-learning on the same
    /// segments: V(s) the expectile of Q(s,a) over what was done there, Q(s,a) = r(s,a) + discount mean of V(s'), and pi
    /// proportional to counts times min(exp((Q - V) / beta), 100).
    func implicitQ(_ options: ImplicitQ = ImplicitQ(), discount: Double) throws -> [Double] {
        let reward = try LinearRewardModel.fit(
            differences: zip(first, second).map { zip($0, $1).map { $0 - $1 } }, targets: preferences.map(\.target),
            ridge: options.ridge
        ).weights
        let (states, actions) = (mdp.stateCount, mdp.actionCount)
        var follows = [[(next: Int, count: Double)]](repeating: [], count: pairCount)
        var counts = [Double](repeating: 0, count: pairCount)
        for segment in preferences.flatMap({ [$0.first, $0.second] }) {
            mdp.forEachStep(of: segment) { state, action, next in
                let pair = state * actions + action
                counts[pair] += 1
                if let known = follows[pair].firstIndex(where: { $0.next == next }) {
                    follows[pair][known].count += 1
                } else {
                    follows[pair].append((next, 1))
                }
            }
        }
        var values = [Double](repeating: 0, count: states)
        var q = [Double](repeating: 0, count: pairCount)
        for _ in 0..<options.sweeps {
            for pair in 0..<pairCount where counts[pair] > 0 {
                let sum = follows[pair].reduce(0) { $0 + (mdp.terminal[$1.next] ? 0 : $1.count * values[$1.next]) }
                q[pair] = reward[pair] + discount * sum / counts[pair]
            }
            for state in 0..<states {
                var (sum, weight) = (0.0, 0.0)
                for pair in (state * actions)..<((state + 1) * actions) where counts[pair] > 0 {
                    let share = counts[pair] * (q[pair] > values[state] ? options.expectile : 1 - options.expectile)
                    sum += share * q[pair]
                    weight += share
                }
                if weight > 0 { values[state] = sum / weight }
            }
        }
        return normalized(
            (0..<pairCount).map { pair in
                let advantage = q[pair] - values[pair / actions]
                let weight = min(telos_exp64(advantage / options.temperature), 100)
                return counts[pair] * weight + 1e-6
            })
    }
}
