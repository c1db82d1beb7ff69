import TelosTensor

/// A network that reads rows of sequences in order, and may remember earlier ones.
protocol SequenceReader {
    /// Floats of memory a sequence; 0 for none.
    var memoryWidth: Int { get }
    /// What its heads read of each row, and the memory after the last step (nil without one).
    func features(_ input: ActorInput) -> (rows: Tensor, memory: Tensor?)
}

/// What an update reads of a sample: single transitions, or sequences for networks that remember.
///
/// In sequences the state that follows a row is a later row of the same pass.
struct SampleInputs {
    /// Rows that are learned from.
    let rows: Int
    /// [rows, width]
    let actions: Tensor
    /// R and c of the target R + c V, [rows].
    let rewards: Tensor
    let bootstraps: Tensor
    /// Importance weights, [rows].
    let weights: Tensor
    /// Which choices are possible in the rows and in what follows them, [rows, choices]; nil where all always are.
    let mask: Tensor?
    let nextMask: Tensor?
    /// All of them, in the order in which a program takes them.
    private(set) var tensors: [Tensor]
    private let form: Form

    private enum Form {
        case transitions(observations: Tensor, next: Tensor)
        case sequences(Sequences)
    }

    private struct Sequences {
        var layout: SequenceLayout
        var count: Int
        /// [length * count, width]
        var observations: Tensor
        /// [count, memoryWidth]
        var memory: Tensor
        /// [length, count]
        var resets: Tensor
        /// Which of the rows after the burn-in follow those that are learned from, [rows].
        var following: Tensor
        /// [length * count, choices]
        var mask: Tensor?
    }

    /// - memoryWidth: floats that all networks together remember of a sequence.
    /// - choices: of an action of which some may be impossible; nil where all always are possible.
    init(
        _ options: any OffPolicyOptions, observationWidth: Int, actionWidth: Int, memoryWidth: Int, choices: Int?
    ) {
        let (layout, count) = (options.sequences, options.batchSize)
        rows = count * (layout?.learned ?? 1)
        actions = Tensor(placeholder: rows, actionWidth)
        rewards = Tensor(placeholder: rows)
        bootstraps = Tensor(placeholder: rows)
        weights = Tensor(placeholder: rows)
        let common = [actions, rewards, bootstraps, weights]
        guard let layout else {
            let (observations, next) = (
                Tensor(placeholder: rows, observationWidth), Tensor(placeholder: rows, observationWidth)
            )
            mask = choices.map { Tensor(placeholder: count, $0) }
            nextMask = choices.map { Tensor(placeholder: count, $0) }
            form = .transitions(observations: observations, next: next)
            tensors = common + [observations, next] + [mask, nextMask].compactMap(\.self)
            return
        }
        let seen = count * layout.length
        let sequences = Sequences(
            layout: layout, count: count, observations: Tensor(placeholder: seen, observationWidth),
            memory: Tensor(placeholder: count, memoryWidth), resets: Tensor(placeholder: layout.length, count),
            following: Tensor(placeholder: rows), mask: choices.map { Tensor(placeholder: seen, $0) })
        let valued = sequences.mask?.sliced(axis: 0, layout.burnIn * count, seen)
        mask = valued?.sliced(axis: 0, 0, rows)
        nextMask = valued?.gatheringRows(sequences.following)
        form = .sequences(sequences)
        tensors =
            common + [sequences.observations, sequences.memory, sequences.resets, sequences.following]
            + [sequences.mask].compactMap(\.self)
    }

    /// Where a sample is written, in a program whose first inputs are `tensors`.
    func batch(in program: Program) -> AgentBatch {
        let hasMask = mask != nil
        switch form {
        case .transitions:
            return .transitions(
                ReplayBatch(
                    observations: program.input(4), actions: program.input(0), rewards: program.input(1),
                    bootstraps: program.input(2), nextObservations: program.input(5), weights: program.input(3),
                    masks: hasMask ? program.input(6) : nil, nextMasks: hasMask ? program.input(7) : nil))
        case .sequences(let sequences):
            return .sequences(
                SequenceBatch(
                    layout: sequences.layout, sequences: sequences.count, observations: program.input(4),
                    resets: program.input(6), masks: hasMask ? program.input(8) : nil, memory: program.input(5),
                    actions: program.input(0), rewards: program.input(1), bootstraps: program.input(2),
                    following: program.input(7), weights: program.input(3)))
        }
    }

    /// What a network reads of the rows that are learned from, and of the states that follow them.
    ///
    /// In sequences it begins with the memory that the acting one had, rebuilds it over the burn-in without a gradient,
    /// and goes through the rest once.
    /// - column: where its part of the memory begins.
    func features(of network: some SequenceReader, from column: Int = 0) -> (present: Tensor, following: Tensor) {
        switch form {
        case .transitions(let observations, let next):
            return (network.features(ActorInput(observations)).rows, network.features(ActorInput(next)).rows)
        case .sequences(let sequences):
            let (layout, observations, resets) = (sequences.layout, sequences.observations, sequences.resets)
            var memory = sequences.memory.sliced(axis: 1, column, column + network.memoryWidth)
            let start = layout.burnIn * sequences.count
            if start > 0 {
                let rebuilt = network.features(
                    ActorInput(
                        observations.sliced(axis: 0, 0, start), memory: memory,
                        resets: resets.sliced(axis: 0, 0, layout.burnIn), time: layout.burnIn))
                memory = (rebuilt.memory ?? memory).stoppingGradient
            }
            let all = network.features(
                ActorInput(
                    observations.sliced(axis: 0, start, observations.shape[0]), memory: memory,
                    resets: resets.sliced(axis: 0, layout.burnIn, layout.length), time: layout.valued)
            ).rows
            return (all.sliced(axis: 0, 0, rows), all.stoppingGradient.gatheringRows(sequences.following))
        }
    }
}
