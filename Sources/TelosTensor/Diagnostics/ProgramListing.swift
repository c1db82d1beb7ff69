/// What a compiled program consists of: its memory, and its steps in the order in which they run.
public struct ProgramListing: Sendable, Hashable, Codable {
    /// An input, output or variable.
    public struct Value: Sendable, Hashable, Codable {
        public var name: String
        public var shape: [Int]
        /// Whether each run writes it.
        public var isUpdated: Bool
    }

    public struct Step: Sendable, Hashable, Codable {
        /// The operations it computes, in order; several where element-wise operations are fused.
        public var operations: [String]
        /// The shape of what it computes last.
        public var shape: [Int]
        /// Where it reads and writes: `input 0`, `output 1`, a variable's name, `constant`, or a place in the working
        /// memory in floats, such as `@64`.
        public var reads: [String]
        public var writes: [String]
        /// Whether it overwrites a variable that it also reads.
        public var isInPlace: Bool
        /// One for each addition, multiplication or function of a number.
        public var floatingPointOperations: Int
        /// Bytes read and written, each operand counted once.
        public var bytes: Int
        /// Kernel calls.
        public var instructions: Int
        /// Whether differentiation made its last operation, for the line at `location`.
        public var isDerivative: Bool
        /// The line that built its last operation.
        public var location: String?
    }

    public var inputs: [Value]
    public var outputs: [Value]
    public var variables: [Value]
    public var steps: [Step]
    /// Floats of working memory, of variables and of constants.
    public var workspaceCount: Int
    public var variableCount: Int
    public var constantCount: Int
    public var threads: Int
    public var instructionSet: String
    /// Milliseconds from graph to kernel calls.
    public var compileMilliseconds: Double

    public var floatingPointOperations: Int { steps.reduce(0) { $0 + $1.floatingPointOperations } }
    public var bytes: Int { steps.reduce(0) { $0 + $1.bytes } }
    public var instructions: Int { steps.reduce(0) { $0 + $1.instructions } }
}

extension Program: CustomStringConvertible {
    /// One line of totals.
    public var description: String { listing(locations: false).summary }

    /// A table of the program's memory and steps, with the source line of each where it is known.
    public func dump() -> String { listing().text }

    /// - locations: whether to look source lines up, which takes milliseconds.
    public func listing(locations: Bool = true) -> ProgramListing {
        let lines =
            locations
            ? SourceLine.table(plan.steps.flatMap { plan.nodes[plan.members(of: $0).last!].origin.addresses })
            : [:]
        func shape(_ index: Int) -> [Int] { plan.nodes[index].shape }
        let updated = Set(plan.updates.map(\.variable))
        let variables = plan.nodes.indices.filter { plan.nodes[$0].operation == .variable }
        let constants = plan.nodes.filter { $0.operation == .constant }
        return ProgramListing(
            inputs: plan.inputs.enumerated().map {
                .init(name: "input \($0.offset)", shape: shape($0.element), isUpdated: false)
            },
            outputs: plan.outputs.enumerated().map {
                .init(name: "output \($0.offset)", shape: shape($0.element), isUpdated: true)
            },
            variables: variables.map {
                .init(name: variableName($0), shape: shape($0), isUpdated: updated.contains($0))
            },
            steps: segments.map { step($0, lines, locations: locations) }, workspaceCount: arena.count,
            variableCount: variables.reduce(0) { $0 + plan.nodes[$1].count },
            constantCount: constants.reduce(0) { $0 + $1.count }, threads: threads,
            instructionSet: instructionSet.rawValue, compileMilliseconds: compileTime / .milliseconds(1))
    }

    private func variableName(_ index: Int) -> String { plan.nodes[index].origin.name ?? "variable \(index)" }

    private func step(
        _ segment: Emitted.Segment, _ lines: [UInt: [SourceLine]], locations: Bool
    ) -> ProgramListing.Step {
        let last = segment.members.last!
        if let target = segment.copiesTo {
            return .init(
                operations: ["copy"], shape: plan.nodes[last].shape, reads: [home(last)], writes: [home(at: target)],
                isInPlace: false, floatingPointOperations: 0, bytes: 8 * plan.nodes[last].count,
                instructions: segment.instructions.count, isDerivative: false, location: nil)
        }
        let members = Set(segment.members)
        let isChain = plan.chainOf[last] != nil
        var reads: [Int] = []
        for input in segment.members.flatMap({ plan.inputsOf[$0] }) {
            let source = isChain ? plan.operand(input).source : plan.root(input)
            if !members.contains(source), !reads.contains(source) { reads.append(source) }
        }
        let writes = segment.members.filter { place[$0] != nil }
        let nodes = segment.members.map { plan.nodes[$0] }
        let floats = (reads + writes).reduce(0) { $0 + plan.nodes[$1].count }
        return .init(
            operations: nodes.map(\.operation.name), shape: nodes.last!.shape, reads: reads.map(home),
            writes: writes.map(home),
            isInPlace: reads.contains { read in writes.contains { place[$0] == place[read] } },
            floatingPointOperations: nodes.reduce(0) { $0 + $1.floatingPointOperations }, bytes: 4 * floats,
            instructions: segment.instructions.count, isDerivative: nodes.last!.origin.derivative != nil,
            location: locations ? nodes.last!.origin.location(in: lines) : nil)
    }

    private func home(_ index: Int) -> String {
        guard let pointer = place[index] else { return "register" }
        return home(at: pointer)
    }

    private func home(at pointer: UnsafeMutablePointer<Float>) -> String {
        let offset = pointer - arena.pointer
        if (0..<arena.count).contains(offset) { return "@\(offset)" }
        if let input = inputBuffers.firstIndex(where: { $0.pointer == pointer }) { return "input \(input)" }
        if let output = outputBuffers.firstIndex(where: { $0.pointer == pointer }) { return "output \(output)" }
        let owner = plan.nodes.indices.first { index in
            plan.nodes[index].memory.map { $0.pointer + plan.nodes[index].memoryOffset == pointer } ?? false
        }
        guard let owner else { return "memory" }
        return plan.nodes[owner].operation == .variable ? variableName(owner) : "constant"
    }
}

extension Node {
    /// One for each addition, multiplication or function of a number.
    var floatingPointOperations: Int {
        switch operation {
        case .elementwise(let function): function == .copy ? 0 : function == .fma ? 2 * count : count
        case .matmul(let transposeA, _):
            2 * count * inputs[0].shape[inputs[0].shape.count - (transposeA ? 2 : 1)]
        case .sum, .maximum, .argmax, .scatterRows, .scatterAlong, .fold: inputs[0].count
        case .cumulativeSum, .cumulativeArgmax: count
        case .linearRecurrence: 2 * count
        default: 0
        }
    }
}
