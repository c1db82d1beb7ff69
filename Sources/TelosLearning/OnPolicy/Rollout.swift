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
    /// Steps of the stretches that a recurrent policy is trained on; 1 without memory.
    let sequenceLength: Int
    let observations: Buffer<Float>
    let actions: Buffer<Float>
    let logProbabilities: Buffer<Float>
    let values: Buffer<Float>
    let nextValues: Buffer<Float>
    let rewards: Buffer<Float>
    let advantages: Buffer<Float>
    let returns: Buffer<Float>
    let ends: Buffer<EpisodeEnd>
    /// Which choices were possible, [rows, choices]; empty without a mask.
    let masks: Buffer<Float>
    /// What the policy remembered when each stretch began, [sequences, width]; empty without memory.
    let memory: Buffer<Float>
    /// Steps since the episode's start, for gradients that discount them and for memories that begin anew.
    let elapsed: Buffer<Int32>

    var rows: Int { steps * environments }

    init(
        steps: Int, environments: Int, heads: Int, observationWidth: Int, actionWidth: Int, maskWidth: Int = 0,
        memoryWidth: Int = 0, sequenceLength: Int = 1
    ) {
        self.sequenceLength = sequenceLength
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
        masks = Buffer(count: rows * maskWidth, repeating: 0)
        memory = Buffer(count: rows / sequenceLength * memoryWidth, repeating: 0)
    }

    /// What updates read of it beside advantages, by name.
    private var read: [(name: String, buffer: Buffer<Float>)] {
        [
            ("observations", observations), ("actions", actions), ("returns", returns), ("masks", masks),
            ("memory", memory),
        ]
    }

    /// Takes over what updates read of another rollout of the same sizes, advantages apart.
    func copy(from other: Rollout) {
        for (one, another) in zip(read, other.read) {
            _ = one.buffer.all.update(fromContentsOf: another.buffer.readOnly)
        }
        for row in 0..<rows { elapsed[row] = other.elapsed[row] }
    }

    /// Keeps what `copy` takes over under `prefix/name`.
    func save(to checkpoint: inout Checkpoint, as prefix: String) {
        for (name, buffer) in read {
            checkpoint.arrays["\(prefix)/\(name)"] = .init(shape: [buffer.count], values: buffer.array)
        }
        // Of elapsed steps only whether there are any is read.
        checkpoint.arrays["\(prefix)/elapsed"] = .init(
            shape: [rows], values: elapsed.array.map { Float(min(1, $0)) })
    }

    func load(from checkpoint: Checkpoint, as prefix: String) throws {
        for (name, buffer) in read {
            _ = buffer.all.update(fromContentsOf: try checkpoint.array("\(prefix)/\(name)", count: buffer.count))
        }
        let values = try checkpoint.array("\(prefix)/elapsed", count: rows)
        for row in 0..<rows { elapsed[row] = Int32(values[row]) }
    }

    /// Stretches of `sequenceLength` steps of one environment: stretch s of environment e is s * environments + e.
    var sequences: Int { rows / sequenceLength }

    /// The stretch whose first row is `row`.
    func sequence(beginningAt row: Int) -> Int {
        row / environments / sequenceLength * environments + row % environments
    }

    /// The rows of stretches side by side, time-major.
    func rows(of sequences: some Collection<Int>) -> [Int] {
        var rows: [Int] = []
        rows.reserveCapacity(sequences.count * sequenceLength)
        for step in 0..<sequenceLength {
            for sequence in sequences {
                let first = sequence / environments * sequenceLength
                rows.append((first + step) * environments + sequence % environments)
            }
        }
        return rows
    }

    /// Values less their mean, divided by their standard deviation.
    static func standardized(_ values: [Float]) -> [Float] {
        let count = Double(values.count)
        let mean = values.reduce(0.0) { $0 + Double($1) } / count
        let variance = values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / count
        let scale = 1 / (variance.squareRoot() + 1e-8)
        return values.map { Float((Double($0) - mean) * scale) }
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
