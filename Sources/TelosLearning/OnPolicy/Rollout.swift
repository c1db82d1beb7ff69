import TelosEnvironments
import TelosRewards
import TelosTensor

/// Experience of `environments` over `steps` steps, time-major: step t of environment e is row t * environments + e.
///
/// Rewards, values and advantages have `heads` columns, one block after another (head h of row i at h * rows + i): one
/// head for a fixed reward, several where a blend of reward channels is being learned.
final class Rollout {
    let steps: Int
    let environments: Int
    let heads: Int
    let observations: Buffer<Float>
    let actions: Buffer<Float>
    let logProbabilities: Buffer<Float>
    let values: Buffer<Float>
    let nextValues: Buffer<Float>
    let rewards: Buffer<Float>
    let advantages: Buffer<Float>
    let returns: Buffer<Float>
    let ends: Buffer<EpisodeEnd>
    /// Steps since the episode's start, for gradients that discount them.
    let elapsed: Buffer<Int32>

    var rows: Int { steps * environments }

    init(steps: Int, environments: Int, heads: Int, observationWidth: Int, actionWidth: Int) {
        self.steps = steps
        self.environments = environments
        self.heads = heads
        let rows = steps * environments
        observations = Buffer(count: rows * observationWidth, repeating: 0)
        actions = Buffer(count: rows * actionWidth, repeating: 0)
        logProbabilities = Buffer(count: rows, repeating: 0)
        values = Buffer(count: rows * heads, repeating: 0)
        nextValues = Buffer(count: rows * heads, repeating: 0)
        rewards = Buffer(count: rows * heads, repeating: 0)
        advantages = Buffer(count: rows * heads, repeating: 0)
        returns = Buffer(count: rows * heads, repeating: 0)
        ends = Buffer(count: rows, repeating: .ongoing)
        elapsed = Buffer(count: rows, repeating: 0)
    }

    /// Fills advantages and returns (A + V) of `head`.
    func estimateAdvantages(head: Int, discount: Double, lambda: Double) {
        let offset = head * rows
        generalizedAdvantages(
            rewards: rewards.pointer + offset, values: values.pointer + offset, nextValues: nextValues.pointer + offset,
            ends: ends.pointer, steps: steps, environments: environments, discount: Float(discount),
            lambda: Float(lambda), into: advantages.pointer + offset)
        for row in offset..<(offset + rows) { returns[row] = advantages[row] + values[row] }
    }

    /// 1 - Var(return - value) / Var(return) of the first head: 1 is a perfect critic, 0 none.
    var explainedVariance: Double {
        func variance(_ value: (Int) -> Double) -> Double {
            var (sum, squares) = (0.0, 0.0)
            for row in 0..<rows {
                sum += value(row)
                squares += value(row) * value(row)
            }
            let mean = sum / Double(rows)
            return squares / Double(rows) - mean * mean
        }
        let total = variance { Double(returns[$0]) }
        guard total > 1e-12 else { return 0 }
        return 1 - variance { Double(returns[$0] - values[$0]) } / total
    }
}
