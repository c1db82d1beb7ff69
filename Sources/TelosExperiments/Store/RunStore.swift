import Foundation
import GRDB
import TelosLearning
import TelosTensor

/// Where runs live: a SQLite file `telos.sqlite` for what they log, and a folder `runs/ID` for each one's files
/// (`experiment.yaml`, a checkpoint a seed, `report.html`).
///
/// Several processes may use one store at once: writers wait for one another, readers are never blocked, and a run is
/// trained by one process at a time.
public final class RunStore: Sendable {
    public static let defaultPath = ".telos"
    /// The form of what is stored in a run, checked when one is continued.
    public static let formatVersion = 1

    /// The store's folder, absolute.
    public let path: String
    let database: DatabaseQueue

    /// Opens the store in the folder `path`.
    /// - create: make it where there is none; otherwise a missing store is an error.
    public init(path: String = RunStore.defaultPath, create: Bool = true) throws {
        self.path = URL(fileURLWithPath: path).standardizedFileURL.path
        let file = "\(self.path)/telos.sqlite"
        if !create, !FileManager.default.fileExists(atPath: file) {
            throw StoreError(
                "there is no run store at \(self.path): name the right folder with --store, or train with 'telos run'")
        }
        do {
            try FileManager.default.createDirectory(atPath: "\(self.path)/runs", withIntermediateDirectories: true)
        } catch {
            throw StoreError("cannot make a run store at \(self.path): \(error.localizedDescription)")
        }
        var configuration = Configuration()
        configuration.journalMode = .wal
        configuration.busyMode = .timeout(60)
        configuration.foreignKeysEnabled = true
        // A checkpoint is flushed to the disk right after the rows it follows; the rows must be there no later.
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        // Turning on the write-ahead log and migrating are the two things SQLite does not make others wait for.
        let lock = try FileLock(path: "\(self.path)/lock", wait: true)
        defer { withExtendedLifetime(lock) {} }
        do {
            database = try DatabaseQueue(path: file, configuration: configuration)
            let migrator = RunStore.migrator
            if try database.read({ try migrator.hasBeenSuperseded($0) }) {
                throw StoreError("the run store at \(self.path) was written by a newer Telos: update this one")
            }
            try migrator.migrate(database)
        } catch let error as DatabaseError {
            throw StoreError("the run store at \(self.path) cannot be opened: \(error.message ?? "\(error)")")
        }
    }

    // MARK: - Files

    public func folder(of run: String) -> String { "\(path)/runs/\(run)" }
    public func reportPath(of run: String) -> String { "\(folder(of: run))/report.html" }

    public func writeReport(_ html: String, run: String) throws { try write(page: html, to: reportPath(of: run)) }

    func write(page html: String, to path: String) throws { try writeAtomically(Data(html.utf8), to: path) }

    /// Holds the run for this process until released; nil where another process is training it.
    func lock(run: String) throws -> FileLock? { try FileLock(path: "\(folder(of: run))/lock", wait: false) }

    // MARK: - Runs

    /// Begins a run: a new identifier, a row, a waiting row a seed, a folder with the experiment file.
    public func createRun(
        name: String, environment: String, learner: String, source: String, resolved: String, seeds: [Int]
    ) throws -> RunRecord {
        let slug = RunStore.slug(name)
        let created = Date().formatted(.iso8601)
        let record = try database.write { database in
            let last = try Int.fetchOne(database, sql: "SELECT MAX(number) FROM runs WHERE slug = ?", arguments: [slug])
            // A folder without a row is what a process leaves that ended between the two; its number is not reused.
            var number = (last ?? 0) + 1
            while FileManager.default.fileExists(atPath: folder(of: "\(slug)-\(number)")) { number += 1 }
            let record = RunRecord(
                id: "\(slug)-\(number)", name: name, created: created, status: .running, environment: environment,
                learner: learner, source: source, resolved: resolved, formatVersion: RunStore.formatVersion,
                seeds: seeds)
            try FileManager.default.createDirectory(atPath: folder(of: record.id), withIntermediateDirectories: true)
            try database.execute(
                sql: """
                    INSERT INTO runs (id, name, slug, number, created, status, environment, learner, source, resolved,
                    formatVersion) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    record.id, name, slug, number, created, record.status.rawValue, environment, learner, source,
                    resolved, record.formatVersion,
                ])
            for seed in seeds { try RunStore.write(SeedRecord(seed: seed), run: record.id, in: database) }
            return record
        }
        try writeAtomically(Data(resolved.utf8), to: "\(folder(of: record.id))/experiment.yaml")
        return record
    }

    /// Every run, oldest first.
    public func runs() throws -> [RunRecord] {
        try database.read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM runs ORDER BY rowid").map {
                try RunStore.record($0, in: database)
            }
        }
    }

    /// The run called `id`; throws with the nearest name where there is none.
    public func run(_ id: String) throws -> RunRecord {
        let found = try database.read { database in
            try Row.fetchOne(database, sql: "SELECT * FROM runs WHERE id = ?", arguments: [id]).map {
                try RunStore.record($0, in: database)
            }
        }
        if let found { return found }
        let names = try database.read { try String.fetchAll($0, sql: "SELECT id FROM runs ORDER BY rowid") }
        var message = "there is no run '\(id)' in \(path)"
        if let near = nearestName(to: id, among: names) {
            message += "; did you mean '\(near)'?"
        } else if names.isEmpty {
            message += ", which has no runs yet"
        } else {
            message += "; the latest are \(names.suffix(5).reversed().joined(separator: ", "))"
        }
        throw StoreError(message)
    }

    public func setStatus(_ status: RunStatus, run: String) throws {
        try database.write {
            try $0.execute(sql: "UPDATE runs SET status = ? WHERE id = ?", arguments: [status.rawValue, run])
        }
    }

    private static func record(_ row: Row, in database: Database) throws -> RunRecord {
        let id: String = row["id"]
        let seeds = try Int.fetchAll(
            database, sql: "SELECT seed FROM seeds WHERE run = ? ORDER BY seed", arguments: [id])
        return RunRecord(
            id: id, name: row["name"], created: row["created"],
            status: RunStatus(rawValue: row["status"]) ?? .failed, environment: row["environment"],
            learner: row["learner"], source: row["source"], resolved: row["resolved"],
            formatVersion: row["formatVersion"], seeds: seeds)
    }

    /// `name` in lower-case letters, digits and single hyphens: `MountainCar PPO` is `mountain-car-ppo`.
    static func slug(_ name: String) -> String {
        var result = ""
        var previous: Character = "-"
        for character in name {
            if character.isUppercase, previous.isLowercase || previous.isNumber { result.append("-") }
            if character.isASCII, character.isLetter || character.isNumber {
                result += character.lowercased()
            } else if !result.isEmpty, result.last != "-" {
                result.append("-")
            }
            previous = character
        }
        while result.last == "-" { result.removeLast() }
        return result.isEmpty ? "run" : String(result.prefix(60))
    }
}
