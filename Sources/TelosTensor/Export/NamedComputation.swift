/// A tensor that goes into a computation or comes out of it, as other programs are told of it.
public struct NamedTensor {
    /// An identifier: letters, digits and underscores.
    public var name: String
    public var tensor: Tensor
    /// What it holds, on one line.
    public var summary: String

    public init(_ name: String, _ tensor: Tensor, _ summary: String) {
        self.name = name
        self.tensor = tensor
        self.summary = summary
    }
}

/// A traced computation with a name for everything that goes in and comes out: what is written as ONNX or C.
public struct NamedComputation {
    /// Placeholders.
    public var inputs: [NamedTensor]
    public var outputs: [NamedTensor]

    public init(inputs: [NamedTensor], outputs: [NamedTensor]) {
        self.inputs = inputs
        self.outputs = outputs
    }
}

/// Why a computation cannot be written in another form.
public struct ExportError: Error, Sendable, Hashable, CustomStringConvertible {
    public var description: String
    public init(_ description: String) { self.description = description }
}
