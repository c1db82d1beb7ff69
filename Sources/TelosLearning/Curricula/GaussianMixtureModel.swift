import CTelosKernels
import TelosTensor

/// A density as a sum of normals with full covariances, fitted to points by expectation maximisation.
///
/// p(x) = sum_k w_k N(x; m_k, S_k). (Dempster, Laird and Rubin, *Maximum likelihood from incomplete data via the EM
/// algorithm*, 1977.)
public struct GaussianMixtureModel: Sendable {
    public let dimension: Int
    /// w_k, with sum 1.
    public private(set) var weights: [Double]
    /// m_k.
    public private(set) var means: [[Double]]
    /// S_k, row by row.
    public private(set) var covariances: [[Double]]
    /// sum over the fitted points of log p.
    public private(set) var logLikelihood: Double

    public var componentCount: Int { weights.count }

    /// k (d + d (d + 1) / 2) + k - 1.
    public var parameterCount: Int { componentCount * (dimension + dimension * (dimension + 1) / 2 + 1) - 1 }

    /// 2 parameters - 2 log likelihood: lower is better. (Akaike, *A new look at the statistical model identification*,
    /// 1974.)
    public var akaikeCriterion: Double { 2 * Double(parameterCount) - 2 * logLikelihood }

    /// The parts of a component's density that its points share.
    private struct Density {
        let mean: [Double]
        let lower: [Double]
        let constant: Double

        init(_ mean: [Double], _ covariance: [Double], weight: Double) throws {
            let factorization = try CholeskyFactorization(covariance)
            self.mean = mean
            lower = factorization.lower
            constant =
                telos_log64(weight)
                - 0.5 * (Double(mean.count) * telos_log64(2 * Double.pi) + factorization.logDeterminant)
        }

        /// log (w N(x; m, S)) for the point at `start`.
        func log(_ points: [Double], _ start: Int, _ scratch: inout [Double]) -> Double {
            var squares = 0.0
            let count = mean.count
            for row in 0..<count {
                var value = points[start + row] - mean[row]
                for column in 0..<row { value -= lower[row * count + column] * scratch[column] }
                scratch[row] = value / lower[row * count + row]
                squares += scratch[row] * scratch[row]
            }
            return constant - 0.5 * squares
        }
    }

    /// The mixture that expectation maximisation reaches from the clusters of k-means.
    /// - Parameters:
    ///   - points: a row of `dimension` numbers each, one after another; at least as many rows as components.
    ///   - ridge: added to the variances, so that points on a line have a density.
    ///   - tolerance: stops when the mean log likelihood rises by less.
    /// - Throws: `LinearAlgebraError` for points that do not fit or are not finite, or a covariance that is singular
    ///   all the same.
    public init(
        fitting points: [Double], dimension: Int, components: Int, ridge: Double = 1e-6, tolerance: Double = 1e-3,
        maximumIterations: Int = 50, using random: inout RandomStream
    ) throws {
        guard dimension > 0, components > 0, points.count % dimension == 0, points.count >= components * dimension,
            points.allSatisfy(\.isFinite)
        else {
            throw LinearAlgebraError(
                "\(components) normals need as many finite points of \(dimension) numbers; there are \(points.count) "
                    + "numbers")
        }
        self.dimension = dimension
        let count = points.count / dimension
        weights = []
        means = []
        covariances = []
        logLikelihood = -.infinity
        // Shares of every component in every point, [points, components].
        var shares = Self.clusterShares(points, dimension, components, &random)
        var scratch = [Double](repeating: 0, count: dimension)
        for _ in 0..<max(1, maximumIterations) {
            maximize(points, shares, ridge)
            let densities = try zip(means, zip(covariances, weights)).map { try Density($0, $1.0, weight: $1.1) }
            var total = 0.0
            for point in 0..<count {
                let row = point * components
                var largest = -Double.infinity
                for k in 0..<components {
                    shares[row + k] = densities[k].log(points, point * dimension, &scratch)
                    largest = max(largest, shares[row + k])
                }
                var sum = 0.0
                for k in 0..<components {
                    shares[row + k] = telos_exp64(shares[row + k] - largest)
                    sum += shares[row + k]
                }
                for k in 0..<components { shares[row + k] /= sum }
                total += largest + telos_log64(sum)
            }
            let rise = (total - logLikelihood) / Double(count)
            logLikelihood = total
            if abs(rise) < tolerance { break }
        }
    }

    /// Weights, means and covariances from shares.
    private mutating func maximize(_ points: [Double], _ shares: [Double], _ ridge: Double) {
        let count = points.count / dimension
        let components = shares.count / count
        weights = []
        means = []
        covariances = []
        for k in 0..<components {
            var mass = 1e-10
            var mean = [Double](repeating: 0, count: dimension)
            for point in 0..<count {
                let share = shares[point * components + k]
                mass += share
                for axis in 0..<dimension { mean[axis] += share * points[point * dimension + axis] }
            }
            for axis in 0..<dimension { mean[axis] /= mass }
            var covariance = [Double](repeating: 0, count: dimension * dimension)
            for point in 0..<count {
                let share = shares[point * components + k]
                if share < 1e-12 { continue }
                for row in 0..<dimension {
                    let difference = share * (points[point * dimension + row] - mean[row])
                    for column in 0...row {
                        covariance[row * dimension + column] +=
                            difference * (points[point * dimension + column] - mean[column])
                    }
                }
            }
            for row in 0..<dimension {
                for column in 0...row {
                    covariance[row * dimension + column] /= mass
                    covariance[column * dimension + row] = covariance[row * dimension + column]
                }
                covariance[row * dimension + row] += ridge
            }
            weights.append(mass / Double(count))
            means.append(mean)
            covariances.append(covariance)
        }
        let total = weights.reduce(0, +)
        weights = weights.map { $0 / total }
    }

    /// Ten rounds of k-means from points drawn without repetition, as shares of 0 and 1.
    private static func clusterShares(
        _ points: [Double], _ dimension: Int, _ components: Int, _ random: inout RandomStream
    ) -> [Double] {
        let count = points.count / dimension
        var order = Array(0..<count)
        for position in 0..<components { order.swapAt(position, position + random.index(below: count - position)) }
        var centers = order.prefix(components).flatMap { points[($0 * dimension)..<(($0 + 1) * dimension)] }
        var nearest = [Int](repeating: 0, count: count)
        for _ in 0..<10 {
            for point in 0..<count {
                var least = Double.infinity
                for k in 0..<components {
                    var distance = 0.0
                    for axis in 0..<dimension {
                        let difference = points[point * dimension + axis] - centers[k * dimension + axis]
                        distance += difference * difference
                    }
                    if distance < least { (least, nearest[point]) = (distance, k) }
                }
            }
            var sums = [Double](repeating: 0, count: centers.count)
            var counts = [Double](repeating: 0, count: components)
            for point in 0..<count {
                counts[nearest[point]] += 1
                for axis in 0..<dimension {
                    sums[nearest[point] * dimension + axis] += points[point * dimension + axis]
                }
            }
            for k in 0..<components where counts[k] > 0 {
                for axis in 0..<dimension { centers[k * dimension + axis] = sums[k * dimension + axis] / counts[k] }
            }
        }
        var shares = [Double](repeating: 0, count: count * components)
        for point in 0..<count { shares[point * components + nearest[point]] = 1 }
        return shares
    }

    /// log p(x).
    public func logDensity(of x: [Double]) throws -> Double {
        var scratch = x
        let terms = try (0..<componentCount).map {
            try Density(means[$0], covariances[$0], weight: weights[$0]).log(x, 0, &scratch)
        }
        let largest = terms.max() ?? -.infinity
        return largest + telos_log64(terms.reduce(0) { $0 + telos_exp64($1 - largest) })
    }

    /// A draw from one of the normals.
    public func sample(component: Int, using random: inout RandomStream) throws -> [Double] {
        let lower = try CholeskyFactorization(covariances[component]).lower
        let noise = (0..<dimension).map { _ in random.normal() }
        return (0..<dimension).map { row in
            (0...row).reduce(means[component][row]) { $0 + lower[row * dimension + $1] * noise[$1] }
        }
    }
}
