/// Arrays by name in NumPy's .npz form: a zip archive of .npy files.
public struct NumPyArchive: Sendable, Hashable {
    public var arrays: [String: StoredArray]

    public init(arrays: [String: StoredArray] = [:]) { self.arrays = arrays }

    public subscript(name: String) -> StoredArray? {
        get { arrays[name] }
        set { arrays[name] = newValue }
    }

    /// The array of that name.
    /// - Throws: an error that lists the names there are, where there is none.
    public func array(_ name: String) throws -> StoredArray {
        if let array = arrays[name] { return array }
        let names = arrays.keys.sorted()
        let hint = nearestName(to: name, among: names).map { "; did you mean '\($0)'?" } ?? ""
        throw FileFormatError(
            "NumPy archive", "it has no array '\(name)', but \(names.map { "'\($0)'" }.joined(separator: ", "))\(hint)")
    }

    /// The bytes of a .npz file: arrays in order of name, not compressed.
    /// - Throws: where it would exceed 4 GiB.
    public func encoded() throws -> [UInt8] {
        try ZipArchive(
            entries: arrays.sorted { $0.key < $1.key }.map {
                .init(name: $0.key + ".npy", bytes: $0.value.numPyEncoded())
            }
        ).encoded()
    }

    /// Reads the bytes of a .npz file, compressed or not.
    /// - Throws: `FileFormatError` for anything else.
    public init(decoding bytes: [UInt8]) throws {
        arrays = [:]
        for entry in try ZipArchive(decoding: bytes).entries {
            guard entry.name.hasSuffix(".npy") else {
                throw FileFormatError("NumPy archive", "its entry '\(entry.name)' is not a .npy file")
            }
            let name = String(entry.name.dropLast(4))
            do {
                arrays[name] = try StoredArray(numPy: entry.bytes)
            } catch let error as FileFormatError {
                throw FileFormatError("NumPy archive", "its array '\(name)': \(error.reason)")
            }
        }
    }
}
