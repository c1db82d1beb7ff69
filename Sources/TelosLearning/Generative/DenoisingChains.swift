import TelosNN
import TelosTensor

/// Samples of a generative process with all that led to them: episodes of the policy that the process is.
public struct DenoisingChains: Sendable {
    /// Chains.
    public let count: Int
    /// d.
    public let width: Int
    /// x_T ... x_0, [levels + 1][count * width].
    public let states: [[Float]]
    /// log p(x_{t-1} | x_t) over d for t = T ... 1, [levels][count]. The mean over dimensions, as in the code of DDPO: sums
    /// would make ratios depend on d.
    public let logProbabilities: [[Float]]

    /// x_0, [count * width].
    public var samples: [Float] { states[states.count - 1] }
}

/// Draws from a generative process with a network as it is at the time.
public final class ChainSampler {
    public let count: Int
    public let width: Int
    private let levels: Int
    private let step: Program

    /// - Parameters:
    ///   - count: chains of a draw.
    ///   - width: d.
    ///   - prediction: of the traced network whose parameters are read.
    public init(
        _ process: some GenerativeProcess, count: Int, width: Int, prediction: NoisePrediction
    ) throws {
        self.count = count
        self.width = width
        levels = process.levels
        let (x, noise) = (Tensor(placeholder: count, width), Tensor(placeholder: count, width))
        let level = Tensor(placeholder: count)
        let transition = process.transition(from: x, at: level, prediction: prediction)
        let next = transition.sample(noise: noise)
        step = try Program(
            inputs: [x, level, noise],
            outputs: [next, transition.logProbability(next) / Float(width)])
    }

    /// Draws `count` chains.
    public func sample(using random: inout RandomStream) -> DenoisingChains {
        random.fillNormal(step.input(0))
        var states = [Array(step.input(0))]
        var logProbabilities: [[Float]] = []
        for level in stride(from: levels, to: 0, by: -1) {
            step.input(1).update(repeating: Float(level))
            random.fillNormal(step.input(2))
            step.run()
            states.append(Array(step.output(0)))
            logProbabilities.append(Array(step.output(1)))
            _ = step.input(0).update(fromContentsOf: step.output(0))
        }
        return DenoisingChains(count: count, width: width, states: states, logProbabilities: logProbabilities)
    }
}
