import Foundation
import TelosEvaluation
import TelosTensor

/// What `reproduce` gives: the claim, what was measured, and the verdict. Encodes to the documented JSON.
public struct ClaimReport: Sendable, Codable {
    public struct Arm: Sendable, Codable, Hashable {
        public var name: String
        public var role: ClaimRole
        public var metric: String
        /// A value a seed.
        public var values: [Double]
        /// The interquartile mean over seeds, and its 95% bootstrap interval.
        public var iqm: Double
        public var lower: Double
        public var upper: Double
    }

    public struct Test: Sendable, Codable, Hashable {
        public var name: String
        public var statistic: Double
        public var threshold: Double
        public var passed: Bool
        /// Which side of the threshold is right; nil in a report that was read back.
        public var comparison: ClaimComparison?

        private enum CodingKeys: String, CodingKey { case name, statistic, threshold, passed }
    }

    public var slug: String
    public var title: String
    public var claim: String
    public var verdict: ClaimVerdict
    /// Wall-clock time of the experiment.
    public var seconds: Double
    public var parameters: [String: Double]
    public var arms: [Arm]
    public var tests: [Test]
    /// Remarks, and the evidence where the verdict is `disputed`; empty in a report that was read back.
    public var notes: [String] = []

    private enum CodingKeys: String, CodingKey { case slug, title, claim, verdict, seconds, parameters, arms, tests }

    /// The report as the documented JSON. A statistic that is no finite number is written as "inf", "-inf" or "nan".
    public func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}

extension CatalogueEntry {
    /// Every parameter's value: `settings`, and the defaults of the others.
    /// - Throws: `CatalogueError` for a parameter the entry does not have, or a value out of its range.
    public func parameterValues(set settings: [String: Double]) throws -> [String: Double] {
        var values = Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.default) })
        for (name, value) in settings.sorted(by: { $0.key < $1.key }) {
            guard let parameter = parameters.first(where: { $0.name == name }) else {
                let names = parameters.map(\.name)
                let advice =
                    nearestName(to: name, among: names).map { "did you mean \"\($0)\"?" }
                    ?? "it has " + names.joined(separator: ", ")
                throw CatalogueError("\(slug) has no parameter \"\(name)\"; \(advice)")
            }
            let range = parameter.range
            let isWhole = value.rounded() == value
            guard range.contains(value), isWhole || !parameter.isWhole else {
                let kind = parameter.isWhole ? "a whole number" : "a number"
                throw CatalogueError(
                    "\(slug): \(name) is \(shortNumber(value)); write \(kind) from \(shortNumber(range.lowerBound)) to "
                        + shortNumber(range.upperBound))
            }
            values[name] = value
        }
        return values
    }

    /// Runs the claim; see `Catalogue.reproduce`.
    public func reproduce(
        seeds: Range<Int>? = nil, set settings: [String: Double] = [:], threads: Int = 1
    ) throws -> ClaimReport {
        let values = try parameterValues(set: settings)
        let seeds = Array(seeds ?? defaultSeeds)
        guard !seeds.isEmpty else {
            throw CatalogueError("\(slug): the range of seeds is empty; write for example 0..9")
        }
        guard threads > 0 else { throw CatalogueError("\(slug): the number of threads is \(threads); write 1 or more") }
        let clock = ContinuousClock()
        let begin = clock.now
        let outcome = try run(ClaimContext(slug: slug, parameters: values, seeds: seeds, threads: threads))
        let duration = begin.duration(to: clock.now).components
        return try report(
            outcome, parameters: values,
            seconds: Double(duration.seconds) + Double(duration.attoseconds) * 1e-18)
    }

    /// The report of an outcome: intervals, and `holds` where there are tests and all passed.
    func report(_ outcome: ClaimOutcome, parameters: [String: Double], seconds: Double) throws -> ClaimReport {
        let arms = try outcome.arms.map { arm in
            let interval = try bootstrapInterval(
                of: .interquartileMean, arm.values, key: RandomKey(seed: 0).derived(slug).derived(arm.name))
            return ClaimReport.Arm(
                name: arm.name, role: arm.role, metric: arm.metric, values: arm.values, iqm: interval.point,
                lower: interval.lower, upper: interval.upper)
        }
        let tests = outcome.tests.map {
            ClaimReport.Test(
                name: $0.name, statistic: $0.statistic, threshold: $0.threshold, passed: $0.passed,
                comparison: $0.comparison)
        }
        let verdict: ClaimVerdict = disputed != nil ? .disputed : outcome.holds ? .holds : .fails
        return ClaimReport(
            slug: slug, title: title, claim: claim, verdict: verdict, seconds: seconds, parameters: parameters,
            arms: arms, tests: tests, notes: outcome.notes + (disputed.map { [$0] } ?? []))
    }
}

/// A number as people write it: few digits, no trailing zeros.
func shortNumber(_ value: Double) -> String {
    if value.isFinite, value.rounded() == value, abs(value) < 1e6 { return String(Int(value)) }
    return String(format: "%.4g", value)
}
