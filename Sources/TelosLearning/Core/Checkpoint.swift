import Foundation

/// All of a learner's state as one value: float tensors by name, and everything else as JSON by name.
///
/// On disk it is one safetensors file: the tensors, with the JSON texts as its `__metadata__`.
public struct Checkpoint: Sendable, Hashable {
    public struct Array: Sendable, Hashable {
        public var shape: [Int]
        public var values: [Float]
        public init(shape: [Int], values: [Float]) {
            self.shape = shape
            self.values = values
        }
    }

    public static let version = 1
    public var arrays: [String: Array] = [:]
    public var texts: [String: String] = [:]

    public init() {}

    /// Stores any Codable value under `name`; numbers keep every bit.
    public mutating func store(_ value: some Encodable, as name: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        texts[name] = String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    public func load<Value: Decodable>(_ type: Value.Type = Value.self, from name: String) throws -> Value {
        guard let text = texts[name] else { throw CheckpointError("it has no '\(name)'") }
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        do {
            return try decoder.decode(type, from: Data(text.utf8))
        } catch {
            throw CheckpointError("its '\(name)' cannot be read: \(error)")
        }
    }

    public func array(_ name: String, count: Int) throws -> [Float] {
        guard let array = arrays[name] else { throw CheckpointError("it has no array '\(name)'") }
        guard array.values.count == count else {
            throw CheckpointError("its array '\(name)' has \(array.values.count) values where \(count) are needed")
        }
        return array.values
    }
}

/// Why a checkpoint cannot be read or does not fit.
public struct CheckpointError: Error, Sendable, Hashable, CustomStringConvertible {
    public var reason: String
    public init(_ reason: String) { self.reason = reason }
    public var description: String { "this checkpoint cannot be used: \(reason)" }
}
