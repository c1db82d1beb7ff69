import CTelosKernels
import TelosEvaluation
import TelosLearning
import TelosNN
import TelosTensor

/// 64 prompts with listed responses and a known score: what a policy network learns is judged exactly.
struct ResponseBandit: Sendable {
    static let prompts = 64
    private static let (features, minibatches, epochs) = (4, 4, 4)
    let responses: Int
    let divergence: Double
    private let noise: Double
    private let promptFeatures: [Float]
    private let responseFeatures: [Float]
    /// [prompts * responses], standardised.
    let score: [Double]
    private let networkKey: RandomKey
    /// log ref, [prompts * responses]: the network as it begins.
    let logReference: [Double]
    /// E[score] - c KL of the best policy: c log E_ref[exp(score / c)].
    let best: Double

    enum Learner: Sendable {
        /// - scale: of the reward differences.
        case regression(eta: Double, scale: Double)
        case proximal(rate: Double)
        case preference(beta: Double)
    }

    private struct Model: TensorContainer {
        var policy: MLP
        /// PPO's only.
        var critic: MLP

        mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
            policy.visitTensors("policy", visit)
            critic.visitTensors("critic", visit)
        }

        init(key: RandomKey) {
            policy = MLP([2 * features, 32, 32, 1], key: key.derived("policy"))
            critic = MLP([features, 32, 32, 1], key: key.derived("critic"))
        }

        /// rows [prompts * responses, features] -> log pi [prompts, responses].
        func log(_ rows: Tensor, responses: Int) -> Tensor {
            policy(rows).reshaped(rows.shape[0] / responses, responses).logSoftmax()
        }
    }

    /// - noise: deviation of what learners see beside the score.
    init(responses: Int, divergence: Double, noise: Double, key: RandomKey) {
        self.responses = responses
        self.divergence = divergence
        self.noise = noise
        var random = key.stream
        func normals(_ count: Int) -> [Float] { (0..<count).map { _ in Float(random.normal()) } }
        promptFeatures = normals(Self.prompts * Self.features)
        responseFeatures = normals(responses * Self.features)
        let (first, second) = (normals(16 * 2 * Self.features), normals(16))
        let count = Self.prompts * responses
        let rows = Self.rows(promptFeatures, responseFeatures, Array(0..<Self.prompts), responses)
        let raw = (0..<count).map { row in
            (0..<16).reduce(0.0) { sum, unit in
                let inside = (0..<(2 * Self.features)).reduce(0.0) {
                    $0 + Double(first[unit * 2 * Self.features + $1] * rows[row * 2 * Self.features + $1])
                }
                return sum + Double(second[unit]) * telos_tanh64(1.5 * inside / Double(2 * Self.features).squareRoot())
            }
        }
        let (centre, spread) = (mean(of: raw), standardDeviation(of: raw))
        let score = raw.map { ($0 - centre) / spread }
        self.score = score
        networkKey = key.derived("network")
        // The network was made of constants, so this cannot fail.
        let log = try! Model(key: networkKey).log(
            Tensor(rows, shape: [count, 2 * Self.features]), responses: responses
        ).evaluated().map(Double.init)
        logReference = log
        best = (0..<Self.prompts).reduce(0.0) { sum, prompt in
            let row = (prompt * responses)..<((prompt + 1) * responses)
            let total = row.reduce(0.0) { $0 + telos_exp64(log[$1] + score[$1] / divergence) }
            return sum + divergence * telos_log64(total) / Double(Self.prompts)
        }
    }

    /// Features of some prompts beside those of each response.
    private static func rows(_ prompts: [Float], _ responses: [Float], _ chosen: [Int], _ count: Int) -> [Float] {
        var result: [Float] = []
        for prompt in chosen {
            for response in 0..<count {
                result += prompts[(prompt * features)..<((prompt + 1) * features)]
                result += responses[(response * features)..<((response + 1) * features)]
            }
        }
        return result
    }

    /// E[score] - c KL(pi || ref) of a policy [prompts * responses], mean over prompts.
    func value(_ log: [Double]) -> Double {
        log.indices.reduce(0) {
            $0 + telos_exp64(log[$1]) * (score[$1] - divergence * (log[$1] - logReference[$1]))
        } / Double(Self.prompts)
    }

    /// The value after so many iterations of two responses a prompt.
    func learn(_ learner: Learner, iterations: Int, key: RandomKey) throws -> Double {
        let batch = Self.prompts / Self.minibatches
        var random = key.stream
        let rows = Tensor(placeholder: batch * responses, 2 * Self.features)
        let asked = Tensor(placeholder: batch, Self.features)
        // Of the first and the second response: which it is, its old log-probability, its worth, its reward.
        let columns = (0..<8).map { _ in Tensor(placeholder: batch) }
        let descent = try Descent(Model(key: networkKey), inputs: [rows, asked] + columns) { model in
            let log = model.log(rows, responses: responses)
            let ratios = (0..<2).map { log.gatheringLast(columns[$0]) - columns[2 + $0] }
            switch learner {
            case .regression(let eta, _):
                return RelativeRewardRegression(eta: eta).losses(
                    ratios[0], ratios[1], target: columns[4] - columns[5]
                ).mean()
            case .preference(let beta):
                return DirectPreference(beta: beta).losses(ratios[0], ratios[1], target: columns[4]).mean()
            case .proximal:
                let values = model.critic(asked).reshaped(batch)
                let losses = (0..<2).map { index -> Tensor in
                    let (ratio, advantage) = (exp(ratios[index]), columns[4 + index])
                    let gain = minimum(ratio * advantage, ratio.clipped(0.8, 1.2) * advantage)
                    return (0.5 * (values - columns[6 + index]).squared - gain).mean()
                }
                return 0.5 * (losses[0] + losses[1])
            }
        }
        let all = Tensor(
            Self.rows(promptFeatures, responseFeatures, Array(0..<Self.prompts), responses),
            shape: [Self.prompts * responses, 2 * Self.features])
        let model = descent.parameters.traced
        let present = try Program(
            inputs: [],
            outputs: [
                model.log(all, responses: responses),
                model.critic(Tensor(promptFeatures, shape: [Self.prompts, Self.features])),
            ])
        var rate = 0.003
        if case .proximal(let own) = learner { rate = own }
        for _ in 0..<iterations {
            present.run()
            let log = present.output(0).map(Double.init)
            let pairs = (0..<Self.prompts).map { pair(learner, $0, log, using: &random) }
            let worth = worths(learner, pairs, values: present.output(1).map(Double.init))
            for _ in 0..<Self.epochs {
                var order = Array(0..<Self.prompts)
                order.shuffle(using: &random)
                for start in stride(from: 0, to: Self.prompts, by: batch) {
                    let chosen = Array(order[start..<(start + batch)])
                    _ = descent.input(0).update(
                        fromContentsOf: Self.rows(promptFeatures, responseFeatures, chosen, responses))
                    descent.fill(
                        1,
                        chosen.flatMap { prompt -> [Double] in
                            let first = prompt * Self.features
                            return promptFeatures[first..<(first + Self.features)].map(Double.init)
                        })
                    for index in 0..<2 {
                        descent.fill(2 + index, chosen.map { Double(pairs[$0].responses[index]) })
                        descent.fill(4 + index, chosen.map { pairs[$0].old[index] })
                        descent.fill(6 + index, chosen.map { worth[$0][index] })
                        descent.fill(8 + index, chosen.map { pairs[$0].rewards[index] })
                    }
                    descent.step(learningRate: rate)
                }
            }
        }
        present.run()
        return value(present.output(0).map(Double.init))
    }

    private struct Pair {
        var responses: [Int]
        var old: [Double]
        var rewards: [Double]
    }

    /// Two responses of the present policy with rewards score - c (log pi - log ref), or two of the reference's and
    /// which of them is preferred.
    private func pair(
        _ learner: Learner, _ prompt: Int, _ log: [Double], using random: inout RandomStream
    ) -> Pair {
        let first = prompt * responses
        var source = log
        if case .preference = learner { source = logReference }
        let weights = (0..<responses).map { telos_exp64(source[first + $0]) }
        let drawn = (0..<2).map { _ in random.index(weights: weights) }
        let old = drawn.map { source[first + $0] }
        let seen = drawn.map { score[first + $0] + (noise > 0 ? noise * random.normal() : 0) }
        if case .preference = learner {
            let prefersFirst = random.uniform() < Responses.logistic(seen[0] - seen[1])
            return Pair(responses: drawn, old: old, rewards: prefersFirst ? [1, 0] : [0, 1])
        }
        let rewards = (0..<2).map { seen[$0] - divergence * (old[$0] - logReference[first + drawn[$0]]) }
        return Pair(responses: drawn, old: old, rewards: rewards)
    }

    /// What the losses read: rewards, or standardised advantages over the critic's values.
    private func worths(_ learner: Learner, _ pairs: [Pair], values: [Double]) -> [[Double]] {
        switch learner {
        case .preference: return pairs.map(\.rewards)
        case .regression(_, let scale): return pairs.map { $0.rewards.map { scale * $0 } }
        case .proximal:
            let advantages = zip(pairs, values).map { pair, value in pair.rewards.map { $0 - value } }
            let flat = advantages.flatMap(\.self)
            let (centre, spread) = (mean(of: flat), standardDeviation(of: flat) + 1e-8)
            return advantages.map { $0.map { ($0 - centre) / spread } }
        }
    }
}
