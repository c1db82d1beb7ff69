import CTelosKernels

/// What becomes of a reward model's score before a policy is trained on it.
///
/// A score is only known to be right near the responses that were compared. Shapes that are bounded and flatten where a
/// response is already better than the reference's leave little to gain beyond (Fu and others, *Reward shaping to mitigate
/// reward hacking in RLHF*, 2025).
public enum ScoreShaping: String, Sendable, Codable, CaseIterable {
    case raw
    /// (r - mean) / deviation of all scores so far.
    case standardized
    /// r within a deviation of the mean of all scores so far.
    case clipped
    /// (r - least) / (largest - least) of all scores so far.
    case minMax
    /// r minus the mean of the references' scores.
    case centred
    /// sigmoid(r): bounded, but flat wherever the scores' arbitrary offset is large.
    case sigmoid
    /// tanh of the centred score.
    case tanhCentred
    /// log sigmoid(r - q), q the references' 85th percentile by a normal fit (Wang and others, *Transforming and combining
    /// rewards for aligning large language models*, 2024).
    case logSigmoidCentred
    /// Preference as reward: mean over references of sigmoid(r - r_ref), the model's own probability that the response is
    /// preferred to what the policy would have said before.
    case preference
}

/// A shape with what it has seen so far.
public struct ScoreShaper: Sendable, Hashable, Codable {
    public let shaping: ScoreShaping
    private var count = 0.0
    private var mean = 0.0
    private var squares = 0.0
    private var least = Double.infinity
    private var largest = -Double.infinity

    public init(_ shaping: ScoreShaping) { self.shaping = shaping }

    /// Takes scores into the running statistics, before they are shaped.
    public mutating func observe(_ scores: [Double]) {
        for score in scores {
            count += 1
            let change = score - mean
            mean += change / count
            squares += change * (score - mean)
            least = min(least, score)
            largest = max(largest, score)
        }
    }

    /// - references: scores of responses of the reference policy to the same prompt, at least one.
    public func callAsFunction(_ score: Double, references: [Double]) -> Double {
        let deviation = max((squares / max(1, count)).squareRoot(), 1e-8)
        let centre = references.reduce(0, +) / Double(max(1, references.count))
        switch shaping {
        case .raw: return score
        case .standardized: return (score - mean) / deviation
        case .clipped: return min(max(score, mean - deviation), mean + deviation)
        case .minMax: return count > 0 ? (score - least) / max(largest - least, 1e-8) : 0
        case .centred: return score - centre
        case .sigmoid: return Self.logistic(score)
        case .tanhCentred: return telos_tanh64(score - centre)
        case .logSigmoidCentred:
            let spread = references.reduce(0) { $0 + ($1 - centre) * ($1 - centre) } / Double(max(1, references.count))
            return telos_log64(Self.logistic(max(-600, score - centre - 1.036_433 * spread.squareRoot())))
        case .preference:
            return references.reduce(0) { $0 + Self.logistic(score - $1) } / Double(max(1, references.count))
        }
    }

    private static func logistic(_ x: Double) -> Double { 1 / (1 + telos_exp64(-x)) }
}
