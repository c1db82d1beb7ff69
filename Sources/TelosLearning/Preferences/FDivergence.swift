import CTelosKernels
import TelosTensor

/// D_f(pi || ref) = E_ref[f(pi / ref)] with f convex, f(1) = 0 and f'(u) -> -infinity as u -> 0, so that the best policy
///
///     max over pi of E_pi[r] - beta D_f(pi || ref)
///
/// is positive wherever ref is and has r(y) = beta f'(pi(y) / ref(y)) + lambda (Wang, Jiang, Yang, Liu and Chen, *Beyond
/// reverse KL: generalizing direct preference optimization with diverse divergence constraints*, 2024).
///
/// With u = pi / ref and v = log u, up to constants:
///
///     reverse KL      f = u log u                                  f' = v
///     forward KL      f = -log u                                   f' = -exp(-v)
///     Jensen-Shannon  f = u log u - (u + 1) log((u + 1) / 2)       f' = log 2 - softplus(-v)
///     alpha           f = (u^(1-a) - (1-a) u - a) / (a (a - 1))    f' = (1 - exp(-a v)) / a
///
/// f''(1) is 1, for Jensen-Shannon 1/2: the same beta holds it half as tightly.
public enum FDivergence: Sendable, Hashable {
    /// KL(pi || ref): direct preference optimisation's.
    case reverseKL
    /// KL(ref || pi).
    case forwardKL
    case jensenShannon
    /// a in 0 ... 1, from reverse towards forward.
    case alpha(Double)

    /// f'(exp(v)) up to a constant; v is kept above -30, where exponentials would overflow.
    public func derivative(_ logRatio: Tensor) -> Tensor {
        let v = maximum(logRatio, Tensor(-30))
        switch self {
        case .reverseKL: return logRatio
        case .forwardKL: return -exp(-v)
        case .jensenShannon: return 0.693_147_2 - softplus(-logRatio)
        case .alpha(let a): return (1 - exp(Float(-a) * v)) / Float(a)
        }
    }

    /// f(u), u > 0.
    public func value(_ u: Double) -> Double {
        switch self {
        case .reverseKL: u * telos_log64(u)
        case .forwardKL: -telos_log64(u)
        case .jensenShannon: u * telos_log64(u) - (u + 1) * telos_log64((u + 1) / 2)
        case .alpha(let a): (telos_exp64((1 - a) * telos_log64(u)) - (1 - a) * u - a) / (a * (a - 1))
        }
    }

    /// D_f(policy || reference) of probabilities, both positive.
    public func callAsFunction(_ policy: [Double], _ reference: [Double]) -> Double {
        zip(policy, reference).reduce(0) { $0 + $1.1 * value($1.0 / $1.1) }
    }

    /// The policy that maximises E[reward] - beta D_f, by bisection on lambda so that its probabilities sum to 1.
    /// - beta: above 0.
    public func optimum(reward: [Double], reference: [Double], beta: Double) -> [Double] {
        // pi / ref where f' is z, with f' as in the table; each rises in z, up to infinity at `pole`.
        let pole: Double
        let ratio: (Double) -> Double
        switch self {
        case .reverseKL: (pole, ratio) = (.infinity, { telos_exp64($0) })
        case .forwardKL: (pole, ratio) = (0, { -1 / $0 })
        case .jensenShannon:
            (pole, ratio) = (telos_log64(2), { telos_exp64($0) / (2 - telos_exp64($0)) })
        case .alpha(let a): (pole, ratio) = (1 / a, { telos_exp64(-telos_log64(1 - a * $0) / a) })
        }
        let largest = reward.max() ?? 0
        func policy(_ lambda: Double) -> [Double] {
            zip(reward, reference).map { $1 * ratio(($0 - lambda) / beta) }
        }
        // Where z of the largest reward is at the pole (or 60) the sum is above 1; a larger lambda lowers it.
        var low = largest - beta * min(pole, 60)
        var step = beta
        while policy(low + step).reduce(0, +) > 1 { step *= 2 }
        var high = low + step
        for _ in 0..<200 {
            let middle = 0.5 * (low + high)
            guard low < middle, middle < high else { break }
            if policy(middle).reduce(0, +) <= 1 { high = middle } else { low = middle }
        }
        let result = policy(high)
        let total = result.reduce(0, +)
        return result.map { $0 / total }
    }
}
