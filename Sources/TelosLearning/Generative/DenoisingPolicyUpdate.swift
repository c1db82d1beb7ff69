import TelosNN
import TelosTensor

/// The policy gradient of a generative process: every step of a chain is an action that earns the chain's advantage.
///
///     sum over t of the objective of log p_theta(x_{t-1} | x_t), log p_old(x_{t-1} | x_t), A
///
/// With `PolicyGradientObjective` on all of fresh chains this is DDPO_SF, with `ClippedObjective` and several passes in
/// minibatches DDPO_IS. Gradients longer than 1 are shortened; Adam. (Black, Janner, Du, Kostrikov and Levine, *Training
/// diffusion models with reinforcement learning*, 2024.)
public final class DenoisingPolicyUpdate<Model: TensorContainer> {
    public let minibatch: Int
    private let width: Int
    private let descent: Descent<Model>

    /// - Parameters:
    ///   - parameters: are moved.
    ///   - minibatch: steps of chains, of all levels, in one gradient step.
    ///   - width: d.
    public init(
        _ process: some GenerativeProcess, moving parameters: Parameters<Model>, objective: some SurrogateObjective,
        minibatch: Int, width: Int, prediction: @escaping (Model, Tensor, Tensor) -> Tensor
    ) throws {
        self.minibatch = minibatch
        self.width = width
        let (x, next) = (Tensor(placeholder: minibatch, width), Tensor(placeholder: minibatch, width))
        let columns = (0..<3).map { _ in Tensor(placeholder: minibatch) }
        descent = try Descent(moving: parameters, inputs: [x, next] + columns, gradientLimit: 1) { model in
            let step = process.transition(from: x, at: columns[0]) { prediction(model, $0, $1) }
            return objective.loss(
                logProbability: step.logProbability(next) / Float(width), oldLogProbability: columns[1],
                advantages: columns[2])
        }
    }

    /// Goes `epochs` times through all steps of the chains in a new order. What is left over of a pass that the minibatch
    /// does not divide is skipped.
    /// - advantages: one a chain.
    public func update(
        _ chains: DenoisingChains, advantages: [Double], epochs: Int, learningRate: Double,
        using random: inout RandomStream
    ) {
        precondition(advantages.count == chains.count, "one advantage a chain")
        precondition(chains.width == width, "chains of width \(width)")
        let levels = chains.logProbabilities.count
        var order = Array(0..<(levels * chains.count))
        for _ in 0..<epochs {
            order.shuffle(using: &random)
            for start in stride(from: 0, through: order.count - minibatch, by: minibatch) {
                for slot in 0..<minibatch {
                    let (passed, chain) = order[start + slot].quotientAndRemainder(dividingBy: chains.count)
                    for (index, states) in [chains.states[passed], chains.states[passed + 1]].enumerated() {
                        let target = descent.input(index)
                        for place in 0..<width { target[slot * width + place] = states[chain * width + place] }
                    }
                    descent.input(2)[slot] = Float(levels - passed)
                    descent.input(3)[slot] = chains.logProbabilities[passed][chain]
                    descent.input(4)[slot] = Float(advantages[chain])
                }
                descent.step(learningRate: learningRate)
            }
        }
    }
}
