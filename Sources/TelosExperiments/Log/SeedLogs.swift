import Foundation

/// The log files of one seed, which follow the database's tables row by row.
///
/// Rows are appended when the tables get them and flushed before a checkpoint; continuing from a checkpoint cuts each
/// file back to it, so a resumed run's files hold what an uninterrupted run's hold, but for TensorBoard's wall times.
struct SeedLogs {
    private let formats: [LogFormat]
    private let folder: String
    private let seed: Int
    private var handles: [FileHandle] = []

    /// - folder: the run's.
    init(_ formats: [LogFormat], folder: String, seed: Int) {
        self.formats = formats
        self.folder = folder
        self.seed = seed
    }

    var isEmpty: Bool { formats.isEmpty }

    /// Opens the files as they were when they held `count` numbers.
    /// - rows: what the tables held then, for a file that is missing or damaged.
    mutating func open(count: Int, rows: RunRows) throws {
        handles = try formats.map { format in
            let path = "\(folder)/\(format.path(seed: seed))"
            let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
            try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
            let present = FileManager.default.contents(atPath: path).map { [UInt8]($0) }
            let time = Date().timeIntervalSince1970
            let kept =
                present.flatMap { format.prefix(of: $0, count: count) }
                ?? format.header(time: time) + format.encoded(rows.scalars, time: time)
            if present != kept { try writeAtomically(Data(kept), to: path) }
            guard let handle = FileHandle(forWritingAtPath: path) else {
                throw StoreError("cannot write \(path): check its permissions")
            }
            try handle.seekToEnd()
            return handle
        }
    }

    func append(_ rows: RunRows) throws {
        guard !handles.isEmpty else { return }
        let scalars = rows.scalars
        guard !scalars.isEmpty else { return }
        let time = Date().timeIntervalSince1970
        for (format, handle) in zip(formats, handles) {
            try handle.write(contentsOf: Data(format.encoded(scalars, time: time)))
        }
    }

    /// Returns once everything appended is on the disk.
    func synchronize() throws {
        for handle in handles { try handle.synchronize() }
    }
}
