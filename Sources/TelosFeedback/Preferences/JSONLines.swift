import Foundation

/// Records in a text file, one JSON object a line: preferences, segments, demonstrations. Equal records make equal
/// bytes; keys are in alphabetical order.
///
/// A preference between arms 3 and 7: `{"annotator":"ann","choice":"second","first":3,"second":7,"strength":2}`.
public enum JSONLines {
    /// - Throws: `FeedbackError` for a number that is not finite.
    public static func encode(_ records: [some Encodable]) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var data = Data()
        for (index, record) in records.enumerated() {
            do {
                data += try encoder.encode(record)
            } catch {
                throw FeedbackError("record \(index + 1) cannot be written: \(reason(error))")
            }
            data.append(0x0A)
        }
        return data
    }

    /// Reads what `encode` writes; empty lines count for nothing.
    /// - Throws: `FeedbackError` that names the line (from 1), the place in it and what is wrong there.
    public static func decode<Record: Decodable>(_ type: Record.Type, from data: Data) throws -> [Record] {
        let decoder = JSONDecoder()
        var records: [Record] = []
        for (index, line) in data.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            if line.allSatisfy({ [0x20, 0x09, 0x0D].contains($0) }) { continue }
            do {
                records.append(try decoder.decode(type, from: Data(line)))
            } catch {
                throw FeedbackError("line \(index + 1): \(reason(error))")
            }
        }
        return records
    }

    /// - Throws: `FeedbackError` that names the file.
    public static func write(_ records: [some Encodable], to path: String) throws {
        let data = try encode(records)
        do {
            try data.write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw FeedbackError("\(path) cannot be written: \(error.localizedDescription)")
        }
    }

    /// - Throws: `FeedbackError` that names the file, the line and what is wrong there.
    public static func read<Record: Decodable>(_ type: Record.Type, from path: String) throws -> [Record] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw FeedbackError("\(path) cannot be read; is it there?")
        }
        do {
            return try decode(type, from: data)
        } catch let error as FeedbackError {
            throw FeedbackError("\(path), \(error.description)")
        }
    }

    private static func reason(_ error: any Error) -> String {
        func place(_ path: [any CodingKey]) -> String {
            let text = path.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
            return text.isEmpty ? "" : "\(text.hasPrefix(".") ? String(text.dropFirst()) : text): "
        }
        switch error {
        case DecodingError.keyNotFound(let key, let context):
            return place(context.codingPath) + "\"\(key.stringValue)\" is missing"
        case DecodingError.typeMismatch(let type, let context):
            return place(context.codingPath) + "not a \(type)"
        case DecodingError.valueNotFound(let type, let context):
            return place(context.codingPath) + "null, where a \(type) is needed"
        case DecodingError.dataCorrupted(let context):
            // Foundation's words for what is no JSON at all.
            let isSyntax = context.debugDescription.hasPrefix("The given data was not valid JSON")
            return isSyntax
                ? "not a JSON object; write one a line" : place(context.codingPath) + context.debugDescription
        case EncodingError.invalidValue(let value, let context):
            return place(context.codingPath) + "\(value) is no number that JSON can write"
        default: return error.localizedDescription
        }
    }
}
