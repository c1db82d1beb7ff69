/// A named computation as a list of operations for a writer of another form: equal operations merged, everything that
/// does not depend on an input computed beforehand, matrix products without transposed operands.
struct ExportGraph {
    enum Source: Equatable {
        case input
        /// A parameter or something computed from parameters alone; `name` where it is a parameter, perhaps reshaped.
        case constant([Float], name: String?)
        case operation(Operation, [Int])
    }

    struct Value {
        var source: Source
        var shape: [Int]
        var count: Int { shape.reduce(1, *) }
    }

    struct Port {
        var name: String
        var summary: String
        /// Among `values`.
        var value: Int
    }

    /// Those that others are computed from first.
    private(set) var values: [Value] = []
    private(set) var inputs: [Port] = []
    private(set) var outputs: [Port] = []

    /// Throws `TensorError` for a mistake in the graph and `ExportError` for a name that is none.
    init(_ computation: NamedComputation) throws {
        let ports = computation.inputs + computation.outputs
        if let error = ports.lazy.compactMap(\.tensor.error).first { throw error }
        for (index, port) in ports.enumerated() {
            guard Self.isIdentifier(port.name), !ports[..<index].contains(where: { $0.name == port.name }) else {
                throw ExportError("'\(port.name)' does not serve as the name of an input or output")
            }
        }
        let plan = Plan(
            inputs: computation.inputs.map(\.tensor.node), outputs: computation.outputs.map(\.tensor.node), updates: [],
            fuses: false)
        if let stray = plan.strayPlaceholder {
            throw ExportError("an input of shape \(stray.shape) has no name")
        }
        var lowering = Lowering(plan)
        try lowering.run()
        values = lowering.values
        inputs = zip(computation.inputs, plan.inputs).map {
            Port(name: $0.name, summary: $0.summary, value: lowering.place[$1]!)
        }
        outputs = zip(computation.outputs, plan.outputs).map {
            Port(name: $0.name, summary: $0.summary, value: lowering.place[lowering.root($1)]!)
        }
    }

    static func isIdentifier(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return name.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x5F
        }
    }
}

/// Turns a plan into values, once.
private struct Lowering {
    let plan: Plan
    var values: [ExportGraph.Value] = []
    /// Where a node of the plan is among the values.
    var place: [Int: Int] = [:]
    /// Whether a node depends on an input.
    private var varies: [Bool]
    /// What is to be computed beforehand, by node, transposed where a product wants that.
    private var constants: [Constant: [Float]] = [:]

    private struct Constant: Hashable {
        var node: Int
        var isTransposed = false
    }

    init(_ plan: Plan) {
        self.plan = plan
        varies = Array(repeating: false, count: plan.nodes.count)
        for index in plan.nodes.indices {
            varies[index] =
                plan.nodes[index].operation == .placeholder || plan.inputsOf[index].contains { varies[$0] }
        }
    }

    /// The node whose value `index` has: what only differentiation and memory care about is left out.
    func root(_ index: Int) -> Int {
        var index = index
        while true {
            switch plan.nodes[index].operation {
            case .stopGradient, .barrier: index = plan.inputsOf[index][0]
            case .checkpointOutput(let position): index = plan.inputsOf[plan.inputsOf[index][0]][position]
            default: return index
            }
        }
    }

    private func operands(_ index: Int) -> [Int] { plan.inputsOf[index].map(root) }

    /// Whether a node is computed beforehand. What merely repeats a constant is not, so that it stays small.
    private func isConstant(_ index: Int) -> Bool { !varies[index] && plan.nodes[index].operation != .broadcast }

    mutating func run() throws {
        var needed: Set<Int> = Set(plan.inputs)
        var leaves: [Constant] = []
        var stack = plan.outputs.map(root)
        while let index = stack.popLast() {
            guard needed.insert(index).inserted else { continue }
            if isConstant(index) {
                leaves.append(Constant(node: index))
            } else {
                stack += operands(index)
            }
        }
        for index in needed {
            guard case .matmul(let transposeA, let transposeB) = plan.nodes[index].operation, varies[index] else {
                continue
            }
            for (operand, isTransposed) in zip(operands(index), [transposeA, transposeB])
            where isTransposed && isConstant(operand) {
                leaves.append(Constant(node: operand, isTransposed: true))
            }
        }
        let program = try Program(
            inputs: [],
            outputs: leaves.map { leaf in
                let tensor = Tensor(plan.nodes[leaf.node])
                return leaf.isTransposed ? tensor.transposed() : tensor
            }, checks: [])
        program.run()
        for (position, leaf) in leaves.enumerated() { constants[leaf] = Array(program.output(position)) }
        withExtendedLifetime(program) {}

        for index in plan.inputs { place[index] = add(.input, plan.nodes[index].shape) }
        for index in needed.sorted() where place[index] == nil { try lower(index) }
        dropUnread()
    }

    private mutating func add(_ source: ExportGraph.Source, _ shape: [Int]) -> Int {
        values.append(ExportGraph.Value(source: source, shape: shape))
        return values.count - 1
    }

    private mutating func lower(_ index: Int) throws {
        let node = plan.nodes[index]
        if let constant = constants[Constant(node: index)] {
            place[index] = add(.constant(constant, name: name(index)), node.shape)
            return
        }
        var sources = operands(index)
        switch node.operation {
        case .matmul(let transposeA, let transposeB):
            var places = sources.map { place[$0]! }
            for (slot, isTransposed) in [transposeA, transposeB].enumerated() where isTransposed {
                places[slot] = transposed(sources[slot])
            }
            place[index] = add(.operation(.matmul(transposeA: false, transposeB: false), places), node.shape)
            return
        case .barrier, .stopGradient, .checkpoint, .checkpointOutput: sources = Array(sources.prefix(1))
        default: break
        }
        place[index] = add(.operation(node.operation, sources.map { place[$0]! }), node.shape)
    }

    /// What a parameter is called, also in another shape.
    private func name(_ index: Int) -> String? {
        var index = root(index)
        while plan.nodes[index].operation == .reshape { index = root(plan.inputsOf[index][0]) }
        return plan.nodes[index].origin.name
    }

    /// The value of a node with its last two axes changed.
    private mutating func transposed(_ index: Int) -> Int {
        let shape = plan.nodes[index].shape, rank = shape.count
        var order = Array(0..<rank)
        order.swapAt(rank - 1, rank - 2)
        let turned = order.map { shape[$0] }
        if let constant = constants[Constant(node: index, isTransposed: true)] {
            return add(.constant(constant, name: name(index)), turned)
        }
        return add(.operation(.transpose(order), [place[index]!]), turned)
    }

    /// Leaves out constants that are only read transposed.
    private mutating func dropUnread() {
        var isRead = Array(repeating: false, count: values.count)
        for index in plan.inputs + plan.outputs.map(root) { isRead[place[index]!] = true }
        for index in values.indices.reversed() where isRead[index] {
            if case .operation(_, let sources) = values[index].source {
                for source in sources { isRead[source] = true }
            }
        }
        var moved = Array(repeating: 0, count: values.count)
        var kept: [ExportGraph.Value] = []
        for index in values.indices where isRead[index] {
            moved[index] = kept.count
            var value = values[index]
            if case .operation(let operation, let sources) = value.source {
                value.source = .operation(operation, sources.map { moved[$0] })
            }
            kept.append(value)
        }
        values = kept
        place = place.filter { isRead[$0.value] }.mapValues { moved[$0] }
    }
}
