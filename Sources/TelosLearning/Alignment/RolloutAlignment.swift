import TelosTensor

/// Behaviour alignment on rollouts: which returns the critic predicts, and how they become the blend's gradient.
///
/// Heads: 0 the constant 1 (what the offset pays), 1 ... C each channel (primary, auxiliaries), all with the blend's
/// discount; C + 1 the primary reward with the true discount. Advantages are linear in the reward, so the blended one is
/// the weighted sum of the heads', and a new blend needs no new critic.
final class RolloutAlignment {
    private let alignment: BehaviorAlignment<ActorCritic>
    private let channels: Int
    private let trueDiscount: Double
    private let lambda: Double
    private let rows: Int
    private let blended: Buffer<Float>
    private let scratch: [Buffer<Float>]
    private let outer: Buffer<Float>
    private let sensitivity: Buffer<Float>
    private let adaptsDiscount: Bool

    static func heads(channels: Int) -> Int { channels + 2 }

    /// - Throws: `ConfigurationError` for policies whose probabilities depend on more than the observation.
    static func check(_ network: NetworkDesign, isMasked: Bool) throws {
        guard !network.kind.isRecurrent, !isMasked else {
            throw ConfigurationError(
                option: "network",
                "combine: behavior-alignment works with memoryless policies without action masks; write network: mlp, or "
                    + "another combine")
        }
    }

    /// The constant head's returns are as long as episodes; the critic predicts them in units of the horizon.
    static func valueScales(heads: Int, discount: Double) -> [Float] {
        [Float(1 / max(1e-3, 1 - discount))] + Array(repeating: 1, count: heads - 1)
    }

    var blend: RewardBlend {
        get { alignment.blend }
        set { alignment.blend = newValue }
    }

    init(
        _ parameters: Parameters<ActorCritic>, weights: [Double], settings: OnPolicySettings, rows: Int,
        observationWidth: Int, actionWidth: Int, threads: Int
    ) throws {
        channels = weights.count
        trueDiscount = settings.discount
        lambda = settings.gaeLambda
        self.rows = rows
        let observations = Tensor(placeholder: rows, observationWidth)
        let actions = Tensor(placeholder: rows, actionWidth)
        alignment = try BehaviorAlignment(
            parameters, blend: RewardBlend(weights: weights, discount: settings.discount), settings: settings.alignment,
            rows: rows, inputs: [observations, actions], threads: threads
        ) { $0.distribution(observations).logProbability(actions) }
        adaptsDiscount = settings.alignment.adaptsDiscount
        blended = Buffer(count: rows, repeating: 0)
        outer = Buffer(count: rows, repeating: 0)
        sensitivity = Buffer(count: rows, repeating: 0)
        scratch = (0...weights.count).map { _ in Buffer(count: rows, repeating: 0) }
    }

    /// Writes each head's reward of one step: `count` environments from `row` on.
    func pay(_ values: UnsafeBufferPointer<Double>, rollout: Rollout, row: Int, count: Int) {
        for environment in 0..<count {
            rollout.rewards[row + environment] = 1
            for channel in 0..<channels {
                rollout.rewards[(channel + 1) * rows + row + environment] = Float(values[channel * count + environment])
            }
            rollout.rewards[(channels + 1) * rows + row + environment] = Float(values[environment])
        }
    }

    func estimate(_ rollout: Rollout, settings: OnPolicySettings) {
        for head in 0...channels { rollout.estimateAdvantages(head: head, discount: blend.discount, lambda: lambda) }
        rollout.estimateAdvantages(head: channels + 1, discount: trueDiscount, lambda: lambda)
    }

    func blendedAdvantages(_ rollout: Rollout) -> Buffer<Float> {
        for row in 0..<rows {
            var sum = blend.offset * Double(rollout.advantages[row])
            for (channel, weight) in blend.weights.enumerated() {
                sum += weight * Double(rollout.advantages[(channel + 1) * rows + row])
            }
            blended[row] = Float(sum)
        }
        return blended
    }

    /// Moves the blend on a batch that the present policy collected and has not learned from yet.
    func adapt(_ rollout: Rollout) {
        alignment.fill(0, from: rollout.observations.readOnly)
        alignment.fill(1, from: rollout.actions.readOnly)
        let inner = blendedAdvantages(rollout)
        let share = 1 / Float(rows)
        // One scale for all channels and for the inner weights, as if the blended reward had unit advantages: the series
        // for the inverse Hessian then converges whatever the rewards' units.
        var squares = 0.0
        for row in 0..<rows { squares += Double(inner[row]) * Double(inner[row]) }
        let unit = Float(1 / ((squares / Double(rows)).squareRoot() + 1e-8))
        for row in 0..<rows { inner[row] *= share * unit }
        var discounts: [Float] = [1]
        for row in 0..<rows {
            let elapsed = Int(rollout.elapsed[row])
            while discounts.count <= elapsed { discounts.append(discounts.last! * Float(trueDiscount)) }
            outer[row] = rollout.advantages[(channels + 1) * rows + row] * discounts[elapsed] * share
        }
        for channel in 0...channels {
            for row in 0..<rows { scratch[channel][row] = rollout.advantages[channel * rows + row] * share * unit }
        }
        if adaptsDiscount { differentiateByDiscount(rollout, scale: share * unit) }
        alignment.update(
            inner: inner.readOnly, outer: outer.readOnly, channels: scratch.map(\.readOnly),
            discountSensitivity: adaptsDiscount ? sensitivity.readOnly : nil)
    }

    /// D_t = dG_t / dg = G_{t+1} + g D_{t+1}, within episodes and the rollout, less its mean as a baseline.
    private func differentiateByDiscount(_ rollout: Rollout, scale: Float) {
        let count = rollout.environments
        func blendedReturn(_ row: Int) -> Double {
            blend.weights.enumerated().reduce(blend.offset * Double(rollout.returns[row])) {
                $0 + $1.element * Double(rollout.returns[($1.offset + 1) * rows + row])
            }
        }
        var mean = 0.0
        for environment in 0..<count {
            var derivative = 0.0
            for step in stride(from: rollout.steps - 1, through: 0, by: -1) {
                let row = step * count + environment
                let continues = rollout.ends[row] == .ongoing && step < rollout.steps - 1
                derivative = continues ? blendedReturn(row + count) + blend.discount * derivative : 0
                sensitivity[row] = Float(derivative)
                mean += derivative / Double(rows)
            }
        }
        for row in 0..<rows { sensitivity[row] = (sensitivity[row] - Float(mean)) * scale }
    }

    func metrics(names: [String]) -> [Metric] {
        [Metric("blend.offset", blend.offset)] + zip(names, blend.weights).map { Metric("blend.\($0)", $1) }
            + [Metric("blend.discount", blend.discount)]
    }
}
