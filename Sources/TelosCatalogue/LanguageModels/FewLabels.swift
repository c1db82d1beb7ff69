import CTelosKernels
import TelosEnvironments
import TelosLearning
import TelosNN
import TelosTensor

/// A few labelled pairs of responses to each of several prompts, as a preference objective meets them that cannot see all.
///
/// 50 responses a prompt, reward N(0, 1), reference softmax(N(0, 1)), from which both responses of a pair are drawn; labels
/// with probability sigmoid(2 difference).
struct FewLabels {
    private static let responses = 50
    private let prompts: Int
    private let reward: [Double]
    private let reference: [Double]
    /// Places in the table of prompts and responses.
    private let winners: [Float]
    private let losers: [Float]

    /// Means over prompts.
    struct Outcome: Sendable { var reward, entropy, divergence: Double }

    init(prompts: Int, pairs: Int, using random: inout RandomStream) {
        self.prompts = prompts
        reward = (0..<(prompts * Self.responses)).map { _ in random.normal() }
        reference = TabularPolicy.softmax(reward.map { _ in random.normal() }, actionCount: Self.responses)
        var (winners, losers): ([Float], [Float]) = ([], [])
        for prompt in 0..<prompts {
            let row = Self.row(prompt)
            for _ in 0..<pairs {
                let (a, b) = (
                    row.lowerBound + random.index(weights: reference[row]),
                    row.lowerBound + random.index(weights: reference[row])
                )
                guard a != b else { continue }
                let prefersFirst = random.uniform() < Responses.logistic(2 * (reward[a] - reward[b]))
                winners.append(Float(prefersFirst ? a : b))
                losers.append(Float(prefersFirst ? b : a))
            }
        }
        (self.winners, self.losers) = (winners, losers)
    }

    private static func row(_ prompt: Int) -> Range<Int> { (prompt * responses)..<((prompt + 1) * responses) }

    /// What 1500 steps on all labels lead to, from the reference.
    func fit(_ objective: DirectPreference, by rule: some Optimizer, learningRate: Double) throws -> Outcome {
        let (responses, pairs) = (Self.responses, winners.count)
        let logReference = Tensor(reference.map { Float(telos_log64($0)) }, shape: [prompts, responses])
        let descent = try Descent(Tensor.zeros(prompts, responses), by: rule) { logits in
            let ratio = ((logReference + logits).logSoftmax() - logReference).reshaped(prompts * responses, 1)
            func of(_ indices: [Float]) -> Tensor {
                ratio.gatheringRows(Tensor(indices, shape: [pairs])).reshaped(pairs)
            }
            return objective.losses(of(winners), of(losers), target: Tensor(1)).mean()
        }
        for _ in 0..<1500 { descent.step(learningRate: learningRate) }
        let logits = descent.parameters.values(0).map(Double.init)
        var outcome = Outcome(reward: 0, entropy: 0, divergence: 0)
        for prompt in 0..<prompts {
            let row = Self.row(prompt)
            let policy = Responses.tilted(Array(reference[row]), Array(logits[row]))
            outcome.reward += Responses.expectation(policy, Array(reward[row])) / Double(prompts)
            outcome.entropy += Responses.entropy(policy) / Double(prompts)
            outcome.divergence += Responses.divergence(policy, Array(reference[row])) / Double(prompts)
        }
        return outcome
    }
}
