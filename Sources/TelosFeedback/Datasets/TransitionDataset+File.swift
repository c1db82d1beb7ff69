import Foundation
import TelosEnvironments
import TelosTensor

/// One safetensors file: float32 arrays `observations`, `actions`, `rewards`, `nextObservations`, `ends` (0 ongoing,
/// 1 terminated, 2 truncated) and, where there are any, `signals` and `nextSignals`, [rows, width] each; the metadata say
/// the format's version, the source and the names of the signals.
extension TransitionDataset {
    private static let version = 1
    private enum Key { static let (version, source, signals) = ("telos.dataset", "source", "signals") }

    /// The bytes of the file; equal datasets give equal bytes.
    public func encoded() throws -> [UInt8] {
        var file = SafeTensors(metadata: [Key.version: String(Self.version), Key.source: source])
        if !signalNames.isEmpty { file.metadata[Key.signals] = signalNames.joined(separator: " ") }
        for name in Name.allCases where width(of: name) > 0 {
            file.arrays[name.rawValue] = try StoredArray(
                .float32(columns[name]!.array), shape: [count, width(of: name)])
        }
        return file.encoded()
    }

    /// Replaces the file as a whole: whoever reads it meets the old rows or the new ones.
    /// - Throws: `FeedbackError` that names the file.
    public func write(to path: String) throws {
        let data = Data(try encoded())
        do {
            try data.write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw FeedbackError("\(path) cannot be written: \(error.localizedDescription)")
        }
    }

    /// Maps a file that `write` wrote: its header, the arrays' sizes and the ends are checked, and rows are read when used.
    /// What Minari wrote is read as a whole, where the build has HDF5: a dataset's folder, or its `main_data.hdf5`.
    /// - Throws: `FeedbackError` that names the file and what is wrong there.
    public init(contentsOf path: String) throws {
        self = try Self.isMinari(path) ? TransitionDataset(minari: path) : TransitionDataset(mapping: path)
    }

    private init(mapping path: String) throws {
        func failure(_ reason: String) -> FeedbackError { FeedbackError("\(path): \(reason)") }
        let file = try MappedFile(path)
        let index: SafeTensorsIndex
        do {
            index = try SafeTensorsIndex(size: file.bytes.count) { Array(file.bytes[$0]) }
        } catch let error as FileFormatError {
            throw failure(error.description)
        }
        guard let version = index.metadata[Key.version].flatMap(Int.init) else {
            throw failure("it is no dataset of transitions; its metadata lack \"\(Key.version)\"")
        }
        guard version <= Self.version else {
            throw failure("it was written by a newer Telos (format \(version), this one reads \(Self.version))")
        }
        let names = index.metadata[Key.signals]?.split(separator: " ").map(String.init) ?? []
        let entries = Dictionary(uniqueKeysWithValues: index.entries.map { ($0.name, $0) })
        func entry(_ name: Name) throws -> SafeTensorsIndex.Entry {
            guard let entry = entries[name.rawValue], entry.type == "F32", entry.shape.count == 2 else {
                throw failure("it needs an array '\(name.rawValue)' of float32, [rows, width]")
            }
            return entry
        }
        let (observations, actions) = (try entry(.observations), try entry(.actions))
        guard observations.shape[1] > 0, actions.shape[1] > 0 else {
            throw failure("its observations or actions have no numbers")
        }
        self.init(
            observationWidth: observations.shape[1], actionWidth: actions.shape[1], signalNames: names,
            source: index.metadata[Key.source] ?? "")
        for name in Name.allCases where width(of: name) > 0 {
            let entry = try entry(name)
            guard entry.shape == [observations.shape[0], width(of: name)] else {
                throw failure(
                    "its array '\(name.rawValue)' has the shape \(entry.shape), not "
                        + "\([observations.shape[0], width(of: name)])")
            }
            guard entry.range.lowerBound % MemoryLayout<Float>.size == 0 else {
                throw failure("its array '\(name.rawValue)' does not begin at a multiple of four bytes; pad the header")
            }
            columns[name] = DatasetColumn(width: width(of: name), in: file, at: entry.range)
        }
        guard withRows({ $0.ends.allSatisfy { [0, 1, 2].contains($0) } }) else {
            throw failure("an end of its rows is none of 0 (ongoing), 1 (terminated) and 2 (truncated)")
        }
    }
}
