import CTelosKernels

/// A number for a vector of objectives, more of each being better: what a user with several wishes is taken to want.
///
/// Applied to returns it ranks policies (scalarised expected returns); only the linear one can be moved into the reward
/// of each step. With positive weights every scalarisation here is monotone: what is better in all objectives is never
/// worse.
public enum Scalarization: Sendable, Hashable {
    /// sum_i w_i v_i. Its optima lie on the convex hull of what can be reached.
    case linear([Double])
    /// -max_i w_i (z_i - v_i) - augmentation sum_i w_i (z_i - v_i), z no worse than anything that can be reached. Its
    /// optima reach hollows of the front too; above 0 the augmentation keeps out those that are only weakly optimal.
    /// (Steuer and Choo, *An interactive weighted Tchebycheff procedure for multiple objective programming*, 1983.)
    case chebyshev(weights: [Double], utopia: [Double], augmentation: Double = 0)
    /// -(d + penalty e): how far v is behind z along the weights, and how far it is off to the side of that line:
    /// d = (z - v) . w / |w|, e = |z - v - d w / |w||.
    /// (Zhang and Li, *MOEA/D: a multiobjective evolutionary algorithm based on decomposition*, 2007.)
    case boundaryIntersection(weights: [Double], utopia: [Double], penalty: Double = 5)
    /// sum_k w_k v_(k), v_(1) <= v_(2) <= ... in ascending order: fair to the objectives where weights descend.
    /// (Weymark, *Generalized Gini inequality indices*, 1981.)
    case generalizedGini([Double])
    /// sum_i w_i log(v_i - d_i), -infinity where v_i <= d_i: what bargaining from d agrees on.
    /// (Nash, *The bargaining problem*, 1950.)
    case nash(weights: [Double], disagreement: [Double])

    public var objectiveCount: Int {
        switch self {
        case .linear(let weights), .generalizedGini(let weights), .chebyshev(let weights, _, _),
            .boundaryIntersection(let weights, _, _), .nash(let weights, _):
            weights.count
        }
    }

    /// - Precondition: as many values as objectives.
    public func callAsFunction(_ values: [Double]) -> Double {
        precondition(values.count == objectiveCount, "\(values.count) values for \(objectiveCount) objectives")
        switch self {
        case .linear(let weights): return Self.dot(weights, values)
        case .chebyshev(let weights, let utopia, let augmentation):
            let shortfalls = values.indices.map { weights[$0] * (utopia[$0] - values[$0]) }
            return -(shortfalls.max() ?? 0) - augmentation * shortfalls.reduce(0, +)
        case .boundaryIntersection(let weights, let utopia, let penalty):
            let split = Self.split(weights, utopia, values)
            return -(split.along + penalty * Self.dot(split.side, split.side).squareRoot())
        case .generalizedGini(let weights): return Self.dot(weights, values.sorted())
        case .nash(let weights, let disagreement):
            guard zip(values, disagreement).allSatisfy({ $0 > $1 }) else { return -.infinity }
            return values.indices.reduce(0) { $0 + weights[$1] * telos_log64(values[$1] - disagreement[$1]) }
        }
    }

    /// The gradient with respect to the values: the weights under which a small step of a policy along
    /// sum_i g_i grad V_i ascends. Where it has a kink, the gradient on one side of it.
    public func gradient(at values: [Double]) -> [Double] {
        precondition(values.count == objectiveCount, "\(values.count) values for \(objectiveCount) objectives")
        switch self {
        case .linear(let weights): return weights
        case .chebyshev(let weights, let utopia, let augmentation):
            let shortfalls = values.indices.map { weights[$0] * (utopia[$0] - values[$0]) }
            let worst = values.indices.max { shortfalls[$0] < shortfalls[$1] }
            return values.indices.map { weights[$0] * (($0 == worst ? 1 : 0) + augmentation) }
        case .boundaryIntersection(let weights, let utopia, let penalty):
            let length = Self.dot(weights, weights).squareRoot()
            let side = Self.split(weights, utopia, values).side
            let distance = Self.dot(side, side).squareRoot()
            return values.indices.map {
                weights[$0] / length + (distance > 0 ? penalty * side[$0] / distance : 0)
            }
        case .generalizedGini(let weights):
            var result = weights
            let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
            for (rank, index) in order.enumerated() { result[index] = weights[rank] }
            return result
        case .nash(let weights, let disagreement):
            return values.indices.map { weights[$0] / (values[$0] - disagreement[$0]) }
        }
    }

    /// z - v as its part along the weights and the rest.
    private static func split(
        _ weights: [Double], _ utopia: [Double], _ values: [Double]
    ) -> (along: Double, side: [Double]) {
        let length = dot(weights, weights).squareRoot()
        let gap = values.indices.map { utopia[$0] - values[$0] }
        let along = dot(gap, weights) / length
        return (along, values.indices.map { gap[$0] - along * weights[$0] / length })
    }

    private static func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
}
