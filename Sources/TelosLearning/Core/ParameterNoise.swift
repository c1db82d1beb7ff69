import CTelosKernels
import TelosTensor

/// Exploration by perturbed parameters, theta~ = theta + s N(0, I), drawn once an episode: behaviour that differs from
/// the greedy one in the same way for a whole episode. The scale s follows a target distance d* between how the two
/// act: s <- f s where d <= d*, else s / f, with d measured on a perturbation of its own.
///
/// One scale suits all layers where each is normalised; the normalisers' own parameters are not perturbed.
/// Plappert and others, *Parameter space noise for exploration*, 2018.
public struct ParameterNoise: Sendable, Hashable, Codable {
    /// s.
    public var scale: Double
    /// f.
    public var factor: Double

    public init(scale: Double, factor: Double = 1.01) {
        self.scale = scale
        self.factor = factor
    }

    /// - distance: between the policy and a perturbed one on observations of the replay.
    public mutating func adapt(distance: Double, target: Double) {
        scale = distance <= target ? scale * factor : scale / factor
    }

    /// d* = -log(1 - e + e / n), the divergence KL(greedy || e-greedy) over n choices, in nats: what the divergence of
    /// softmax policies is held to.
    public static func greedyDivergence(epsilon: Double, choices: Int) -> Double {
        -telos_log64(1 - epsilon + epsilon / Double(choices))
    }

    /// Writes theta~ into `target`.
    /// - isPerturbed: of each parameter's name; the others are copied.
    public func perturb<Model: TensorContainer>(
        _ parameters: Parameters<Model>, into target: Parameters<Model>, where isPerturbed: (String) -> Bool,
        using random: inout RandomStream
    ) {
        for (index, name) in parameters.names.enumerated() {
            let (source, result) = (parameters.values(index), target.values(index))
            guard isPerturbed(name) else {
                _ = result.update(fromContentsOf: source)
                continue
            }
            random.fillNormal(result)
            for element in result.indices { result[element] = source[element] + Float(scale) * result[element] }
        }
    }
}
