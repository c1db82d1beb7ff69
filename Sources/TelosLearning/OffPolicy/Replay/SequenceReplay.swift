import TelosEnvironments
import TelosTensor

/// How the rows of a sequence are used: some rebuild the memory, some are learned from, some are only looked ahead to.
struct SequenceLayout {
    /// Rows from which the memory is only rebuilt.
    var burnIn: Int
    var learned: Int
    /// n of n-step returns: rows beyond the last learned one that bootstraps may need.
    var lookahead: Int

    var length: Int { burnIn + learned + lookahead }
    /// Rows after the memory is rebuilt.
    var valued: Int { learned + lookahead }
}

/// Where a sample of sequences is written, time-major: row t * sequences + s is row t of sequence s.
struct SequenceBatch {
    var layout: SequenceLayout
    var sequences: Int
    /// Of every row.
    var observations: UnsafeMutableBufferPointer<Float>
    /// [length, sequences], 1 where the row begins an episode.
    var resets: UnsafeMutableBufferPointer<Float>
    /// Which choices are possible in every row; nil where all are.
    var masks: UnsafeMutableBufferPointer<Float>?
    /// What the policy remembered when the sequence began, [sequences, width].
    var memory: UnsafeMutableBufferPointer<Float>
    // Of the rows that are learned from:
    var actions: UnsafeMutableBufferPointer<Float>
    /// R and c of the target R + c V.
    var rewards: UnsafeMutableBufferPointer<Float>
    var bootstraps: UnsafeMutableBufferPointer<Float>
    /// Which of the rows after the burn-in V is the value of.
    var following: UnsafeMutableBufferPointer<Float>
    /// Importance weights; 0 for a row in which nothing was done.
    var weights: UnsafeMutableBufferPointer<Float>
}

/// Stretches of each environment's experience in a ring, each with the memory that the policy had when it began.
///
/// An environment's experience is a stream of rows: one a step, and one more for the state in which an episode was cut
/// off, which is looked ahead to but not acted in. Sequences are windows of the stream that begin every `learned` rows,
/// so each row is learned from in one of them. Episodes may begin within a sequence; memories then begin anew.
///
/// Kapturowski, Ostrovski, Quan, Munos and Dabney, *Recurrent experience replay in distributed reinforcement learning*,
/// 2019 (whose sequences end with their episode).
final class SequenceReplay {
    /// A row of a stream.
    private struct Row: Codable {
        var observation: [Float]
        var mask: [Float]
        var memory: [Float]
        var begins: Bool
        var action: [Float]
        var reward = 0.0
        var bootstrap = 1.0
        /// Rows to the one whose value is bootstrapped from; nil until it is known.
        var distance: Int?
        var weight: Float = 1
    }

    let layout: SequenceLayout
    private let discount: Double
    private var ring: ReplayRing
    private var streams: [[Row]]
    private let observations, actions, rewards, bootstraps, distances, weights, resets, masks, memory: ReplayColumn
    /// Of each sequence drawn.
    private var importances: Buffer<Float>

    var count: Int { ring.count }

    /// - capacity: sequences.
    /// - memoryWidth: floats that the policy remembers of an episode.
    init(
        _ layout: SequenceLayout, capacity: Int, environments: Int, discount: Double, observationWidth: Int,
        actionWidth: Int, maskWidth: Int, memoryWidth: Int, priorityExponent: Double?
    ) {
        self.layout = layout
        self.discount = discount
        ring = ReplayRing(capacity: capacity, priorityExponent: priorityExponent)
        streams = Array(repeating: [], count: environments)
        func column(_ name: String, _ width: Int) -> ReplayColumn {
            ReplayColumn(name, width: width, capacity: capacity)
        }
        observations = column("observations", layout.length * observationWidth)
        resets = column("resets", layout.length)
        masks = column("masks", layout.length * maskWidth)
        memory = column("memory", memoryWidth)
        actions = column("actions", layout.learned * actionWidth)
        rewards = column("rewards", layout.learned)
        bootstraps = column("bootstraps", layout.learned)
        distances = column("distances", layout.learned)
        weights = column("weights", layout.learned)
        importances = Buffer(count: 0, repeating: 0)
    }

    /// Takes in one step of every environment.
    /// - masks: rows of which choices were possible before and after the step.
    /// - memory: what the policy remembered before it acted, a row an environment.
    /// - begins: whether the step is the first of its episode.
    /// - reward: what is paid in an environment.
    func append(
        _ transitions: TransitionBatch, masks: (before: Buffer<Float>, after: Buffer<Float>)?, memory: Buffer<Float>,
        begins: (Int) -> Bool, reward: (Int) -> Double
    ) {
        let count = transitions.count
        func row(_ values: UnsafeBufferPointer<Float>?, _ environment: Int) -> [Float] {
            guard let values else { return [] }
            let width = values.count / count
            return Array(values[(environment * width)..<((environment + 1) * width)])
        }
        for environment in 0..<count {
            var stream: [Row] = []
            swap(&stream, &streams[environment])
            let action = row(transitions.actions, environment)
            stream.append(
                Row(
                    observation: row(transitions.observations, environment),
                    mask: row(masks?.before.readOnly, environment), memory: row(memory.readOnly, environment),
                    begins: begins(environment), action: action))
            let (last, paid, end) = (stream.count - 1, reward(environment), transitions.ends[environment])
            var index = last
            while index >= 0, stream[index].distance == nil {
                stream[index].reward += stream[index].bootstrap * paid
                stream[index].bootstrap *= discount
                let steps = last - index + 1
                if end != .ongoing || steps == layout.lookahead { stream[index].distance = steps }
                if end == .terminated {
                    // Nothing follows, so that any row will do.
                    (stream[index].bootstrap, stream[index].distance) = (0, 0)
                }
                index -= 1
            }
            if end == .truncated {
                stream.append(
                    Row(
                        observation: row(transitions.nextObservations, environment),
                        mask: row(masks?.after.readOnly, environment),
                        memory: Array(repeating: 0, count: self.memory.width), begins: false,
                        action: Array(repeating: 0, count: action.count), distance: 0, weight: 0))
            }
            while stream.count >= layout.length {
                store(stream)
                stream.removeFirst(layout.learned)
            }
            swap(&stream, &streams[environment])
        }
    }

    /// Keeps the first rows of a stream as a sequence.
    private func store(_ stream: [Row]) {
        let slot = ring.claim()
        func write(_ values: [Float], _ column: ReplayColumn, _ row: Int) {
            (column.pointer(slot) + row * values.count).update(from: values, count: values.count)
        }
        write(stream[0].memory, memory, 0)
        for (index, row) in stream.prefix(layout.length).enumerated() {
            write(row.observation, observations, index)
            write(row.mask, masks, index)
            write([row.begins ? 1 : 0], resets, index)
            let learned = index - layout.burnIn
            guard (0..<layout.learned).contains(learned) else { continue }
            write(row.action, actions, learned)
            write([Float(row.reward)], rewards, learned)
            write([Float(row.bootstrap)], bootstraps, learned)
            write([Float(row.distance ?? 0)], distances, learned)
            write([row.weight], weights, learned)
        }
    }

    /// Fills `batch` with sequences drawn with replacement: uniformly, or in proportion to their priorities with
    /// weights (count P(i))^-importance, divided by the batch's largest.
    func sample(into batch: SequenceBatch, importance: Double, using random: inout RandomStream) {
        let sequences = batch.sequences
        ring.draw(sequences, using: &random)
        if importances.count != sequences { importances = Buffer(count: sequences, repeating: 1) }
        ring.writeWeights(importances.all, importance: importance)
        interleave(observations, to: batch.observations, rows: layout.length)
        interleave(resets, to: batch.resets, rows: layout.length)
        if let target = batch.masks { interleave(masks, to: target, rows: layout.length) }
        interleave(memory, to: batch.memory, rows: 1)
        interleave(actions, to: batch.actions, rows: layout.learned)
        interleave(rewards, to: batch.rewards, rows: layout.learned)
        interleave(bootstraps, to: batch.bootstraps, rows: layout.learned)
        interleave(distances, to: batch.following, rows: layout.learned)
        interleave(weights, to: batch.weights, rows: layout.learned)
        for row in 0..<(layout.learned * sequences) {
            batch.following[row] = Float(row) + batch.following[row] * Float(sequences)
            batch.weights[row] *= importances[row % sequences]
        }
    }

    private func interleave(_ column: ReplayColumn, to target: UnsafeMutableBufferPointer<Float>, rows: Int) {
        let (base, width, sequences) = (target.baseAddress!, column.width / rows, ring.sampled.count)
        for (sequence, slot) in ring.sampled.enumerated() {
            for row in 0..<rows {
                (base + (row * sequences + sequence) * width).update(
                    from: column.pointer(slot) + row * width, count: width)
            }
        }
    }

    /// Sets the priorities of the last sample from the absolute errors of its learned rows: 0.9 of a sequence's largest
    /// and 0.1 of its mean.
    func prioritize(_ errors: UnsafeBufferPointer<Float>) {
        let sequences = ring.sampled.count
        for sequence in 0..<sequences {
            var (sum, largest) = (0.0, 0.0)
            for row in 0..<layout.learned {
                let error = Double(errors[row * sequences + sequence])
                sum += error
                largest = max(largest, error)
            }
            ring.prioritize(sequence, error: 0.9 * largest + 0.1 * sum / Double(layout.learned))
        }
    }

    // MARK: State

    private var columns: [ReplayColumn] {
        [observations, resets, memory, actions, rewards, bootstraps, distances, weights]
            + (masks.width > 0 ? [masks] : [])
    }

    func save(to checkpoint: inout Checkpoint) throws {
        for column in columns { column.save(to: &checkpoint, count: count) }
        try ring.save(to: &checkpoint)
        try checkpoint.store(streams, as: "streams")
    }

    func load(from checkpoint: Checkpoint) throws {
        var loaded = ring
        try loaded.load(from: checkpoint)
        for column in columns { try column.load(from: checkpoint, count: loaded.count) }
        let rows: [[Row]] = try checkpoint.load(from: "streams")
        guard rows.count == streams.count else {
            throw CheckpointError("it has \(rows.count) environments where \(streams.count) are needed")
        }
        (ring, streams) = (loaded, rows)
    }
}
