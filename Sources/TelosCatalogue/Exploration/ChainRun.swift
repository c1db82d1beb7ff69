import TelosLearning
import TelosNN
import TelosTensor

/// One learner on the chain.
final class ChainRun {
    private struct Network: TensorContainer {
        var common: Linear
        var values: [Linear]
        var policy: [Linear]
        /// Without parameters of its own: its gain and bias are constants.
        let norm: LayerNorm

        mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
            common.visitTensors(path.appending(part: "common"), visit)
            values.visitTensors(path.appending(part: "values"), visit)
            policy.visitTensors(path.appending(part: "policy"), visit)
        }

        init(states: Int, width: Int, bias: Float, key: RandomKey) {
            func head(_ key: RandomKey) -> [Linear] {
                var last = Linear(width, 2, key: key.derived("last"))
                last.weight = 0.1 * last.weight
                last.bias = Tensor([bias, -bias], shape: [2])
                return [Linear(width, width, key: key.derived("hidden")), last]
            }
            common = Linear(states, width, key: key.derived("common"))
            values = head(key.derived("values"))
            policy = head(key.derived("policy"))
            norm = LayerNorm(width)
        }

        /// The policy's gradient stays in its head.
        func callAsFunction(_ x: Tensor) -> (values: Tensor, logits: Tensor) {
            let features = relu(norm(common(x)))
            func head(_ layers: [Linear], _ x: Tensor) -> Tensor { layers[1](relu(norm(layers[0](x)))) }
            return (head(values, features), head(policy, features.stoppingGradient))
        }
    }

    private let context: ClaimContext
    private let explorer: ParameterNoiseExperiment.Explorer
    private let states: Int
    private let horizon: Int
    private let batch = 32
    private let online: Parameters<Network>
    private let target: Parameters<Network>
    private let perturbed: Parameters<Network>
    private let update: Program
    /// Choices in every state: greedy by the values, and by the perturbed policy.
    private let greedy: Program
    private let acting: Program
    /// The mean divergence between the policy and the perturbed one.
    private let distance: Program
    private var noise: ParameterNoise
    private var random: RandomStream
    private var replay: [(state: Int, action: Int, next: Int)] = []

    init(_ context: ClaimContext, explorer: ParameterNoiseExperiment.Explorer, key: RandomKey) throws {
        self.context = context
        self.explorer = explorer
        let states = context.whole("states")
        self.states = states
        horizon = states + 9
        random = key.derived("episodes").stream
        let network = Network(
            states: states, width: context.whole("width"), bias: Float(context["bias"]), key: key.derived("network"))
        online = try Parameters(network)
        target = try Parameters(network)
        perturbed = try Parameters(network)
        noise =
            explorer == .tiny
            ? ParameterNoise(scale: 0.001, factor: 1)
            : ParameterNoise(scale: context["scale"], factor: context["factor"])

        let every = Tensor(
            (0..<states).flatMap { state in (0..<states).map { $0 <= state ? Float(1) : 0 } }, shape: [states, states])
        let here = Tensor(placeholder: batch)
        let action = Tensor(placeholder: batch)
        let next = Tensor(placeholder: batch)
        let reward = (next .== Tensor(Float(states - 1))) + 0.001 * (next .== Tensor(0))
        let (values, logits) = online.traced(every.gatheringRows(here))
        let following = target.traced(every.gatheringRows(next)).values.maximum(axis: -1)
        let error = values.gatheringLast(action) - (reward + 0.999 * following).stoppingGradient
        let chosen = values.argmax()
        let loss = (ReturnLoss.huber(error) - logits.logSoftmax().gatheringLast(chosen)).mean()
        let memory = try Parameters(Adam().initialState(for: online.traced.tensors))
        let theta = online.traced.tensors
        let step = Adam().step(
            theta, gradients: gradient(of: loss, withRespectTo: theta), state: memory.traced,
            learningRate: Tensor(1e-3))
        update = try Program(
            inputs: [here, action, next], outputs: [loss],
            updates: zip(theta, step.parameters).map { Program.Update($0, to: $1) }
                + Program.Update.all(memory.traced, to: step.state))
        greedy = try Program(inputs: [], outputs: [online.traced(every).values.argmax()])
        acting = try Program(inputs: [], outputs: [perturbed.traced(every).logits.argmax()])
        let rows = Tensor(placeholder: batch)
        let seen = every.gatheringRows(rows)
        let policy = online.traced(seen).logits.logSoftmax()
        let other = perturbed.traced(seen).logits.logSoftmax()
        distance = try Program(inputs: [rows], outputs: [(exp(policy) * (policy - other)).sum(axis: -1).mean()])
    }

    /// The episode after which the greedy policy had gone all the way for thirty episodes; nil if that was never so.
    func episodesToSolve(of episodes: Int) -> Int? {
        var streak = 0
        var steps = 0
        var updates = 0
        let anneal = max(1, episodes / 10)
        for episode in 0..<episodes {
            let share = min(1, Double(episode) / Double(anneal))
            let last = explorer == .epsilonGreedy ? 0.02 : 0.01
            let epsilon = 1 + share * (last - 1)
            var choices = explorer == .epsilonGreedy ? [] : perturbedChoices()
            var state = 1
            for _ in 0..<horizon {
                var action: Int
                switch explorer {
                case .epsilonGreedy:
                    action = random.uniform() < epsilon ? random.index(below: 2) : Int(greedyChoices()[state])
                case .everyStep:
                    choices = perturbedChoices()
                    fallthrough
                case .adaptive, .tiny: action = Int(choices[state])
                }
                let next = min(max(state + (action == 1 ? 1 : -1), 0), states - 1)
                replay.append((state, action, next))
                state = next
                steps += 1
                guard steps % 3 == 0, replay.count >= batch else { continue }
                learn()
                updates += 1
                if updates % 100 == 0 { target.copy(from: online) }
            }
            if explorer != .epsilonGreedy { adapt(epsilon) }
            // All the way right is the best there is: n - 2 moves, and then to stay.
            let best = greedyChoices()
            streak = best[1...].allSatisfy { $0 == 1 } ? streak + 1 : 0
            if streak == 30 { return episode + 1 }
        }
        return nil
    }

    private func learn() {
        for row in 0..<batch {
            let transition = replay[random.index(below: replay.count)]
            update.input(0)[row] = Float(transition.state)
            update.input(1)[row] = Float(transition.action)
            update.input(2)[row] = Float(transition.next)
        }
        update.run()
    }

    /// Under fresh noise; the values are of no use in acting and stay as they are.
    private func perturbedChoices() -> [Float] {
        perturb()
        acting.run()
        return Array(acting.output(0))
    }

    private func perturb() {
        noise.perturb(online, into: perturbed, where: { !$0.hasPrefix("values") }, using: &random)
    }

    private func greedyChoices() -> [Float] {
        greedy.run()
        return Array(greedy.output(0))
    }

    /// Ten steps of the scale, each by a perturbation of its own on states of the replay.
    private func adapt(_ epsilon: Double) {
        let target = ParameterNoise.greedyDivergence(epsilon: epsilon, choices: 2)
        for _ in 0..<10 where noise.factor > 1 {
            perturb()
            for row in 0..<batch { distance.input(0)[row] = Float(replay[random.index(below: replay.count)].state) }
            distance.run()
            noise.adapt(distance: Double(distance.output(0)[0]), target: target)
        }
    }
}
