import TelosTensor

/// A reward that is linear in features, r = w . phi, fitted to comparisons: P(first) = sigmoid(w . (Phi_1 - Phi_2)) with
/// Phi the features summed over an option's steps.
///
/// Exact: the regularised likelihood is concave and Newton's method finds its maximum. With one indicator a state and
/// action (or an arm) this is a table of rewards.
public struct LinearRewardModel: Sendable, Hashable, Codable {
    public var weights: [Double]

    public init(weights: [Double]) { self.weights = weights }

    /// w . phi.
    public func callAsFunction(_ features: [Double]) -> Double {
        var sum = 0.0
        for index in weights.indices { sum += weights[index] * features[index] }
        return sum
    }

    /// sigmoid(w . difference): the chance that the first of two options is preferred.
    public func probability(difference: [Double]) -> Double { logistic(self(difference)) }

    /// Minimises sum over pairs of importance (softplus(w . d) - y w . d) + ridge / 2 |w|^2 by Newton's method, halving
    /// steps that do not improve.
    /// - Parameters:
    ///   - differences: d = Phi_1 - Phi_2 of each pair, all of one length.
    ///   - targets: y of each pair, from 0 to 1.
    ///   - importances: how much each pair counts; 1 when nil.
    ///   - ridge: above 0; raising it makes rewards smaller. Without it there would be no maximum where some w explains
    ///     every answer.
    /// - Throws: `FeedbackError` for arrays that do not fit together, no pairs, or a ridge that is not positive.
    public static func fit(
        differences: [[Double]], targets: [Double], importances: [Double]? = nil, ridge: Double = 1e-3,
        maximumSteps: Int = 100
    ) throws -> LinearRewardModel {
        guard let width = differences.first?.count, width > 0 else {
            throw FeedbackError("a reward model needs at least one comparison, and options with at least one feature")
        }
        guard differences.allSatisfy({ $0.count == width }), targets.count == differences.count,
            (importances?.count ?? targets.count) == targets.count
        else {
            throw FeedbackError(
                "\(differences.count) pairs, \(targets.count) targets; all pairs need \(width) features, and each a target"
            )
        }
        guard targets.allSatisfy({ (0...1).contains($0) }) else {
            throw FeedbackError("a target is outside 0...1; write 1 where the first option is better, 1/2 at a tie")
        }
        guard ridge > 0, ridge.isFinite else { throw FeedbackError("the ridge is \(ridge); write a number above 0") }
        // Only features that differ somewhere in a pair matter for it: tables of rewards are mostly zeros.
        let entries = differences.map { row in row.indices.filter { row[$0] != 0 } }
        func loss(_ w: [Double]) -> Double {
            var sum = 0.0
            for (pair, row) in differences.enumerated() {
                var d = 0.0
                for index in entries[pair] { d += w[index] * row[index] }
                sum += (importances?[pair] ?? 1) * preferenceLoss(difference: d, target: targets[pair])
            }
            return w.reduce(sum) { $0 + 0.5 * ridge * $1 * $1 }
        }
        var weights = [Double](repeating: 0, count: width)
        var value = loss(weights)
        for _ in 0..<maximumSteps {
            var gradient = weights.map { ridge * $0 }
            var curvature = [Double](repeating: 0, count: width * width)
            for index in 0..<width { curvature[index * width + index] = ridge }
            for (pair, row) in differences.enumerated() {
                var d = 0.0
                for index in entries[pair] { d += weights[index] * row[index] }
                let chance = logistic(d)
                let importance = importances?[pair] ?? 1
                for i in entries[pair] {
                    gradient[i] += importance * (chance - targets[pair]) * row[i]
                    for j in entries[pair] where j <= i {
                        curvature[i * width + j] += importance * chance * (1 - chance) * row[i] * row[j]
                    }
                }
            }
            guard gradient.contains(where: { abs($0) > 1e-9 }) else { break }
            let step = try CholeskyFactorization(curvature).solve(gradient)
            var size = 1.0
            var moved = zip(weights, step).map { $0 - $1 }
            while loss(moved) > value, size > 1e-6 {
                size *= 0.5
                moved = zip(weights, step).map { $0 - size * $1 }
            }
            let next = loss(moved)
            guard next < value else { break }
            (weights, value) = (moved, next)
        }
        return LinearRewardModel(weights: weights)
    }
}
