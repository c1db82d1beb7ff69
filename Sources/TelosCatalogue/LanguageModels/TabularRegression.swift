import CTelosKernels
import TelosLearning
import TelosNN
import TelosTensor

/// REBEL's regression on a table of logits, over all pairs of responses: it is quadratic, and steps of n / 4 solve it.
struct TabularRegression {
    private let count: Int
    private let descent: Descent<Tensor>

    init(count: Int, eta: Double) throws {
        self.count = count
        let (old, targets) = (Tensor(placeholder: count), Tensor(placeholder: count, count))
        let objective = RelativeRewardRegression(eta: eta)
        descent = try Descent(Tensor.zeros(count), inputs: [old, targets], by: SGD()) { logits in
            let ratio = logits.logSoftmax() - old
            return objective.losses(
                ratio.reshaped(count, 1).broadcast(to: [count, count]),
                ratio.reshaped(1, count).broadcast(to: [count, count]), target: targets
            ).mean()
        }
    }

    /// The policy whose changes of log-probability fit eta times the rewards' differences.
    func step(from policy: [Double], reward: [Double]) -> [Double] {
        let logits = policy.map { telos_log64($0) }
        descent.fill(0, logits)
        descent.fill(1, (0..<(count * count)).map { reward[$0 / count] - reward[$0 % count] })
        for (index, logit) in logits.enumerated() { descent.parameters.values(0)[index] = Float(logit) }
        for _ in 0..<4 { descent.step(learningRate: Double(count) / 4) }
        return Responses.tilted([Double](repeating: 1, count: count), descent.parameters.values(0).map(Double.init))
    }
}

/// Three responses that beat one another in a circle, with probabilities 0.9, 0.9 and `last`: no reward explains that, but
/// the rate at which a response wins against the policy's own can stand in its place.
struct PreferenceCircle {
    /// P(row preferred to column).
    private let wins: [[Double]]

    init(last: Double) { wins = [[0.5, 0.9, 1 - last], [0.1, 0.5, 0.9], [last, 0.1, 0.5]] }

    /// The best win rate against a policy, less a half; 0 at the equilibrium alone.
    private func exploitability(_ policy: [Double]) -> Double {
        (wins.map { Responses.expectation(policy, $0) }.max() ?? .nan) - 0.5
    }

    /// Exploitability of the average and of the last of 4000 policies, each fitted to win rates against the one before, and
    /// what mirror descent's regret allows the average: ln(1 / least pi_0) / (eta T) + eta / 8 for rewards in 0 ... 1.
    func selfPlay(regresses: Bool, eta: Double = 0.05, steps: Int = 4000) throws -> (
        average: Double, last: Double, bound: Double
    ) {
        let start = [0.6, 0.3, 0.1]
        let regression = try TabularRegression(count: 3, eta: eta)
        var (policy, average) = (start, [0.0, 0, 0])
        for _ in 0..<steps {
            for index in policy.indices { average[index] += policy[index] / Double(steps) }
            let rates = wins.map { regresses ? Responses.expectation(policy, $0) : 0 }
            policy = regression.step(from: policy, reward: rates)
        }
        return (
            exploitability(average), exploitability(policy),
            telos_log64(1 / start.min()!) / (eta * Double(steps)) + eta / 8
        )
    }
}
