import Foundation

/// What came of a search: the candidates, the best first.
public struct SearchResult: Sendable {
    public var record: SearchRecord
    public var plan: SearchPlan
    /// Where `table.csv` and `best.yaml` are.
    public var folder: String
    public var trials: [SearchTrial]

    /// Those trained furthest first, by score among them, failed ones last; the earlier of equals first.
    static func ranked(_ trials: [SearchTrial]) -> [SearchTrial] {
        trials.sorted { left, right in
            if (left.score == nil) != (right.score == nil) { return right.score == nil }
            if left.steps != right.steps { return left.steps > right.steps }
            if let first = left.score, let second = right.score, first != second { return first > second }
            return left.number < right.number
        }
    }

    /// The candidate to take; nil where every one failed.
    public var best: SearchTrial? { trials.first.flatMap { $0.score == nil ? nil : $0 } }

    public var bestPath: String { "\(folder)/best.yaml" }

    /// Writes the table, and the best candidate's experiment with every default filled in and the file's own seeds.
    func write(registries: Registries) throws {
        let header = ["rank", "candidate", "steps", "score"] + plan.space.dimensions.map(\.path) + ["message"]
        let rows = trials.enumerated().map { rank, trial in
            ["\(rank + 1)", "\(trial.number)", "\(trial.steps)", trial.score.map { "\($0)" } ?? ""]
                + trial.values.map(\.text) + [trial.message.split(whereSeparator: \.isNewline).joined(separator: " ")]
        }
        let table = ([header] + rows).map { $0.map(CSVLog.field).joined(separator: ",") + "\n" }.joined()
        try writeAtomically(Data(table.utf8), to: "\(folder)/table.csv")
        guard let best else { return }
        let experiment = try record.experiment(best.values.map { "\($0.name)=\($0.text)" }, registries: registries)
        try writeAtomically(Data(experiment.resolved.utf8), to: bestPath)
    }

    public var json: OrderedJSON {
        .object([
            ("search", .text(record.id)), ("method", .text(plan.method.rawValue)),
            ("seeds", .list(plan.seeds.map { .integer($0) })), ("folder", .text(folder)),
            ("best", best == nil ? .null : .text(bestPath)),
            (
                "candidates",
                .list(
                    trials.map { trial in
                        .object([
                            ("candidate", .integer(trial.number)), ("steps", .integer(trial.steps)),
                            ("score", .optional(trial.score)),
                            ("values", .object(trial.values.map { ($0.name, .text($0.text)) })),
                            ("message", .text(trial.message)),
                        ])
                    })
            ),
        ])
    }

    /// The ten best candidates, a line each.
    public var table: [[String]] {
        [["rank", "candidate", "steps", "score"] + plan.space.dimensions.map(\.path)]
            + trials.prefix(10).enumerated().map { rank, trial in
                ["\(rank + 1)", "\(trial.number)", readable(Double(trial.steps))]
                    + [trial.score.map(readable) ?? "failed"] + trial.values.map(\.text)
            }
    }
}

extension RunStore {
    /// Begins a search of the experiment file `source` in the store at `path`: a new identifier and a folder with what
    /// continuing needs.
    public static func createSearch(
        at path: String, name: String, source: String, overrides: [String], file: String
    ) throws -> SearchRecord {
        let folder = "\(URL(fileURLWithPath: path).standardizedFileURL.path)/searches"
        let slug = RunStore.slug(name)
        var number = 1
        while FileManager.default.fileExists(atPath: "\(folder)/\(slug)-\(number)") { number += 1 }
        let record = SearchRecord(
            id: "\(slug)-\(number)", name: name, source: source, overrides: overrides, file: file)
        do {
            try FileManager.default.createDirectory(
                atPath: "\(folder)/\(record.id)", withIntermediateDirectories: true)
        } catch {
            throw StoreError("cannot make \(folder)/\(record.id): \(error.localizedDescription)")
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        try writeAtomically(encoder.encode(record), to: "\(folder)/\(record.id)/search.json")
        return record
    }

    /// The search called `id` in the store at `path`; nil where there is none.
    public static func search(_ id: String, at path: String) throws -> SearchRecord? {
        let file = "\(URL(fileURLWithPath: path).standardizedFileURL.path)/searches/\(id)/search.json"
        guard !id.contains("/"), let data = FileManager.default.contents(atPath: file) else { return nil }
        do {
            return try JSONDecoder().decode(SearchRecord.self, from: data)
        } catch {
            throw StoreError("\(file) cannot be read: \(error)")
        }
    }
}
