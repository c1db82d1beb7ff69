import CTelosKernels
import TelosTensor

/// Learning from right and wrong answers by keeping their scores apart, every question alike (Li, Lin, Galanti, Tu and
/// Yang, *DisCO: reinforcing large reasoning models with discriminative constrained optimization*, 2025):
///
///     J = mean over right answers of s  -  tau log mean over wrong answers of exp(s / tau)
///
/// with s a score of the policy such as the mean log-likelihood of an answer's tokens; tau = infinity compares means.
/// Group-relative advantages are the same comparison times sqrt(p (1 - p)), p the share of right answers, or p (1 - p):
/// little weight for what is nearly always or hardly ever answered.
public struct DiscriminativeObjective: Sendable, Hashable {
    /// tau; nil is infinity. Lower: the wrong answers of the highest scores count for more.
    public var temperature: Double?

    public init(temperature: Double? = nil) { self.temperature = temperature }

    /// dJ/ds of each answer to one question; zeros where all are right or all wrong.
    /// - Parameters:
    ///   - isRight: of each answer.
    ///   - scores: s of each.
    public func coefficients(isRight: [Bool], scores: [Double]) -> [Double] {
        let right = isRight.filter(\.self).count
        guard right > 0, right < isRight.count else { return isRight.map { _ in 0 } }
        let wrong = isRight.indices.filter { !isRight[$0] }
        let largest = wrong.map { scores[$0] }.max() ?? 0
        let weights = isRight.indices.map { index -> Double in
            guard !isRight[index] else { return 0 }
            return temperature.map { telos_exp64((scores[index] - largest) / $0) } ?? 1
        }
        let total = weights.reduce(0, +)
        return isRight.indices.map { isRight[$0] ? 1 / Double(right) : -weights[$0] / total }
    }

    /// (beta / 2) max(0, K - delta)^2: nothing, gradient included, while the divergence K is within its bound.
    public static func penalty(_ divergence: Tensor, bound: Double, weight: Double) -> Tensor {
        0.5 * Float(weight) * relu(divergence - Float(bound)).squared
    }
}
