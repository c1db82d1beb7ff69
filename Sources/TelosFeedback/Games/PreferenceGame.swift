import CTelosKernels
import TelosTensor

/// Options and how often each is preferred to each other: P(i, j) + P(j, i) = 1. As a game, two players each name an
/// option, and the payoff is the chance that one's own is preferred: symmetric, and constant in sum.
///
/// Preferences may go in circles; then no scores explain them, but there is always a mixed policy that no option beats more
/// often than not, the minimax winner (von Neumann winner). (Kreweras, 1965; Dudík, Hofmann, Schapire, Slivkins and Zoghi,
/// *Contextual dueling bandits*, 2015.)
///
/// Policies are arrays of probabilities, one an option. Arrays of another length are a programmer's error.
public struct PreferenceGame: Sendable, Hashable, Codable {
    public let count: Int
    /// P(i, j) at `i * count + j`: how often i is preferred to j.
    public let matrix: [Double]

    /// - Throws: `FeedbackError` when the matrix is not square, a number is no probability, or P(i, j) + P(j, i) is not 1
    ///   to within 1e-9.
    public init(_ matrix: [Double]) throws {
        let count = Int(Double(matrix.count).squareRoot().rounded())
        guard count > 0, count * count == matrix.count else {
            throw FeedbackError("a preference game needs a square matrix; \(matrix.count) values do not form one")
        }
        for i in 0..<count {
            for j in 0...i {
                let (there, back) = (matrix[i * count + j], matrix[j * count + i])
                guard (0...1).contains(there), (0...1).contains(back), abs(there + back - 1) <= 1e-9 else {
                    throw FeedbackError(
                        "P(\(i), \(j)) is \(there) and P(\(j), \(i)) is \(back); write probabilities that sum to 1")
                }
            }
        }
        self.count = count
        self.matrix = matrix
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        do {
            try self.init(container.decode([Double].self, forKey: .matrix))
        } catch let error as FeedbackError {
            throw DecodingError.dataCorruptedError(
                forKey: .matrix, in: container, debugDescription: error.description)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(matrix, forKey: .matrix)
    }

    private enum CodingKeys: String, CodingKey { case matrix }

    private init(count: Int, above probability: (_ i: Int, _ j: Int) -> Double) {
        var matrix = [Double](repeating: 0.5, count: count * count)
        for i in 0..<count {
            for j in (i + 1)..<Swift.max(count, i + 1) {
                matrix[i * count + j] = probability(i, j)
                matrix[j * count + i] = 1 - matrix[i * count + j]
            }
        }
        self.count = count
        self.matrix = matrix
    }

    // MARK: Games

    /// P(i, j) = sigmoid(score_i - score_j): what a reward explains.
    public static func bradleyTerry(_ scores: [Double]) -> PreferenceGame {
        PreferenceGame(count: scores.count) { logistic(scores[$0] - scores[$1]) }
    }

    /// 0 is preferred to 1, 1 to 2 and 2 to 0, each with probability `strength`.
    public static func rockPaperScissors(strength: Double = 1) throws -> PreferenceGame {
        try PreferenceGame([0.5, strength, 1 - strength, 1 - strength, 0.5, strength, strength, 1 - strength, 0.5])
    }

    /// An uneven circle of an odd number of options: each is preferred to the (count - 1) / 2 after it, with a probability
    /// drawn uniformly from `strengths` for each pair.
    /// - Throws: `FeedbackError` for an even count or one below 3, or strengths outside 1/2...1.
    public static func cycle(
        _ count: Int, strengths: ClosedRange<Double>, using random: inout RandomStream
    ) throws -> PreferenceGame {
        guard count >= 3, count % 2 == 1 else {
            throw FeedbackError("a circle of preferences needs an odd number of options from 3 up, not \(count)")
        }
        guard strengths.lowerBound >= 0.5, strengths.upperBound <= 1 else {
            throw FeedbackError("the strengths are \(strengths); write probabilities from 0.5 to 1")
        }
        return PreferenceGame(count: count) { i, j in
            let strength = random.uniform(strengths.lowerBound, strengths.upperBound)
            return j - i <= count / 2 ? strength : 1 - strength
        }
    }

    /// P(i, j) = sigmoid(A_ij - A_ji) with A standard normal: neither transitive nor a circle.
    public static func random(_ count: Int, using random: inout RandomStream) -> PreferenceGame {
        PreferenceGame(count: count) { _, _ in logistic(random.normal() - random.normal()) }
    }

    /// The game as a rater sees it who gives the wrong answer with probability `errorRate`.
    public func mistaken(_ errorRate: Double) -> PreferenceGame {
        PreferenceGame(count: count) { i, j in
            let chance = matrix[i * count + j]
            return chance + errorRate * (1 - 2 * chance)
        }
    }

    // MARK: Policies

    /// P(i > policy) of every option i.
    public func winRates(against policy: [Double]) -> [Double] {
        precondition(policy.count == count, "a policy has a probability for each option")
        return (0..<count).map { i in
            var sum = 0.0
            for j in 0..<count { sum += matrix[i * count + j] * policy[j] }
            return sum
        }
    }

    /// P(policy > other): how often an option of the one is preferred to an option of the other.
    public func probability(of policy: [Double], over other: [Double]) -> Double {
        zip(policy, winRates(against: other)).reduce(0) { $0 + $1.0 * $1.1 }
    }

    /// max over i of P(i > policy) - 1/2, at least 0 and 0 for a minimax winner alone: by how much an opponent who knows
    /// the policy does better than to copy it.
    public func exploitability(of policy: [Double]) -> Double { winRates(against: policy).max()! - 0.5 }

    /// How often each option is preferred to one drawn uniformly, itself included.
    public var bordaScores: [Double] { winRates(against: Array(repeating: 1 / Double(count), count: count)) }

    /// The option that is preferred to every other more often than not; nil where there is none.
    public var condorcetWinner: Int? {
        (0..<count).first { i in (0..<count).allSatisfy { $0 == i || matrix[i * count + $0] > 0.5 } }
    }

    /// A policy of least exploitability, by a linear program: the largest v with sum over i of p_i P(i, j) >= v for all j.
    /// - Returns: the policy, and its exploitability as measured, which is the error: 0 but for rounding.
    /// - Throws: `FeedbackError` where rounding defeats the linear program.
    public func minimaxWinner() throws -> (policy: [Double], exploitability: Double) {
        var program = try LinearProgram(
            minimizing: Array(repeating: 0, count: count) + [-1],
            variables: Array(repeating: .nonNegative, count: count) + [LinearProgram.Bounds(0, 1)])
        for j in 0..<count {
            try program.add((0..<count).map { matrix[$0 * count + j] } + [-1], .atLeast(0))
        }
        try program.add(Array(repeating: 1, count: count) + [0], .exactly(1))
        let solution = program.solved()
        let weights = solution.x.prefix(count).map { max($0, 0) }
        let total = weights.reduce(0, +)
        guard solution.status == .optimal, total > 0 else {
            throw FeedbackError("the linear program of \(count) options ended as \(solution.status.rawValue)")
        }
        let policy = weights.map { $0 / total }
        return (policy, exploitability(of: policy))
    }

    /// Scores r whose Bradley-Terry model is nearest: the least sum over pairs of policy_i policy_j times the cross-entropy
    /// of P(i, j) and sigmoid(r_i - r_j). What a reward model learns of the game from options drawn from `policy`.
    /// - Parameter ridge: makes the scores unique and finite; they sum to 0 but for rounding.
    public func bradleyTerryScores(under policy: [Double], ridge: Double = 1e-8) throws -> [Double] {
        var (differences, targets, importances) = ([[Double]](), [Double](), [Double]())
        for i in 0..<count {
            for j in 0..<i {
                var row = [Double](repeating: 0, count: count)
                (row[i], row[j]) = (1, -1)
                differences.append(row)
                targets.append(matrix[i * count + j])
                importances.append(2 * policy[i] * policy[j])
            }
        }
        return try LinearRewardModel.fit(
            differences: differences, targets: targets, importances: importances, ridge: ridge
        ).weights
    }
}

/// A rater whose preferences are the game's: an option is a number from 0 up.
extension PreferenceGame: Labeller {
    public func probabilities(_ first: Int, _ second: Int) -> AnswerProbabilities {
        let chance = matrix[first * count + second]
        return AnswerProbabilities(first: chance, second: 1 - chance)
    }
}
