import Foundation

extension Checkpoint {
    /// The safetensors form: header length (64-bit little-endian), JSON header, float32 data in order of name.
    public func encoded() throws -> Data {
        var header: [String: Any] = [:]
        var metadata = texts
        metadata["telos.version"] = String(Self.version)
        header["__metadata__"] = metadata
        var offset = 0
        let names = arrays.keys.sorted()
        for name in names {
            let array = arrays[name]!
            let bytes = array.values.count * 4
            header[name] =
                ["dtype": "F32", "shape": array.shape, "data_offsets": [offset, offset + bytes]] as [String: Any]
            offset += bytes
        }
        var text = try JSONSerialization.data(withJSONObject: header, options: [.sortedKeys, .withoutEscapingSlashes])
        while (text.count + 8) % 8 != 0 { text.append(0x20) }
        var data = Data(capacity: 8 + text.count + offset)
        withUnsafeBytes(of: UInt64(text.count).littleEndian) { data.append(contentsOf: $0) }
        data.append(text)
        for name in names {
            arrays[name]!.values.withUnsafeBytes { data.append(contentsOf: $0) }
        }
        return data
    }

    /// Reads `encoded()`'s form; throws `CheckpointError` for anything else, without trapping.
    public init(decoding data: Data) throws {
        guard data.count >= 8 else { throw CheckpointError("it is only \(data.count) bytes long") }
        let length = data.prefix(8).enumerated().reduce(UInt64(0)) {
            $0 | UInt64($1.element) << (8 * UInt64($1.offset))
        }
        guard length <= UInt64(data.count - 8) else { throw CheckpointError("its header is cut short") }
        let body = data.startIndex + 8 + Int(length)
        guard
            let header = try? JSONSerialization.jsonObject(with: data[(data.startIndex + 8)..<body]) as? [String: Any]
        else { throw CheckpointError("its header is not JSON") }
        self.init()
        texts = header["__metadata__"] as? [String: String] ?? [:]
        if let version = texts.removeValue(forKey: "telos.version"), let number = Int(version), number > Self.version {
            throw CheckpointError("it was written by a newer Telos (format \(number), this one reads \(Self.version))")
        }
        for (name, entry) in header where name != "__metadata__" {
            guard let entry = entry as? [String: Any], entry["dtype"] as? String == "F32",
                let shape = entry["shape"] as? [Int], let offsets = entry["data_offsets"] as? [Int], offsets.count == 2,
                offsets[0] >= 0, offsets[1] >= offsets[0], offsets[1] <= data.endIndex - body,
                shape.allSatisfy({ $0 >= 0 }), shape.reduce(1, *) * 4 == offsets[1] - offsets[0]
            else { throw CheckpointError("its array '\(name)' is not a readable float32 array") }
            let values = [Float](unsafeUninitializedCapacity: (offsets[1] - offsets[0]) / 4) { buffer, count in
                count = buffer.count
                _ = data.copyBytes(to: buffer, from: (body + offsets[0])..<(body + offsets[1]))
            }
            arrays[name] = Array(shape: shape, values: values)
        }
    }
}
