import CTelosKernels
import TelosEnvironments

/// Trust-region updates of a softmax table with exact advantages, checked against the bound they come from:
/// eta(new) >= eta(old) + E[A] - C max over s of KL(old || new), C = 4 max|A| discount / (1 - discount)^2, the
/// expectation over the old policy's discounted visits and the new policy's actions.
///
/// With state weights d(s) = (1 - discount) visits, the gradient of the surrogate is d pi A and the Fisher matrix
/// d (diag(pi) - pi pi'), so that x = A solves F x = g exactly: pi_new is proportional to pi exp(size A).
struct ExactTrustRegion {
    struct Result: Sendable {
        var decreases = 0.0
        var violations = 0.0
        /// In units of the bound.
        var largestDivergence = 0.0
        /// (eta - eta of the uniform policy) / (eta* - the same) at the end.
        var gapClosed = 0.0
    }

    let mdp: TabularMDP
    let reward: [Double]
    let discount: Double
    let bound: Double
    let step: PolicyStep
    /// Less than this is rounding.
    private let tolerance = 1e-9

    init(_ mdp: TabularMDP, reward: [Double], discount: Double, bound: Double, step: PolicyStep) {
        self.mdp = mdp
        self.reward = reward
        self.discount = discount
        self.bound = bound
        self.step = step
    }

    func run(updates: Int) throws -> Result {
        let actions = mdp.actionCount
        var logits = [Double](repeating: 0, count: mdp.stateCount * actions)
        var policy = TabularPolicy.softmax(logits, actionCount: actions)
        var value = try mdp.expectedReturn(policy: policy, reward: reward, discount: discount)
        let first = value
        let best = try mdp.policyIteration(reward: reward, discount: discount)
        var result = Result()
        for _ in 0..<updates {
            let advantages = try mdp.advantages(policy: policy, reward: reward, discount: discount)
            let visits = try mdp.visits(policy: policy, discount: discount)
            let curvature = (1 - discount) * zip(visits, advantages).reduce(0) { $0 + $1.0 * $1.1 * $1.1 }
            guard curvature > 1e-20 else { break }
            func moved(_ size: Double) -> (logits: [Double], policy: [Double], gain: Double, mean: Double, most: Double)
            {
                let next = zip(logits, advantages).map { $0 + size * $1 }
                let new = TabularPolicy.softmax(next, actionCount: actions)
                var (gain, mean, most) = (0.0, 0.0, 0.0)
                for state in 0..<mdp.stateCount {
                    let row = (state * actions)..<((state + 1) * actions)
                    let weight = row.reduce(0) { $0 + visits[$1] }
                    let divergence = row.reduce(0.0) { sum, pair in
                        policy[pair] == 0
                            ? sum : sum + policy[pair] * (telos_log64(policy[pair]) - telos_log64(new[pair]))
                    }
                    gain += weight * row.reduce(0) { $0 + new[$1] * advantages[$1] }
                    mean += (1 - discount) * weight * divergence
                    most = max(most, divergence)
                }
                return (next, new, gain, mean, most)
            }
            var size = (2 * bound / curvature).squareRoot()
            var taken = moved(size)
            switch step {
            case .trustRegion(_, let tolerance):
                var tries = 1
                while taken.mean > tolerance * bound || taken.gain <= 0, tries < 10 {
                    size /= 2
                    taken = moved(size)
                    tries += 1
                }
                guard taken.mean <= tolerance * bound, taken.gain > 0 else { continue }
            case .naturalGradient(let rate), .gradient(let rate): taken = moved(rate)
            }
            let after = try mdp.expectedReturn(policy: taken.policy, reward: reward, discount: discount)
            let largest = advantages.map { abs($0) }.max()!
            let penalty = 4 * largest * discount / ((1 - discount) * (1 - discount)) * taken.most
            if after < value - tolerance { result.decreases += 1 }
            if after < value + taken.gain - penalty - tolerance { result.violations += 1 }
            result.largestDivergence = max(result.largestDivergence, taken.mean / bound)
            (logits, policy, value) = (taken.logits, taken.policy, after)
        }
        result.gapClosed = (value - first) / (mdp.expectation(of: best.values) - first)
        return result
    }
}
