/// A float32 array as a step of a computation.
///
/// Writing tensor expressions records a graph; nothing is computed until a `Program` is compiled from it (or
/// `evaluated()` is asked for). Shapes are checked at once: a mistake yields a tensor that carries the error, with both
/// shapes, and compiling anything that depends on it throws that error.
public struct Tensor {
    let node: Node

    init(_ node: Node) { self.node = node }

    public var shape: [Int] { node.shape }
    public var rank: Int { node.shape.count }
    public var count: Int { node.count }

    /// A number.
    public init(_ value: Float) {
        node = Node(.constant, shape: [], memory: Buffer(count: 1, repeating: value))
    }

    /// A constant array in row-major order.
    public init(_ values: [Float], shape: [Int], file: StaticString = #fileID, line: UInt = #line) {
        guard values.count == shape.reduce(1, *) else {
            self = .invalid("constant", "\(values.count) values do not fill the shape \(shape)", file, line)
            return
        }
        node = Node(.constant, shape: shape, memory: Buffer(values))
    }

    /// An input whose values the caller provides at each run.
    public init(placeholder shape: Int..., file: StaticString = #fileID, line: UInt = #line) {
        self.init(placeholder: shape, file: file, line: line)
    }

    public init(placeholder shape: [Int], file: StaticString = #fileID, line: UInt = #line) {
        node = Node(.placeholder, shape: shape, origin: .here(file, line))
    }

    public static func zeros(_ shape: Int...) -> Tensor { Tensor(0).broadcast(to: shape) }

    public static func zeros(like other: Tensor) -> Tensor { Tensor(0).broadcast(to: other.shape) }

    static func invalid(
        _ operation: String, _ message: String, _ file: StaticString? = nil, _ line: UInt = 0,
        near operands: [Tensor] = []
    ) -> Tensor {
        let origin = Origin.here(file, line)
        let nearby = operands.lazy.compactMap { $0.node.origin.line }.first.map { "or after \($0)" }
        return Tensor(
            Node(
                .invalid, shape: [],
                error: TensorError(operation: operation, message: message, origin: origin, nearby: nearby),
                origin: origin))
    }

    /// The mistake in how this tensor was built, if there was one.
    public var error: TensorError? { node.error }

    /// Compiles and runs the computation of this tensor alone. For tests and set-up, not for loops.
    public func evaluated() throws -> [Float] {
        let program = try Program(inputs: [], outputs: [self])
        program.run()
        return withExtendedLifetime(program) { Array(program.output(0)) }
    }
}

/// Anything made of tensors: a model, an optimiser's state, a tuple of both. A struct visits each of its parts.
public protocol TensorContainer {
    /// Calls `visit` with the name and value of each tensor, in a fixed order.
    mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void)
}

extension Tensor: TensorContainer {
    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) { visit(path, &self) }
}

extension Array: TensorContainer where Element: TensorContainer {
    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        for index in indices { self[index].visitTensors(path.appending(part: "\(index)"), visit) }
    }
}

extension Optional: TensorContainer where Wrapped: TensorContainer {
    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        self?.visitTensors(path, visit)
    }
}

extension String {
    /// `path.part`, or `part` at the root.
    public func appending(part: String) -> String { isEmpty ? part : "\(self).\(part)" }
}

extension TensorContainer {
    /// Every tensor, in the order of visiting.
    public var tensors: [Tensor] {
        var copy = self
        var result: [Tensor] = []
        copy.visitTensors("") { result.append($1) }
        return result
    }

    public var tensorNames: [String] {
        var copy = self
        var result: [String] = []
        copy.visitTensors("") { name, _ in result.append(name) }
        return result
    }

    /// The same container with its tensors replaced, in the order of visiting.
    public func replacingTensors(_ replacements: [Tensor]) -> Self {
        var copy = self
        var index = 0
        copy.visitTensors("") { _, tensor in
            tensor = replacements[index]
            index += 1
        }
        return copy
    }

    public func mapTensors(_ transform: (Tensor) throws -> Tensor) rethrows -> Self {
        replacingTensors(try tensors.map(transform))
    }
}
