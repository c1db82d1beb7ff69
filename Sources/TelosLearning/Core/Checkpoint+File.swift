import Foundation
import TelosTensor

extension Checkpoint {
    /// One safetensors file: the arrays as float32, the texts as metadata.
    public func encoded() throws -> Data {
        var file = SafeTensors(metadata: texts)
        file.metadata["telos.version"] = String(Self.version)
        for (name, array) in arrays {
            file.arrays[name] = try StoredArray(.float32(array.values), shape: array.shape)
        }
        return Data(file.encoded())
    }

    /// Reads `encoded()`'s form; throws `CheckpointError` for anything else, without trapping.
    public init(decoding data: Data) throws {
        let file: SafeTensors
        do {
            file = try SafeTensors(decoding: [UInt8](data))
        } catch let error as FileFormatError {
            throw CheckpointError(error.reason)
        }
        self.init()
        texts = file.metadata
        if let version = texts.removeValue(forKey: "telos.version"), let number = Int(version), number > Self.version {
            throw CheckpointError("it was written by a newer Telos (format \(number), this one reads \(Self.version))")
        }
        for (name, array) in file.arrays {
            guard case .float32(let values) = array.values else {
                throw CheckpointError("its array '\(name)' is not of float32")
            }
            arrays[name] = Array(shape: array.shape, values: values)
        }
    }
}
