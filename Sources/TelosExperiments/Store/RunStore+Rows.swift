import Foundation
import GRDB
import TelosEnvironments

extension RunStore {
    /// Stores a seed's state together with what it logged since the last time, in one transaction.
    public func write(_ seed: SeedRecord, rows: RunRows = RunRows(), run: String) throws {
        try database.write { database in
            try RunStore.write(seed, run: run, in: database)
            let points = try database.cachedStatement(
                sql: "INSERT OR REPLACE INTO points (run, seed, step, kind, value) VALUES (?, ?, ?, ?, ?)")
            for row in rows.points {
                try points.execute(arguments: [run, row.seed, row.step, row.kind.rawValue, row.value])
            }
            let terms = try database.cachedStatement(
                sql: "INSERT OR REPLACE INTO terms (run, seed, step, term, value) VALUES (?, ?, ?, ?, ?)")
            for row in rows.terms { try terms.execute(arguments: [run, row.seed, row.step, row.name, row.value]) }
            let metrics = try database.cachedStatement(
                sql: "INSERT OR REPLACE INTO metrics (run, seed, step, name, value) VALUES (?, ?, ?, ?, ?)")
            for row in rows.metrics { try metrics.execute(arguments: [run, row.seed, row.step, row.name, row.value]) }
            let evaluations = try database.cachedStatement(
                sql: """
                    INSERT OR REPLACE INTO evaluations (run, seed, step, episode, primaryReturn, length, "end")
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """)
            for row in rows.evaluations {
                try evaluations.execute(arguments: [
                    run, row.seed, row.step, row.episode, row.primaryReturn, row.length, row.end.name,
                ])
            }
        }
    }

    /// Forgets what a seed logged after `step`: what a process wrote that ended before its next checkpoint.
    public func deleteRows(run: String, seed: Int, after step: Int) throws {
        try database.write { database in
            for table in ["points", "terms", "metrics", "evaluations"] {
                try database.execute(
                    sql: "DELETE FROM \(table) WHERE run = ? AND seed = ? AND step > ?", arguments: [run, seed, step])
            }
        }
    }

    /// The seeds of a run, in ascending order.
    public func seeds(of run: String) throws -> [SeedRecord] {
        try database.read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM seeds WHERE run = ? ORDER BY seed", arguments: [run]).map {
                row in
                let terms: String = row["terms"]
                return SeedRecord(
                    seed: row["seed"], steps: row["steps"], status: SeedStatus(rawValue: row["status"]) ?? .failed,
                    seconds: row["seconds"], trainingReturn: row["trainingReturn"],
                    evaluationReturn: row["evaluationReturn"],
                    terms: (try? RunStore.decoder.decode([NamedValue].self, from: Data(terms.utf8))) ?? [],
                    weights: row["weights"], message: row["message"])
            }
        }
    }

    /// Everything a run logged, in order of seed, step and name.
    public func rows(of run: String) throws -> RunRows {
        try database.read { database in
            var rows = RunRows()
            func fetch(_ table: String, _ last: String) throws -> [Row] {
                try Row.fetchAll(
                    database, sql: "SELECT * FROM \(table) WHERE run = ? ORDER BY seed, step, \(last)",
                    arguments: [run])
            }
            rows.points = try fetch("points", "kind").map {
                CurveRow(
                    seed: $0["seed"], step: $0["step"], kind: CurveKind(rawValue: $0["kind"]) ?? .training,
                    value: $0["value"] ?? .nan)
            }
            rows.terms = try fetch("terms", "term").map {
                NamedRow(seed: $0["seed"], step: $0["step"], name: $0["term"], value: $0["value"] ?? .nan)
            }
            rows.metrics = try fetch("metrics", "name").map {
                NamedRow(seed: $0["seed"], step: $0["step"], name: $0["name"], value: $0["value"] ?? .nan)
            }
            rows.evaluations = try fetch("evaluations", "episode").map {
                let end: String = $0["end"]
                return EvaluationRow(
                    seed: $0["seed"], step: $0["step"], episode: $0["episode"],
                    primaryReturn: $0["primaryReturn"] ?? .nan, length: $0["length"],
                    end: end == "terminated" ? .terminated : end == "truncated" ? .truncated : .ongoing)
            }
            return rows
        }
    }

    static func write(_ seed: SeedRecord, run: String, in database: Database) throws {
        try database.execute(
            sql: """
                INSERT OR REPLACE INTO seeds (run, seed, steps, status, seconds, trainingReturn, evaluationReturn,
                terms, weights, message) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                run, seed.seed, seed.steps, seed.status.rawValue, seed.seconds, seed.trainingReturn,
                seed.evaluationReturn, String(decoding: try encoder.encode(seed.terms), as: UTF8.self), seed.weights,
                seed.message,
            ])
    }

    private static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return encoder
    }

    private static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return decoder
    }
}
