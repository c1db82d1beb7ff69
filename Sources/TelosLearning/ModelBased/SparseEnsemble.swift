import TelosTensor

/// Sparse models fitted to resampled rows and, on request, to subsets of the library: their median is steadier than one
/// fit, and their spread tells what is not known.
///
///     Var y_j(x) = theta(x) Cov(Xi_j) theta(x)'
///
/// (Fasel, Kutz, Brunton and Brunton, *Ensemble-SINDy: robust sparse model discovery in the low-data, high-noise limit, with
/// active learning and control*, 2022.)
public struct SparseEnsemble: Sendable {
    public struct Options: Sendable, Hashable {
        public var regression = SparseRegression()
        /// Fits. More make a steadier median; each costs as much as the first.
        public var memberCount = 20
        /// Whether a member sees as many rows as there are, drawn with replacement; otherwise all of them once.
        public var resamplesRows = true
        /// Terms that a member may not use, drawn anew for each: 0 keeps the library whole.
        public var droppedTerms = 0

        public init() {}
    }

    public let library: FeatureLibrary
    public let outputCount: Int
    /// Xi of each member, terms x outputs.
    public let members: [[Double]]

    /// Fits to rows of inputs and outputs.
    /// - Throws: `LinearAlgebraError` where sizes do not fit or a fit fails: a positive ridge prevents the latter.
    public init(
        _ library: FeatureLibrary, inputs: [Double], outputs: [Double], outputCount: Int, options: Options = Options(),
        using random: inout RandomStream
    ) throws {
        guard options.memberCount > 0, options.droppedTerms >= 0, options.droppedTerms < library.count else {
            throw LinearAlgebraError(
                "a sparse ensemble needs a member or more, and terms left of its \(library.count); not "
                    + "\(options.memberCount) members without \(options.droppedTerms) terms")
        }
        let features = library(inputs)
        let rows = features.count / library.count
        guard rows > 0, outputs.count == rows * outputCount else {
            throw LinearAlgebraError("a sparse ensemble: \(outputs.count) outputs do not form \(rows) rows")
        }
        members = try (0..<options.memberCount).map { _ in
            let drawn = options.resamplesRows ? (0..<rows).map { _ in random.index(below: rows) } : Array(0..<rows)
            var candidates = Array(0..<library.count)
            for _ in 0..<options.droppedTerms { candidates.remove(at: random.index(below: candidates.count)) }
            return try options.regression.fit(
                features: drawn.flatMap { features[($0 * library.count)..<(($0 + 1) * library.count)] },
                targets: drawn.flatMap { outputs[($0 * outputCount)..<(($0 + 1) * outputCount)] }, rows: rows,
                targetCount: outputCount, candidates: candidates)
        }
        self.library = library
        self.outputCount = outputCount
    }

    /// The median of every coefficient over members: zero where half of them dropped the term.
    public var median: SparseModel {
        combined { values in
            let sorted = values.sorted()
            let middle = sorted.count / 2
            return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
        }
    }

    /// The mean of every coefficient over members.
    public var mean: SparseModel { combined { $0.reduce(0, +) / Double($0.count) } }

    private func combined(_ statistic: ([Double]) -> Double) -> SparseModel {
        SparseModel(
            library: library,
            coefficients: members[0].indices.map { index in statistic(members.map { $0[index] }) },
            outputCount: outputCount)
    }

    /// The share of members that kept each coefficient.
    public var inclusion: [Double] {
        members[0].indices.map { index in Double(members.count { $0[index] != 0 }) / Double(members.count) }
    }

    /// Variance over members of each output, a row for each row of x; divisor: the number of members.
    public func variance(at rows: [Double]) -> [Double] {
        let predictions = members.map {
            SparseModel(library: library, coefficients: $0, outputCount: outputCount)(rows)
        }
        return predictions[0].indices.map { index in
            meanAndDeviation(predictions.map { $0[index] }).deviation
        }.map { $0 * $0 }
    }
}
