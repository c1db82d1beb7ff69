import TelosNN
import TelosTensor

/// One update of critics, and of actor and temperature on request, as a single program.
struct ContinuousUpdate {
    let settings: ContinuousSettings
    let scale: ActionScale
    let actor: ContinuousActor
    let targetActor: ContinuousActor?
    let critics: CriticEnsemble
    let targets: CriticEnsemble
    let logTemperature: Tensor
    let actorMemory: Adam.State
    let criticMemory: Adam.State
    let temperatureMemory: Adam.State

    /// Inputs: observations, actions, rewards, bootstraps, next observations, weights, learning rate, noise of the next
    /// actions, noise of the actions, offsets of the critics. Outputs: critic loss, mean value; and where the policy
    /// moves, entropy and temperature (soft) or policy value and action size.
    func compiled(movesPolicy: Bool, threads: Int) throws -> Program {
        let batch = settings.batchSize
        let observationWidth = actor.encoding.width
        let observations = Tensor(placeholder: batch, observationWidth)
        let actions = Tensor(placeholder: batch, scale.width)
        let rewards = Tensor(placeholder: batch)
        let bootstraps = Tensor(placeholder: batch)
        let nextObservations = Tensor(placeholder: batch, observationWidth)
        let weights = Tensor(placeholder: batch)
        let learningRate = Tensor(placeholder: [])
        let nextNoise = Tensor(placeholder: batch, scale.width)
        let noise = Tensor(placeholder: batch, scale.width)
        let offsets = Tensor(placeholder: settings.critics)
        let temperature = exp(logTemperature)

        let following = nextValue(nextObservations, nextNoise, offsets: offsets, temperature: temperature)
        let target = (rewards + bootstraps * following).stoppingGradient
        let values = critics(observations, scale.fromEnvironment(actions))
        let criticLoss = values.map { 0.5 * (weights * ($0 - target).squared).mean() }.reduce(Tensor(0), +)
        let criticStep = Adam().step(
            critics.tensors, gradients: gradient(of: criticLoss, withRespectTo: critics.tensors), state: criticMemory,
            learningRate: learningRate)
        let stepped = critics.replacingTensors(criticStep.parameters)

        var updates = zip(critics.tensors, criticStep.parameters).map { Program.Update($0, to: $1) }
        updates += Program.Update.all(criticMemory, to: criticStep.state)
        updates += follow(targets.tensors, criticStep.parameters)
        var outputs = [criticLoss, values[0].mean()]
        if movesPolicy {
            let (loss, logProbability, actorOutputs) = actorLoss(
                observations, noise: noise, critics: stepped, temperature: temperature)
            outputs += actorOutputs
            let step = Adam().step(
                actor.tensors, gradients: gradient(of: loss, withRespectTo: actor.tensors), state: actorMemory,
                learningRate: learningRate)
            updates += zip(actor.tensors, step.parameters).map { Program.Update($0, to: $1) }
            updates += Program.Update.all(actorMemory, to: step.state)
            if let targetActor { updates += follow(targetActor.tensors, step.parameters) }
            if case .soft(_, let targetEntropyScale?) = settings.kind, let logProbability {
                // d/d log alpha of -log alpha (log pi + target entropy).
                let surplus = (logProbability - Float(targetEntropyScale) * Float(scale.width)).mean()
                let step = Adam().step(
                    [logTemperature], gradients: [-surplus.stoppingGradient], state: temperatureMemory,
                    learningRate: learningRate)
                updates.append(Program.Update(logTemperature, to: step.parameters[0]))
                updates += Program.Update.all(temperatureMemory, to: step.state)
            }
        }
        return try Program(
            inputs: [
                observations, actions, rewards, bootstraps, nextObservations, weights, learningRate, nextNoise, noise,
                offsets,
            ], outputs: outputs, updates: updates, threads: threads)
    }

    /// target <- target + t (online - target)
    private func follow(_ targets: [Tensor], _ online: [Tensor]) -> [Program.Update] {
        zip(targets, online).map { Program.Update($0, to: $0 + Float(settings.targetRate) * ($1 - $0)) }
    }

    private func nextValue(_ observations: Tensor, _ noise: Tensor, offsets: Tensor, temperature: Tensor) -> Tensor {
        func least(_ actions: Tensor) -> Tensor {
            let values = targets(observations, actions)
            guard settings.targetCritics < settings.critics else { return values.reduced(minimum) }
            return values.enumerated().map { $1 + offsets.sliced(axis: 0, $0, $0 + 1) }.reduced(minimum)
        }
        switch settings.kind {
        case .soft:
            let draw = actor.distribution(observations).sampleWithLogProbability(noise: noise)
            return least(draw.action) - temperature * draw.logProbability
        case .deterministic(_, let targetNoise, let clip):
            let smoothing = (Float(targetNoise) * noise).clipped(Float(-clip), Float(clip))
            return least(((targetActor ?? actor).mode(observations) + smoothing).clipped(-1, 1))
        }
    }

    private func actorLoss(
        _ observations: Tensor, noise: Tensor, critics: CriticEnsemble, temperature: Tensor
    ) -> (loss: Tensor, logProbability: Tensor?, outputs: [Tensor]) {
        switch settings.kind {
        case .soft:
            let draw = actor.distribution(observations).sampleWithLogProbability(noise: noise)
            let values = critics(observations, draw.action)
            let value =
                settings.targetCritics < settings.critics
                ? values.dropFirst().reduce(values[0], +) / Float(values.count) : values.reduced(minimum)
            let loss = (temperature.stoppingGradient * draw.logProbability - value).mean()
            return (loss, draw.logProbability, [-draw.logProbability.mean(), temperature])
        case .deterministic:
            let action = actor.mode(observations)
            let value = critics(observations, action)[0].mean()
            return (-value, nil, [value, abs(action).mean()])
        }
    }
}

extension [Tensor] {
    fileprivate func reduced(_ combine: (Tensor, Tensor) -> Tensor) -> Tensor { dropFirst().reduce(self[0], combine) }
}
