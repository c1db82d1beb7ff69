import TelosTensor

/// Rows of a rollout that a compiled program reads: single steps, or stretches of one environment's steps side by side
/// where the policy has a memory, each with the memory that was carried into it.
struct RolloutBatch {
    /// Placeholders to compute with.
    let input: ActorInput
    let actions: Tensor
    /// What every program takes first, in the order that `fill` fills.
    var placeholders: [Tensor] {
        [input.observations, actions] + [input.mask, input.memory, input.resets].compactMap(\.self)
    }

    /// - sequenceLength: steps of a stretch; 1 without memory.
    init(_ model: ActorCritic, rows: Int, sequenceLength: Int, isMasked: Bool) {
        var input = ActorInput(Tensor(placeholder: rows, model.encoding.width), time: sequenceLength)
        if isMasked { input.mask = Tensor(placeholder: rows, model.head.outputs) }
        if model.memoryWidth > 0 {
            let sequences = rows / sequenceLength
            input.memory = Tensor(placeholder: sequences, model.memoryWidth)
            input.resets = Tensor(placeholder: sequenceLength, sequences)
        }
        self.input = input
        actions = Tensor(placeholder: rows, model.head.width)
    }

    /// - rows: which row of the rollout each row of the program is, as `Rollout.rows(of:)` gives them.
    func fill(_ program: Program, from rollout: Rollout, rows: [Int]) {
        copy(rollout.observations, to: program.input(0), rows, width: rollout.observations.count / rollout.rows)
        copy(rollout.actions, to: program.input(1), rows, width: rollout.actions.count / rollout.rows)
        var next = 2
        if input.mask != nil {
            copy(rollout.masks, to: program.input(next), rows, width: rollout.masks.count / rollout.rows)
            next += 1
        }
        guard let memory = input.memory else { return }
        let sequences = rows.prefix(memory.shape[0]).map { rollout.sequence(beginningAt: $0) }
        copy(rollout.memory, to: program.input(next), sequences, width: memory.shape[1])
        let resets = program.input(next + 1)
        for (slot, row) in rows.enumerated() { resets[slot] = rollout.elapsed[row] == 0 ? 1 : 0 }
    }

    private func copy(
        _ source: Buffer<Float>, to target: UnsafeMutableBufferPointer<Float>, _ rows: [Int], width: Int
    ) {
        let base = target.baseAddress!
        for (slot, row) in rows.enumerated() {
            (base + slot * width).update(from: source.pointer + row * width, count: width)
        }
    }
}
