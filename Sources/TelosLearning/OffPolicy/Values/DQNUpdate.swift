import TelosNN
import TelosTensor

/// One gradient step of a value network as a program: on single transitions, or on sequences where it remembers.
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
        let shape = model.shape
        let sample = SampleInputs(
            options, observationWidth: shape.encoding.width, actionWidth: 1, memoryWidth: model.memoryWidth,
            choices: isMasked ? shape.actions : nil)
        let rows = sample.rows
        let learningRate = Tensor(placeholder: [])
        self.learningRate = sample.tensors.count
        var inputs = sample.tensors + [learningRate]
        func input(_ tensor: Tensor) -> Tensor {
            inputs.append(tensor)
            return tensor
        }
        let first = inputs.count
        let noise = options.noisy ? (0..<2).map { _ in input(Tensor(placeholder: shape.noiseCount)) } : []
        noises = first..<inputs.count
        let isImplicit = options.returns == .implicitQuantile
        let level = isImplicit ? (0..<2).map { _ in input(Tensor(placeholder: rows, shape.width)) } : []
        levels = noises.upperBound..<inputs.count

        let (present, choosing) = sample.features(of: model)
        let following = sample.features(of: targetModel).following

        // Target: the return of the best next action.
        let offered = targetModel.returns(of: following, noise: noise.last, levels: level.last)
        // An attitude to risk is one in choosing; the levels of the target are drawn evenly all the same.
        let distorted = shape.actionLevels.map { Tensor($0, shape: [1, $0.count]) }
        let judged =
            options.double
            ? model.returns(of: choosing, noise: noise.first, levels: distorted ?? level.last)
            : distorted.map { targetModel.returns(of: following, noise: noise.last, levels: $0) } ?? offered
        let best = model.means(judged, support: support).restricted(to: sample.nextMask).argmax().oneHot(shape.actions)
            .reshaped(rows, shape.actions, 1)
        let chosen = (offered * best).sum(axis: 1).stoppingGradient
        let outputs = model.returns(of: present, noise: noise.first, levels: level.first)
        let taken = (outputs * sample.actions.reshaped(rows).oneHot(shape.actions).reshaped(rows, shape.actions, 1))
            .sum(axis: 1)

        let losses: Tensor
        let errors: Tensor
        let rewardColumn = sample.rewards.reshaped(rows, 1)
        let bootstrapColumn = sample.bootstraps.reshaped(rows, 1)
        switch options.returns {
        case .mean:
            let error = (taken - (rewardColumn + bootstrapColumn * chosen)).reshaped(rows)
            losses = ReturnLoss.huber(error)
            errors = abs(error)
        case .categorical:
            losses = ReturnLoss.categorical(
                logits: taken, targetProbabilities: chosen.softmax(), rewards: sample.rewards,
                bootstraps: sample.bootstraps, support: support)
            errors = losses
        case .quantile, .implicitQuantile:
            let midpoints = Tensor(ReturnLoss.midpoints(shape.width), shape: [1, shape.width])
            losses = ReturnLoss.quantile(
                predicted: taken, levels: level.first ?? midpoints,
                targets: rewardColumn + bootstrapColumn * chosen)
            errors = losses
        }
        let loss = (sample.weights * losses).mean()
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
        batch = sample.batch(in: program)
    }

    /// One step on what `batch` was filled with.
    func run(learningRate rate: Float, using random: inout RandomStream) {
        program.input(learningRate)[0] = rate
        for index in noises { random.fillNormal(program.input(index)) }
        for index in levels { random.fillUniform(program.input(index)) }
        program.run()
    }
}
