import TelosTensor

/// Sequentially thresholded least squares: regression with few non-zero coefficients.
///
///     xi = argmin |A xi - b|² + ridge |xi|² over the active columns; columns with |xi_j| < threshold are dropped; again,
///     until none is.
///
/// The threshold compares coefficients as they are: bring variables to order one first. Every target has active columns of
/// its own. (Brunton, Proctor and Kutz, *Discovering governing equations from data by sparse identification of nonlinear
/// dynamical systems*, 2016; with a ridge as in Rudy, Brunton, Proctor and Kutz, *Data-driven discovery of partial
/// differential equations*, 2017.)
public struct SparseRegression: Sendable, Hashable {
    /// Smallest coefficient that is kept. Raising it makes sparser models; 0 keeps all: ridge regression.
    public var threshold: Double
    /// Raising it steadies nearly dependent columns and shrinks what is kept.
    public var ridge: Double
    /// Fits at most.
    public var rounds: Int

    public init(threshold: Double = 0.01, ridge: Double = 1e-6, rounds: Int = 20) {
        self.threshold = threshold
        self.ridge = ridge
        self.rounds = rounds
    }

    /// xi, `columns` x `targetCount`, row-major.
    /// - Parameters:
    ///   - features: A, `rows` x `columns`, row-major.
    ///   - targets: b, `rows` x `targetCount`, row-major.
    ///   - candidates: the columns that may be used; all where nil.
    /// - Throws: `LinearAlgebraError` where sizes do not fit, there are no rows, or columns are dependent and the ridge is 0.
    public func fit(
        features: [Double], targets: [Double], rows: Int, targetCount: Int = 1, candidates: [Int]? = nil
    ) throws -> [Double] {
        guard rows > 0, targetCount > 0, features.count % rows == 0, targets.count == rows * targetCount else {
            throw LinearAlgebraError(
                "sparse regression: \(features.count) features and \(targets.count) targets do not form \(rows) rows")
        }
        let columns = features.count / rows
        var result = [Double](repeating: 0, count: columns * targetCount)
        for target in 0..<targetCount {
            let values = (0..<rows).map { targets[$0 * targetCount + target] }
            var active = candidates ?? Array(0..<columns)
            var coefficients: [Double] = []
            for _ in 0..<max(1, rounds) where !active.isEmpty {
                coefficients = try leastSquares(
                    matrix: (0..<rows).flatMap { row in active.map { features[row * columns + $0] } }, rows: rows,
                    columns: active.count, rhs: values, ridge: ridge)
                let kept = active.indices.filter { abs(coefficients[$0]) >= threshold }
                if kept.count == active.count { break }
                // What the last round would drop is dropped, whether or not the rest is fitted again.
                active = kept.map { active[$0] }
                coefficients = kept.map { coefficients[$0] }
            }
            for (index, column) in active.enumerated() { result[column * targetCount + target] = coefficients[index] }
        }
        return result
    }
}

/// Outputs that are sparse combinations of a library's terms: y = theta(x) Xi.
public struct SparseModel: Sendable {
    public let library: FeatureLibrary
    public let outputCount: Int
    /// Xi, terms x outputs, row-major.
    public let coefficients: [Double]

    public init(library: FeatureLibrary, coefficients: [Double], outputCount: Int) {
        precondition(coefficients.count == library.count * outputCount, "a coefficient for every term and output")
        self.library = library
        self.coefficients = coefficients
        self.outputCount = outputCount
    }

    public var nonzeroCount: Int { coefficients.count { $0 != 0 } }

    /// y of each row of x, rows of `outputCount`.
    public func callAsFunction(_ rows: [Double]) -> [Double] {
        let features = library(rows)
        let terms = library.count
        var result = [Double](repeating: 0, count: features.count / max(1, terms) * outputCount)
        for row in 0..<(features.count / max(1, terms)) {
            for term in 0..<terms {
                let feature = features[row * terms + term]
                for output in 0..<outputCount {
                    result[row * outputCount + output] += feature * coefficients[term * outputCount + output]
                }
            }
        }
        return result
    }

    /// What the model says, a line an output: `x' = 0.5 x - 1.2 x y`; numbers with `digits` significant ones.
    public func equations(variables: [String], outputs: [String], digits: Int = 3) -> [String] {
        precondition(outputs.count == outputCount, "\(outputs.count) names of \(outputCount) outputs")
        let names = library.names(variables)
        return outputs.enumerated().map { output, name in
            var text = ""
            for term in names.indices {
                let value = coefficients[term * outputCount + output]
                if value == 0 { continue }
                let size = significant(abs(value), digits: digits) + (names[term] == "1" ? "" : " " + names[term])
                text += text.isEmpty ? (value < 0 ? "-" : "") + size : (value < 0 ? " - " : " + ") + size
            }
            return "\(name) = \(text.isEmpty ? "0" : text)"
        }
    }
}

/// A positive number rounded to so many significant digits.
private func significant(_ value: Double, digits: Int) -> String {
    var scale = 1.0
    while value * scale < 1, scale < 1e12 { scale *= 10 }
    while value * scale >= 10 { scale /= 10 }
    for _ in 1..<max(1, digits) { scale *= 10 }
    let rounded = (value * scale).rounded() / scale
    return rounded == rounded.rounded() && rounded < 1e15 ? "\(Int(rounded))" : "\(rounded)"
}
