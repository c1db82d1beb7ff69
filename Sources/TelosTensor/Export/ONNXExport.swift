/// Writes a computation over rows as an ONNX file whose first axis, the rows, is of any extent.
///
/// The computation is traced for two numbers of rows; where an extent differs between the two it is the batch's. Every
/// operation becomes one or a few of ONNX's (operator set 17), arithmetic is float32.
public enum ONNXExport {
    /// The bytes of the file.
    /// - Parameters:
    ///   - name: of the graph.
    ///   - summary: what the model is.
    ///   - metadata: texts kept with it, by name.
    ///   - trace: writes the computation down for that many rows.
    /// - Throws: `ExportError` where an operation has no form in ONNX or the rows are not independent of their number,
    ///   and what `trace` throws.
    public static func encoded(
        name: String, summary: String, metadata: [(name: String, text: String)] = [],
        _ trace: (_ rows: Int) throws -> NamedComputation
    ) throws -> [UInt8] {
        // Two primes larger than most widths, so that no width is taken for a number of rows.
        let (few, many) = (1009, 1013)
        var writer = try ONNXWriter(
            ExportGraph(trace(few)), few: few, against: ExportGraph(trace(many)), many: many)
        try writer.run()
        return writer.model(name: name, summary: summary, metadata: metadata).encoded
    }
}

/// An extent of a shape.
private enum Extent: Equatable {
    case fixed(Int)
    /// That many times the rows.
    case rows(Int)

    var fixed: Int? { if case .fixed(let extent) = self { extent } else { nil } }
}

private struct ONNXWriter {
    private let graph: ExportGraph
    private let shapes: [[Extent]]
    private var names: [Int: String] = [:]
    /// Broadcasts written out, by value.
    private var expanded: [Int: String] = [:]
    private var nodes: [ONNXModel.Node] = []
    private var constants: [ONNXModel.Constant] = []
    private var integerLists: [[Int]: String] = [:]
    private var usedNames: Set<String> = []
    private var rowsName: String?

    init(_ graph: ExportGraph, few: Int, against other: ExportGraph, many: Int) throws {
        let mismatch = ExportError("what it computes of a row depends on the number of rows")
        guard graph.values.count == other.values.count else { throw mismatch }
        shapes = try zip(graph.values, other.values).map { value, twin in
            guard value.source == twin.source, value.shape.count == twin.shape.count else { throw mismatch }
            return try zip(value.shape, twin.shape).map { extent, wider in
                if extent == wider { return .fixed(extent) }
                guard extent % few == 0, wider % many == 0, extent / few == wider / many else { throw mismatch }
                return .rows(extent / few)
            }
        }
        self.graph = graph
        for port in graph.inputs { names[port.value] = port.name }
        for port in graph.outputs where names[port.value] == nil {
            if case .operation(let operation, _) = graph.values[port.value].source, operation != .broadcast {
                names[port.value] = port.name
            }
        }
        usedNames = Set((graph.inputs + graph.outputs).map(\.name))
    }

    mutating func run() throws {
        for (index, value) in graph.values.enumerated() {
            switch value.source {
            case .input: break
            case .constant(let values, let name):
                names[index] = unused(name ?? "constant")
                constants.append(
                    ONNXModel.Constant(name: names[index]!, shape: value.shape, content: .floats(values)))
            case .operation(let operation, let sources):
                if operation == .broadcast { continue }
                try write(operation, sources, index)
            }
        }
        for port in graph.outputs where names[port.value] != port.name {
            nodes.append(ONNXModel.Node(type: "Identity", inputs: [try read(port.value)], output: port.name))
        }
    }

    func model(name: String, summary: String, metadata: [(name: String, text: String)]) -> ONNXModel {
        func ports(_ ports: [ExportGraph.Port]) -> [ONNXModel.Port] {
            ports.map {
                ONNXModel.Port(name: $0.name, summary: $0.summary, shape: shapes[$0.value].map(\.fixed))
            }
        }
        return ONNXModel(
            name: name, summary: summary, metadata: metadata, inputs: ports(graph.inputs),
            outputs: ports(graph.outputs), constants: constants, nodes: nodes)
    }

    // MARK: Names

    private mutating func unused(_ wanted: String) -> String {
        var (name, number) = (wanted, 1)
        while !usedNames.insert(name).inserted {
            number += 1
            name = "\(wanted)_\(number)"
        }
        return name
    }

    /// What a value is called; a fresh name where it has none.
    private mutating func name(_ index: Int) -> String {
        if let name = names[index] { return name }
        let name = unused("v\(index)")
        names[index] = name
        return name
    }

    /// The name of a value in its whole shape.
    private mutating func read(_ index: Int) throws -> String {
        guard case .operation(.broadcast, let sources) = graph.values[index].source else { return name(index) }
        if let name = expanded[index] { return name }
        let name = add("Expand", [try read(sources[0]), try shape(shapes[index])])
        expanded[index] = name
        return name
    }

    /// Adds a node whose output has a fresh name, or that of `index`.
    @discardableResult
    private mutating func add(
        _ type: String, _ inputs: [String], _ attributes: [ONNXModel.Attribute] = [], as index: Int? = nil
    ) -> String {
        let output = index.map { name($0) } ?? unused("t\(nodes.count)")
        nodes.append(ONNXModel.Node(type: type, inputs: inputs, output: output, attributes: attributes))
        return output
    }

    private mutating func integers(_ values: [Int]) -> String {
        if let name = integerLists[values] { return name }
        let name = unused("integers")
        constants.append(ONNXModel.Constant(name: name, shape: [values.count], content: .integers(values)))
        integerLists[values] = name
        return name
    }

    private mutating func number(_ value: Float, shape: [Int] = []) -> String {
        let name = unused("number")
        constants.append(ONNXModel.Constant(name: name, shape: shape, content: .floats([value])))
        return name
    }

    /// A shape as a list of integers, the rows taken from the first input.
    private mutating func shape(_ extents: [Extent]) throws -> String {
        let fixed = extents.compactMap(\.fixed)
        if fixed.count == extents.count { return integers(fixed) }
        if rowsName == nil {
            guard let port = graph.inputs.first(where: { shapes[$0.value].first == .rows(1) }) else {
                throw ExportError("no input has the rows as its first axis")
            }
            rowsName = add("Shape", [port.name], [.integer("start", 0), .integer("end", 1)])
        }
        var parts: [String] = []
        for extent in extents {
            switch extent {
            case .fixed(let extent): parts.append(integers([extent]))
            case .rows(1): parts.append(rowsName!)
            case .rows(let times): parts.append(add("Mul", [rowsName!, integers([times])]))
            }
        }
        return add("Concat", parts, [.integer("axis", 0)])
    }

    private func fixed(_ extent: Extent, _ operation: String) throws -> Int {
        guard let fixed = extent.fixed else { throw ExportError("\(operation) along the rows has no form in ONNX") }
        return fixed
    }

    // MARK: Operations

    private mutating func write(_ operation: Operation, _ sources: [Int], _ index: Int) throws {
        let rank = graph.values[index].shape.count
        switch operation {
        case .elementwise(let function): try write(function, sources, index)
        case .reshape:
            let target = shapes[index]
            let count = target.filter { $0.fixed == nil }.count
            let list = count == 1 ? integers(target.map { $0.fixed ?? -1 }) : try shape(target)
            add("Reshape", [try read(sources[0]), list], as: index)
        case .transpose(let order):
            add("Transpose", [try read(sources[0])], [.integers("perm", order)], as: index)
        case .sum(let axis):
            add("ReduceSum", [try read(sources[0]), integers([axis])], [.integer("keepdims", 0)], as: index)
        case .maximum(let axis):
            add("ReduceMax", [try read(sources[0])], [.integers("axes", [axis]), .integer("keepdims", 0)], as: index)
        case .argmax:
            let found = add("ArgMax", [try read(sources[0])], [.integer("axis", -1), .integer("keepdims", 0)])
            cast(found, to: 1, as: index)
        case .matmul: add("MatMul", try sources.map { try read($0) }, as: index)
        case .concatenate(let axis):
            add("Concat", try sources.map { try read($0) }, [.integer("axis", axis)], as: index)
        case .slice(let axis, let start):
            let extent = try fixed(shapes[index][axis], "a slice")
            add(
                "Slice",
                [try read(sources[0]), integers([start]), integers([start + extent]), integers([axis])], as: index)
        case .pad(let axis, let before):
            let (inner, outer) = (
                try fixed(shapes[sources[0]][axis], "padding"), try fixed(shapes[index][axis], "padding")
            )
            var pads = Array(repeating: 0, count: 2 * rank)
            pads[axis] = before
            pads[rank + axis] = outer - inner - before
            add("Pad", [try read(sources[0]), integers(pads)], as: index)
        case .softmax: add("Softmax", [try read(sources[0])], [.integer("axis", -1)], as: index)
        case .logSumExp:
            add(
                "ReduceLogSumExp", [try read(sources[0])], [.integers("axes", [-1]), .integer("keepdims", 0)],
                as: index)
        case .scatterLast:
            let hit = try matches(sources[1], width: shapes[index][rank - 1])
            let value = add("Unsqueeze", [try read(sources[0]), integers([-1])])
            add("Where", [hit, value, number(0)], as: index)
        case .gatherLast:
            let hit = try matches(sources[1], width: shapes[sources[0]].last!)
            let row = add("Where", [hit, try read(sources[0]), number(0)])
            add("ReduceSum", [row, integers([-1])], [.integer("keepdims", 0)], as: index)
        case .gatherRows:
            let count = try fixed(shapes[sources[0]][0], "a table")
            let place = add("Floor", [try read(sources[1])])
            let bounded = add("Clip", [place, number(0), number(Float(count - 1))])
            let row = add("Gather", [try read(sources[0]), cast(bounded, to: 7)], [.integer("axis", 0)])
            let hit = add("Unsqueeze", [add("Equal", [bounded, place]), integers([-1])])
            add("Where", [hit, row, number(0)], as: index)
        default: throw ExportError("the operation \(operation.name) has no form in ONNX")
        }
    }

    /// Whether each place of an index's row is the index: [b..., width] of truth values.
    private mutating func matches(_ index: Int, width: Extent) throws -> String {
        let width = try fixed(width, "a choice")
        let places = unused("places")
        constants.append(
            ONNXModel.Constant(name: places, shape: [width], content: .floats((0..<width).map { Float($0) })))
        return add("Equal", [add("Unsqueeze", [add("Floor", [try read(index)]), integers([-1])]), places])
    }

    /// - type: 1 float, 7 int64, 9 bool.
    @discardableResult
    private mutating func cast(_ name: String, to type: Int, as index: Int? = nil) -> String {
        add("Cast", [name], [.integer("to", type)], as: index)
    }

    /// Operands repeat as in NumPy, so broadcasts are written out only where no operand has the whole shape.
    private mutating func write(_ function: Elementwise, _ sources: [Int], _ index: Int) throws {
        func source(_ operand: Int) -> Int {
            guard case .operation(.broadcast, let sources) = graph.values[operand].source else { return operand }
            return source(sources[0])
        }
        let bare = sources.map(source)
        let isCovered = shapes[index].indices.allSatisfy { axis in
            bare.contains { shapes[$0].count == shapes[index].count && shapes[$0][axis] == shapes[index][axis] }
        }
        var operands: [String] = []
        for (position, operand) in bare.enumerated() {
            operands.append(isCovered || position > 0 ? try read(operand) : try read(sources[0]))
        }
        let x = operands[0]
        func simple(_ type: String) { add(type, operands, as: index) }
        switch function {
        case .copy: simple("Identity")
        case .negate: simple("Neg")
        case .abs: simple("Abs")
        case .sign: simple("Sign")
        case .exp: simple("Exp")
        case .log: simple("Log")
        case .tanh: simple("Tanh")
        case .sigmoid: simple("Sigmoid")
        case .softplus: simple("Softplus")
        case .sqrt: simple("Sqrt")
        case .reciprocal: simple("Reciprocal")
        case .sin: simple("Sin")
        case .cos: simple("Cos")
        case .floor: simple("Floor")
        case .erf: simple("Erf")
        case .expm1: add("Sub", [add("Exp", [x]), number(1)], as: index)
        case .log1p: add("Log", [add("Add", [x, number(1)])], as: index)
        case .add: simple("Add")
        case .subtract: simple("Sub")
        case .multiply: simple("Mul")
        case .divide: simple("Div")
        case .max: simple("Max")
        case .min: simple("Min")
        case .pow: simple("Pow")
        case .less: cast(add("Less", operands), to: 1, as: index)
        case .lessEqual: cast(add("LessOrEqual", operands), to: 1, as: index)
        case .equal: cast(add("Equal", operands), to: 1, as: index)
        case .select: add("Where", [cast(x, to: 9), operands[1], operands[2]], as: index)
        case .fma: add("Add", [add("Mul", [x, operands[1]]), operands[2]], as: index)
        }
    }
}
