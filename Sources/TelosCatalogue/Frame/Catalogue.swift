import TelosTensor

/// The published systems.
public enum Catalogue {
    /// Every system with a claim that runs.
    public static let all: [CatalogueEntry] =
        rewardDesign + policyGradient + valueBased + explorationAndSkills + multiAgent + robustAndRiskAware
        + metaAndMultitask + bandits + offPolicyEvaluation + bayesianOptimization + preferences + imitation
        + directAlignment + languageModels + applicationEnvironments + diffusionAlignment + offline + modelBased
        + multiObjectiveAndConstrained

    /// Every system of the table, with what is known about it.
    public static let rows: [CatalogueRow] = {
        let status = Dictionary(
            uniqueKeysWithValues: all.map { ($0.slug, $0.disputed == nil ? CatalogueStatus.holds : .disputed) })
        return catalogueTable.split(separator: "\n").map { line in
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            return CatalogueRow(
                slug: fields[0], title: fields[1], family: fields[2], kind: fields[3], scope: fields[4],
                status: status[fields[0]] ?? .notYet)
        }
    }()

    /// The entry of that slug.
    /// - Throws: `CatalogueError` when there is none, naming the nearest slug.
    public static func entry(_ slug: String) throws -> CatalogueEntry {
        if let entry = all.first(where: { $0.slug == slug }) { return entry }
        if let row = rows.first(where: { $0.slug == slug }) {
            throw CatalogueError(
                "\"\(slug)\" (\(row.title)) has no claim that runs yet; \"telos catalogue\" lists those that have")
        }
        let guess = nearestName(to: slug, among: all.map(\.slug)) ?? nearestName(to: slug, among: rows.map(\.slug))
        let advice = guess.map { "did you mean \"\($0)\"?" } ?? "\"telos catalogue\" lists them"
        throw CatalogueError("there is no system \"\(slug)\" in the catalogue; \(advice)")
    }

    /// Runs the claim of a published system.
    /// - Parameters:
    ///   - seeds: the entry's default seeds where nil.
    ///   - set: parameters that differ from their defaults.
    ///   - threads: how many seeds run side by side at most; the result does not depend on it.
    /// - Throws: `CatalogueError` for an unknown slug or parameter, a value out of range, or no seeds; otherwise what
    ///   the experiment throws.
    public static func reproduce(
        slug: String, seeds: Range<Int>? = nil, set settings: [String: Double] = [:], threads: Int = 1
    ) throws -> ClaimReport {
        try entry(slug).reproduce(seeds: seeds, set: settings, threads: threads)
    }
}

/// What is known about a row of the table.
public enum CatalogueStatus: String, Sendable, Codable {
    /// Its claim runs and holds at the defaults.
    case holds
    /// Its claim runs and what was measured differs from what was published.
    case disputed
    /// It has no claim that runs.
    case notYet = "not yet"
}

/// A row of the table of published systems.
public struct CatalogueRow: Sendable, Codable, Hashable {
    public var slug: String
    public var title: String
    public var family: String
    public var kind: String
    public var scope: String
    public var status: CatalogueStatus
}
