import TelosNN
import TelosTensor

/// One gradient step of a value network as a program: on single transitions, or on sequences where it remembers.
///
/// On sequences both networks begin with the memory that the acting one had, rebuild it over the burn-in without a
/// gradient, and go through the rest once; targets are values of later rows of the same pass.
struct DQNUpdate {
    /// Outputs: loss, absolute error of each row, mean value, norm of the gradient.
    let program: Program
    let batch: AgentBatch
    private let learningRate: Int
    private let noises: Range<Int>
    private let levels: Range<Int>

    init(
        _ options: DQNConfiguration, model: QNetwork, targetModel: QNetwork, memory: Adam.State,
        support: ClosedRange<Float>, isMasked: Bool, threads: Int
    ) throws {
        let (shape, layout) = (model.shape, options.sequences)
        // Rows whose values are learned, and rows whose values are targets.
        let rows = options.batchSize * (layout?.learned ?? 1)
        let valued = options.batchSize * (layout?.valued ?? 1)
        let seen = options.batchSize * (layout?.length ?? 1)
        let observations = Tensor(placeholder: seen, shape.encoding.width)
        let actions = Tensor(placeholder: rows, 1)
        let rewards = Tensor(placeholder: rows)
        let bootstraps = Tensor(placeholder: rows)
        let weights = Tensor(placeholder: rows)
        let learningRate = Tensor(placeholder: [])
        var inputs = [observations, actions, rewards, bootstraps, weights, learningRate]
        func input(_ tensor: Tensor) -> Tensor {
            inputs.append(tensor)
            return tensor
        }
        let first = inputs.count
        let noise = options.noisy ? (0..<2).map { _ in input(Tensor(placeholder: shape.noiseCount)) } : []
        noises = first..<inputs.count
        let isImplicit = options.returns == .implicitQuantile
        let level = isImplicit ? [rows, valued].map { input(Tensor(placeholder: $0, shape.width)) } : []
        levels = noises.upperBound..<inputs.count
        self.learningRate = 5

        let next = inputs.count
        let (present, choosing, following): (Tensor, Tensor, Tensor)
        var mask: Tensor?
        var positions: Tensor?
        if let layout {
            let before = input(Tensor(placeholder: options.batchSize, model.memoryWidth))
            let resets = input(Tensor(placeholder: layout.length, options.batchSize))
            positions = input(Tensor(placeholder: rows))
            if isMasked {
                mask = input(Tensor(placeholder: seen, shape.actions)).sliced(axis: 0, seen - valued, seen)
            }
            func features(_ network: QNetwork) -> Tensor {
                let start = layout.burnIn * options.batchSize
                var memory = before
                if start > 0 {
                    let rebuilt = network.features(
                        observations.sliced(axis: 0, 0, start), memory: before,
                        resets: resets.sliced(axis: 0, 0, layout.burnIn), time: layout.burnIn
                    ).memory
                    memory = (rebuilt ?? before).stoppingGradient
                }
                return network.features(
                    observations.sliced(axis: 0, start, seen), memory: memory,
                    resets: resets.sliced(axis: 0, layout.burnIn, layout.length), time: layout.valued
                ).rows
            }
            let all = features(model)
            (present, choosing) = (all.sliced(axis: 0, 0, rows), all.stoppingGradient)
            following = features(targetModel)
        } else {
            let nextObservations = input(Tensor(placeholder: valued, shape.encoding.width))
            if isMasked { mask = input(Tensor(placeholder: valued, shape.actions)) }
            present = model.features(observations).rows
            choosing = model.features(nextObservations).rows
            following = targetModel.features(nextObservations).rows
        }

        // Target: the return of the best next action.
        let offered = targetModel.returns(of: following, noise: noise.last, levels: level.last)
        // An attitude to risk is one in choosing; the levels of the target are drawn evenly all the same.
        let distorted = shape.actionLevels.map { Tensor($0, shape: [1, $0.count]) }
        let judged =
            options.double
            ? model.returns(of: choosing, noise: noise.first, levels: distorted ?? level.last)
            : distorted.map { targetModel.returns(of: following, noise: noise.last, levels: $0) } ?? offered
        let best = model.means(judged, support: support).restricted(to: mask).argmax().oneHot(shape.actions)
            .reshaped(valued, shape.actions, 1)
        var chosen = (offered * best).sum(axis: 1).stoppingGradient
        if let positions { chosen = chosen.gatheringRows(positions) }
        let outputs = model.returns(of: present, noise: noise.first, levels: level.first)
        let taken = (outputs * actions.reshaped(rows).oneHot(shape.actions).reshaped(rows, shape.actions, 1))
            .sum(axis: 1)

        let losses: Tensor
        let errors: Tensor
        let rewardColumn = rewards.reshaped(rows, 1)
        let bootstrapColumn = bootstraps.reshaped(rows, 1)
        switch options.returns {
        case .mean:
            let error = (taken - (rewardColumn + bootstrapColumn * chosen)).reshaped(rows)
            losses = ReturnLoss.huber(error)
            errors = abs(error)
        case .categorical:
            losses = ReturnLoss.categorical(
                logits: taken, targetProbabilities: chosen.softmax(), rewards: rewards, bootstraps: bootstraps,
                support: support)
            errors = losses
        case .quantile, .implicitQuantile:
            let midpoints = Tensor(ReturnLoss.midpoints(shape.width), shape: [1, shape.width])
            losses = ReturnLoss.quantile(
                predicted: taken, levels: level.first ?? midpoints,
                targets: rewardColumn + bootstrapColumn * chosen)
            errors = losses
        }
        let loss = (weights * losses).mean()
        let theta = model.tensors
        let (gradients, norm) = clippingGlobalNorm(
            gradient(of: loss, withRespectTo: theta), to: Float(options.maximumGradientNorm))
        let step = Adam(epsilon: Float(options.adamEpsilon)).step(
            theta, gradients: gradients, state: memory, learningRate: learningRate)
        let program = try Program(
            inputs: inputs, outputs: [loss, errors, model.means(outputs, support: support).mean(), norm],
            updates: zip(theta, step.parameters).map { Program.Update($0, to: $1) }
                + Program.Update.all(memory, to: step.state),
            threads: threads)
        self.program = program
        if let layout {
            batch = .sequences(
                SequenceBatch(
                    layout: layout, sequences: options.batchSize, observations: program.input(0),
                    resets: program.input(next + 1), masks: isMasked ? program.input(next + 3) : nil,
                    memory: program.input(next), actions: program.input(1), rewards: program.input(2),
                    bootstraps: program.input(3), following: program.input(next + 2), weights: program.input(4)))
        } else {
            batch = .transitions(
                ReplayBatch(
                    observations: program.input(0), actions: program.input(1), rewards: program.input(2),
                    bootstraps: program.input(3), nextObservations: program.input(next), weights: program.input(4),
                    nextMasks: isMasked ? program.input(next + 1) : nil))
        }
    }

    /// One step on what `batch` was filled with.
    func run(learningRate rate: Float, using random: inout RandomStream) {
        program.input(learningRate)[0] = rate
        for index in noises { random.fillNormal(program.input(index)) }
        for index in levels { random.fillUniform(program.input(index)) }
        program.run()
    }
}
