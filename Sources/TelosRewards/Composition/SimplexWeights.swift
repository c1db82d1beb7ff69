import CTelosKernels
import TelosTensor

/// Weights of several objectives: numbers of at least 0 that sum to 1.
public enum SimplexWeights {
    /// All weight on one objective, each in turn.
    public static func units(objectives: Int) -> [[Double]] {
        (0..<objectives).map { one in (0..<objectives).map { $0 == one ? 1 : 0 } }
    }

    /// Every vector of multiples of 1 / divisions: (divisions + objectives - 1) choose (objectives - 1) of them, in
    /// lexicographic order.
    ///
    /// (Das and Dennis, *Normal-boundary intersection: a new method for generating the Pareto surface in nonlinear
    /// multicriteria optimization problems*, 1998.)
    public static func grid(objectives: Int, divisions: Int) -> [[Double]] {
        precondition(objectives > 0 && divisions > 0, "a grid of weights needs objectives and divisions")
        func parts(_ count: Int, _ left: Int) -> [[Int]] {
            guard count > 1 else { return [[left]] }
            return (0...left).flatMap { first in parts(count - 1, left - first).map { [first] + $0 } }
        }
        return parts(objectives, divisions).map { $0.map { Double($0) / Double(divisions) } }
    }

    /// Uniform on the simplex, as normalised exponentials.
    public static func random(objectives: Int, using random: inout RandomStream) -> [Double] {
        let draws = (0..<objectives).map { _ in -telos_log64(1 - random.uniform()) }
        let total = draws.reduce(0, +)
        return draws.map { total > 0 ? $0 / total : 1 / Double(objectives) }
    }
}
