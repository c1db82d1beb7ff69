import CTelosKernels
import TelosNN
import TelosTensor

/// One update of critics, and of actor and temperature on request, as a single program.
struct ActorCriticUpdate {
    let options: any ActorCriticOptions
    let actor: Actor
    let targetActor: Actor?
    let critics: CriticEnsemble
    /// Absent where critics are batch-renormalised.
    let targets: CriticEnsemble?
    let moments: [BatchRenorm.Moments]
    let logTemperature: Tensor
    let actorMemory: Adam.State
    let criticMemory: Adam.State
    let temperatureMemory: Adam.State
    /// Whether some discrete actions are impossible.
    var isMasked = false
    var regularizer = OfflineRegularizer.none

    /// Uniform numbers that dropout reads, as inputs of the program.
    private final class DropoutInputs {
        var placeholders: [Tensor] = []
    }

    /// What an actor does in a state, and how likely that is: of the action drawn, or of every discrete one.
    private enum Choice {
        case action(Tensor, logProbability: Tensor?)
        case probabilities(log: Tensor)

        var action: Tensor? { if case .action(let action, _) = self { action } else { nil } }
    }

    /// Rows that are learned from in an update.
    private var rows: Int { options.batchSize * (options.sequences?.learned ?? 1) }

    /// One compiled form of the update.
    ///
    /// Outputs: critic loss, mean value; and where the policy moves, entropy and temperature (soft) or policy value and
    /// action size.
    struct Compiled {
        let program: Program
        let batch: AgentBatch
        /// Inputs: the learning rate, noise of the next actions and of the actions, offsets of the critics, and uniform
        /// numbers for dropout.
        let learningRate: Int
        let noises: Range<Int>
        let offsets: Int
        let dropout: Range<Int>
        /// Uniform and normal numbers of the actions at which a conservative penalty is taken.
        let penaltyUniforms: Range<Int>
        let penaltyNoises: Range<Int>
    }

    func compiled(movesPolicy: Bool, threads: Int) throws -> Compiled {
        let batch = rows
        let sample = SampleInputs(
            options, observationWidth: actor.encoding.width, actionWidth: actor.head.width,
            memoryWidth: actor.memoryWidth + critics.memoryWidth, choices: isMasked ? actor.head.outputs : nil)
        let learningRate = Tensor(placeholder: [])
        let nextNoise = Tensor(placeholder: batch, actor.head.noiseWidth)
        let noise = Tensor(placeholder: batch, actor.head.noiseWidth)
        let offsets = Tensor(placeholder: options.critics)
        let temperature = exp(logTemperature)
        let rate = Float(options.targetRate)
        let dropout = DropoutInputs()
        let adam = Adam(beta1: Float(options.adamMomentum))

        let acting = sample.features(of: actor)
        let next = nextChoice(
            targetActor.map { sample.features(of: $0).following } ?? acting.following, nextNoise,
            mask: sample.nextMask)
        let input = actor.head.criticInput(sample.actions)
        // A sample's memory is the actor's, then the critics'.
        let column = actor.memoryWidth
        let read = sample.features(of: critics, from: column)
        var values: Tensor
        let following: Tensor
        var stepMoments: [BatchRenorm.Moments] = []
        if let targets {
            values = critics(read.present, input, plain(dropout)).outputs
            let later = sample.features(of: targets, from: column).following
            following = targets(later, next.action, plain(dropout)).outputs
        } else {
            // One pass over present and next steps, so that the batch's moments are those of both.
            let joint = critics(
                .concatenate([read.present, read.following], axis: 0),
                input.flatMap { input in next.action.map { .concatenate([input, $0], axis: 0) } },
                .training(moments))
            values = joint.outputs.sliced(axis: 1, 0, batch)
            following = joint.outputs.sliced(axis: 1, batch, 2 * batch)
            stepMoments = joint.moments
        }
        let all = values
        if case .categorical(let count) = actor.head {
            values = (values * sample.actions.reshaped(batch).oneHot(count)).sum(axis: 2, keepingAxis: true)
        }
        let returns = nextReturns(following, next, offsets: offsets, temperature: temperature)
        let bootstraps = sample.bootstraps.reshaped(batch, 1)
        let target = (sample.rewards.reshaped(batch, 1) + bootstraps * returns).stoppingGradient
        // The sum over critics of means over the batch.
        var criticLoss = (sample.weights * losses(values, target)).sum() / Float(batch)
        let penalty = conservativePenalty(
            all, values, actor: acting, critics: { critics($0, $1, .plain()).outputs }, reading: read.present)
        if let penalty { criticLoss = criticLoss + penalty.loss }
        if case .diverse(let weight) = regularizer, let input {
            // A copy of the actions for each critic, so that each has a slope of its own.
            let copies = input.broadcast(to: [options.critics] + input.shape)
            let judged = critics(read.present.broadcast(to: [options.critics] + read.present.shape), copies, .plain())
            criticLoss = criticLoss + Float(weight) * gradientDiversity(of: judged.outputs, withRespectTo: copies)
        }
        let criticStep = adam.step(
            critics.tensors, gradients: gradient(of: criticLoss, withRespectTo: critics.tensors), state: criticMemory,
            learningRate: learningRate)
        let stepped = critics.replacingTensors(criticStep.parameters)

        var updates = Program.Update.all(critics, to: stepped)
        updates += Program.Update.all(criticMemory, to: criticStep.state)
        if let targets { updates += Program.Update.movingAverage(targets, of: stepped, rate: rate) }
        if !stepMoments.isEmpty { updates += Program.Update.all(moments, to: stepMoments) }
        var outputs = [criticLoss, values.mean()]
        if movesPolicy {
            // Without target networks the critics' step depends on the actor's next actions, which is not its concern.
            let judges = stepped.mapTensors(\.stoppingGradient)
            let mode = targets == nil ? .evaluation(stepMoments) : plain(dropout)
            let (loss, logProbability, actorOutputs) = actorLoss(
                acting.present, noise: noise, mask: sample.mask, critics: judges,
                reading: sample.features(of: judges, from: column).present, mode: mode, temperature: temperature,
                data: input)
            outputs += actorOutputs
            let step = adam.step(
                actor.tensors, gradients: gradient(of: loss, withRespectTo: actor.tensors), state: actorMemory,
                learningRate: learningRate)
            let steppedActor = actor.replacingTensors(step.parameters)
            updates += Program.Update.all(actor, to: steppedActor)
            updates += Program.Update.all(actorMemory, to: step.state)
            if let targetActor {
                updates += Program.Update.movingAverage(targetActor, of: steppedActor, rate: rate)
            }
            if let logProbability, let targetEntropy = targetEntropy(sample.mask) {
                // d/d log alpha of -log alpha (log pi + target entropy).
                let surplus = (logProbability + targetEntropy).mean()
                let step = adam.step(
                    [logTemperature], gradients: [-surplus.stoppingGradient], state: temperatureMemory,
                    learningRate: learningRate)
                updates.append(Program.Update(logTemperature, to: step.parameters[0]))
                updates += Program.Update.all(temperatureMemory, to: step.state)
            }
        }
        let inputs = sample.tensors + [learningRate, nextNoise, noise, offsets]
        let (uniforms, normals) = (penalty?.uniforms ?? [], penalty?.normals ?? [])
        let program = try Program(
            inputs: inputs + dropout.placeholders + uniforms + normals, outputs: outputs, updates: updates,
            threads: threads)
        let penaltyStart = inputs.count + dropout.placeholders.count
        let first = sample.tensors.count
        return Compiled(
            program: program, batch: sample.batch(in: program), learningRate: first, noises: (first + 1)..<(first + 3),
            offsets: first + 3, dropout: inputs.count..<penaltyStart,
            penaltyUniforms: penaltyStart..<(penaltyStart + uniforms.count),
            penaltyNoises: (penaltyStart + uniforms.count)..<(penaltyStart + uniforms.count + normals.count))
    }

    /// -scale * elements of a box action; scale * log n of n possible discrete ones, the share of the largest entropy.
    private func targetEntropy(_ mask: Tensor?) -> Tensor? {
        guard case .soft(_, let scale?) = options.actorKind else { return nil }
        if let mask { return Float(scale) * log(mask.neverEmpty.sum(axis: 1)) }
        if case .categorical(let count) = actor.head { return Tensor(Float(scale * telos_log64(Double(count)))) }
        return Tensor(Float(-scale) * Float(actor.head.width))
    }

    /// A pass in which critics drop hidden units by fresh random numbers.
    private func plain(_ inputs: DropoutInputs) -> FeedForward.Mode {
        guard options.dropout > 0 else { return .plain() }
        let uniforms = options.hiddenSizes.map { Tensor(placeholder: options.critics, rows, $0) }
        inputs.placeholders += uniforms
        return .plain(dropout: uniforms)
    }

    /// Half the squared error, or the quantile loss, of each critic and row, [critics, batch].
    private func losses(_ values: Tensor, _ target: Tensor) -> Tensor {
        let (critics, batch) = (options.critics, rows)
        guard options.quantiles > 1 else { return 0.5 * (values - target).squared.reshaped(critics, batch) }
        let count = target.shape[1]
        let loss = ReturnLoss.quantile(
            predicted: values.reshaped(critics * batch, options.quantiles),
            levels: Tensor(ReturnLoss.midpoints(options.quantiles), shape: [1, options.quantiles]),
            targets: target.broadcast(to: [critics, batch, count]).reshaped(critics * batch, count))
        return loss.reshaped(critics, batch) / Float(options.quantiles)
    }

    /// Conservative Q-learning's part of the critics' loss, weight times the sum over critics of the mean of
    /// log sum over a of exp Q(s,a) - Q(s, a of the data); nil without one.
    /// - all: of every discrete action, [critics, batch, actions].
    /// - values: of the data's actions, [critics, batch, 1].
    private func conservativePenalty(
        _ all: Tensor, _ values: Tensor, actor features: (present: Tensor, following: Tensor),
        critics: (Tensor, Tensor) -> Tensor, reading read: Tensor
    ) -> (loss: Tensor, uniforms: [Tensor], normals: [Tensor])? {
        guard case .conservative(let weight, let samples) = regularizer else { return nil }
        let batch = rows
        func loss(_ logSum: Tensor) -> Tensor {
            Float(weight) * (logSum - values.reshaped(options.critics, batch)).sum() / Float(batch)
        }
        if case .categorical = actor.head { return (loss(all.logSumExp()), [], []) }
        let width = actor.head.width
        func repeated(_ x: Tensor) -> Tensor {
            x.reshaped(1, batch, x.shape[1]).broadcast(to: [samples, batch, x.shape[1]])
                .reshaped(samples * batch, x.shape[1])
        }
        let uniform = Tensor(placeholder: samples * batch, width)
        let normals = [Tensor(placeholder: samples * batch, width), Tensor(placeholder: samples * batch, width)]
        let drawn = zip([features.present, features.following], normals).map { features, noise in
            actor.gaussian(repeated(features)).sampleWithLogProbability(noise: noise)
        }
        // A uniform action of [-1, 1]^d has density 2^-d.
        let density = Tensor(-0.693_147_2 * Float(width)).broadcast(to: [samples * batch])
        let weighed = ([(2 * uniform - 1, density)] + drawn.map { ($0.action, $0.logProbability) }).map { action, log in
            (critics(repeated(read), action.stoppingGradient).reshaped(options.critics, samples, batch)
                - log.stoppingGradient.reshaped(1, samples, batch)).transposed(0, 2, 1)
        }
        return (loss(Tensor.concatenate(weighed, axis: 2).logSumExp()), [uniform], normals)
    }

    /// - features: of the actor, or of its target where it has one.
    private func nextChoice(_ features: Tensor, _ noise: Tensor, mask: Tensor?) -> Choice {
        if case .categorical = actor.head {
            return .probabilities(log: actor.categorical(features, mask: mask).logProbabilities)
        }
        switch options.actorKind {
        case .soft:
            let draw = actor.gaussian(features).sampleWithLogProbability(noise: noise)
            return .action(draw.action, logProbability: draw.logProbability)
        case .deterministic(_, let targetNoise, let clip):
            let smoothing = (Float(targetNoise) * noise).clipped(Float(-clip), Float(clip))
            let action = ((targetActor ?? actor).action(features) + smoothing).clipped(-1, 1)
            return .action(action, logProbability: nil)
        }
    }

    /// What the next state is worth, [batch, 1], or quantiles of it: the least of the critics' values, or all their
    /// quantiles but the largest (Kuznetsov, Shvechikov, Grishin and Vetrov, *Controlling overestimation bias with
    /// truncated mixture of continuous distributional quantile critics*, 2020); minus alpha log pi.
    private func nextReturns(_ values: Tensor, _ next: Choice, offsets: Tensor, temperature: Tensor) -> Tensor {
        let (critics, batch, quantiles) = (options.critics, rows, options.quantiles)
        if quantiles > 1 {
            let pooled = values.transposed(1, 0, 2).reshaped(batch, critics * quantiles).sorted()
            let kept = pooled.sliced(axis: 1, 0, critics * (quantiles - options.droppedQuantiles))
            guard case .action(_, let logProbability?) = next else { return kept }
            return kept - temperature * logProbability.reshaped(batch, 1)
        }
        let least = (options.targetCritics < critics ? values + offsets.reshaped(critics, 1, 1) : values).least
        switch next {
        case .action(_, let logProbability?):
            return least - temperature * logProbability.reshaped(batch, 1)
        case .action: return least
        case .probabilities(let log):
            return (exp(log) * (least - temperature * log)).sum(axis: 1, keepingAxis: true)
        }
    }

    /// - features: of the actor.
    /// - read: features of the critics.
    private func actorLoss(
        _ features: Tensor, noise: Tensor, mask: Tensor?, critics: CriticEnsemble, reading read: Tensor,
        mode: FeedForward.Mode, temperature: Tensor, data: Tensor?
    ) -> (loss: Tensor, logProbability: Tensor?, outputs: [Tensor]) {
        func value(_ action: Tensor?) -> Tensor {
            let values = critics(read, action, mode).outputs
            return options.averagesCritics ? values.mean(axis: 0) : values.least
        }
        let alpha = temperature.stoppingGradient
        if case .categorical = actor.head {
            let log = actor.categorical(features, mask: mask).logProbabilities
            let probabilities = exp(log)
            let loss = (probabilities * (alpha * log - value(nil).stoppingGradient)).sum(axis: 1).mean()
            let expected = (probabilities * log).sum(axis: 1)
            return (loss, expected, [-expected.mean(), temperature])
        }
        switch options.actorKind {
        case .soft:
            let draw = actor.gaussian(features).sampleWithLogProbability(noise: noise)
            let loss = (alpha * draw.logProbability - value(draw.action).mean(axis: 1)).mean()
            return (loss, draw.logProbability, [-draw.logProbability.mean(), temperature])
        case .deterministic:
            let action = actor.action(features)
            let values = critics(read, action, mode).outputs.sliced(axis: 0, 0, 1)
            let value = values.mean()
            guard case .cloning(let weight) = regularizer, let data else {
                return (-value, nil, [value, abs(action).mean()])
            }
            let scale = Float(weight) / (abs(values).mean().stoppingGradient + 1e-8)
            return ((action - data).squared.mean() - scale * value, nil, [value, abs(action).mean()])
        }
    }
}

extension Tensor {
    /// The least over the first axis, [k, m, n] -> [m, n].
    var least: Tensor {
        (0..<shape[0]).map { sliced(axis: 0, $0, $0 + 1).reshaped(to: Array(shape.dropFirst())) }
            .reduce(nil as Tensor?) { least, one in least.map { minimum($0, one) } ?? one }!
    }
}
