import CTelosKernels

/// How far where one policy goes is from where another goes: divergences of their occupancies p and q, distributions
/// over states and actions (`TabularMDP.occupancy`).
///
/// - `totalVariation`: 1/2 sum |p - q|, 0 to 1.
/// - `kl`: sum p log(p / q).
/// - `chiSquare`: sum p^2 / q - 1.
///
/// Where p and q are both 0 nothing is added; where only q is 0, the last two are infinite. None of them is bounded by
/// the same divergence of action distributions state by state: a rare action may lead elsewhere for good.
public enum OccupancyDivergence: String, Sendable, Codable, CaseIterable {
    case totalVariation = "total-variation"
    case kl
    case chiSquare = "chi-square"

    public func callAsFunction(_ p: [Double], _ q: [Double]) -> Double {
        precondition(p.count == q.count, "two distributions over the same states and actions are needed")
        var sum = 0.0
        for index in p.indices {
            switch self {
            case .totalVariation: sum += abs(p[index] - q[index]) / 2
            case .kl where p[index] > 0: sum += q[index] > 0 ? p[index] * telos_log64(p[index] / q[index]) : .infinity
            case .chiSquare where p[index] > 0: sum += q[index] > 0 ? p[index] * p[index] / q[index] : .infinity
            default: break
            }
        }
        return self == .chiSquare ? sum - 1 : sum
    }

    /// The slope by p: sign(p - q) / 2, log(p / q) + 1, 2 p / q; 0 where q is 0. As a reward with a minus sign, it is
    /// what a penalty on the divergence is worth to a policy, to first order.
    public func gradient(_ p: [Double], _ q: [Double]) -> [Double] {
        precondition(p.count == q.count, "two distributions over the same states and actions are needed")
        return p.indices.map { index in
            guard q[index] > 0 else { return 0 }
            switch self {
            case .totalVariation: return p[index] == q[index] ? 0 : p[index] > q[index] ? 0.5 : -0.5
            case .kl: return p[index] > 0 ? telos_log64(p[index] / q[index]) + 1 : -1e3
            case .chiSquare: return 2 * p[index] / q[index]
            }
        }
    }
}
