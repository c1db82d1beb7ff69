import CTelosKernels

/// The memory of a model (or any container of tensors): programs read it and update it in place.
///
/// `traced` is the model to write computations with. `value` is a copy of what it holds now, as a model of constants.
/// All values lie in one block, in the order of visiting, each from a 64-byte boundary.
public final class Parameters<Model: TensorContainer> {
    public let traced: Model
    public let names: [String]
    public let shapes: [[Int]]
    let block: Buffer<Float>
    private let offsets: [Int]

    /// Copies the values of `model`; throws where they cannot be computed.
    public init(_ model: Model) throws {
        let tensors = model.tensors
        let names = model.tensorNames
        self.names = names
        shapes = tensors.map(\.shape)
        var end = 0
        var offsets: [Int] = []
        for tensor in tensors {
            offsets.append(end)
            end += (tensor.count + 15) / 16 * 16 + 16
        }
        let block = Buffer<Float>(count: Swift.max(end, 1), repeating: 0)
        let program = try Program(inputs: [], outputs: tensors)
        program.run()
        withExtendedLifetime(program) {
            for (index, offset) in offsets.enumerated() {
                (block.pointer + offset).update(from: program.output(index).baseAddress!, count: tensors[index].count)
            }
        }
        traced = model.replacingTensors(
            tensors.indices.map { index in
                var origin = tensors[index].node.origin
                origin.name = names[index]
                return Tensor(
                    Node(
                        .variable, shape: tensors[index].shape, memory: block, memoryOffset: offsets[index],
                        origin: origin))
            })
        self.block = block
        self.offsets = offsets
    }

    public func values(_ index: Int) -> UnsafeMutableBufferPointer<Float> {
        block.rows(from: offsets[index], count: shapes[index].reduce(1, *))
    }

    /// The number of floats, padding not counted.
    public var count: Int { shapes.reduce(0) { $0 + $1.reduce(1, *) } }

    /// What it holds now.
    public var value: Model {
        traced.replacingTensors(shapes.indices.map { Tensor(Array(values($0)), shape: shapes[$0]) })
    }

    /// Takes over all values of another block of the same shapes.
    public func copy(from other: Parameters<Model>) {
        precondition(shapes == other.shapes, "parameters of different shapes")
        block.pointer.update(from: other.block.pointer, count: block.count)
    }

    /// FNV-1a over the bytes of every value in order.
    public var hash: UInt64 {
        shapes.indices.reduce(0xCBF2_9CE4_8422_2325) { hash, index in
            let values = values(index)
            return telos_hash(values.baseAddress, values.count * MemoryLayout<Float>.size, hash)
        }
    }
}

extension Program.Update {
    /// One update for each tensor of a container, in the order of visiting.
    public static func all<Model: TensorContainer>(_ variables: Model, to values: Model) -> [Program.Update] {
        zip(variables.tensors, values.tensors).map { Program.Update($0, to: $1) }
    }
}
