import TelosEnvironments

/// An expression compiled for one environment: a flat list of operations over registers that hold a block of elements.
///
/// Signals are read where they lie, equal subexpressions are computed once, constants are folded. Evaluation costs one
/// dispatch an operation and block, and allocates nothing while it needs at most 32 registers (expressions seldom need
/// more than four).
public struct ExpressionProgram: Sendable {
    struct Operand: Sendable {
        enum Source: UInt8, Sendable { case register, after, before, constant }
        var source = Source.constant
        var index = 0
        var value = 0.0
    }

    struct Instruction: Sendable {
        var operation: ExpressionPrimitive.Operation
        var a = Operand()
        var b = Operand()
        var c = Operand()
        /// An action element's position.
        var index = 0
        /// The register written; -1 for the result.
        var target: Int
    }

    /// Elements a register holds.
    static let blockSize = 128

    let instructions: [Instruction]
    let registerCount: Int
    let signalCount: Int
    let actionWidth: Int

    init(
        _ root: Expression.Node, vocabulary: ExpressionVocabulary, columns: ExpressionLowering.Columns
    ) throws(RewardError) {
        var lowering = ExpressionLowering(vocabulary: vocabulary, columns: columns)
        let result = try lowering.lower(root)
        var emission = Emission(primitives: lowering.primitives)
        emission.emit(result: result)
        instructions = emission.instructions
        registerCount = emission.registerCount
        signalCount = vocabulary.specification.signals.count
        actionWidth = vocabulary.specification.action.width
    }

    /// The expression's value for every transition.
    /// - Parameter values: `transitions.count` values. It overlaps no column of `transitions`.
    public func evaluate(_ transitions: TransitionBatch, into values: UnsafeMutableBufferPointer<Double>) {
        precondition(values.count >= transitions.count, "evaluate needs room for \(transitions.count) values")
        guard transitions.count > 0 else { return }
        withRegisters { registers in
            var start = 0
            while start < transitions.count {
                let lanes = min(Self.blockSize, transitions.count - start)
                run(transitions, from: start, lanes: lanes, registers, into: values.baseAddress! + start)
                start += lanes
            }
        }
    }

    typealias Registers = UnsafeMutablePointer<UnsafeMutablePointer<Double>>

    /// Runs the program over `lanes` transitions from `start` on; `lanes` is at most a block.
    func run(
        _ transitions: TransitionBatch, from start: Int, lanes: Int, _ registers: Registers,
        into output: UnsafeMutablePointer<Double>
    ) {
        let count = transitions.count
        precondition(
            transitions.signalsAfter.count >= signalCount * count
                && transitions.signalsBefore.count >= signalCount * count
                && transitions.actions.count >= actionWidth * count && transitions.ends.count >= count,
            "the transitions come from another environment than the expression was bound to")
        // Bare addresses: a batch also carries its specification, whose references would be counted at every use.
        let after = transitions.signalsAfter.baseAddress
        let before = transitions.signalsBefore.baseAddress
        let allActions = transitions.actions.baseAddress
        let allEnds = transitions.ends.baseAddress
        let actionWidth = actionWidth
        func resolve(_ operand: Operand) -> BlockOperand {
            switch operand.source {
            case .constant: BlockOperand(value: operand.value)
            case .register: BlockOperand(column: registers[operand.index])
            case .after: BlockOperand(column: after! + operand.index * count + start)
            case .before: BlockOperand(column: before! + operand.index * count + start)
            }
        }
        instructions.withUnsafeBufferPointer { list in
            for position in list.indices {
                let instruction = list[position]
                let target = instruction.target < 0 ? output : registers[instruction.target]
                switch instruction.operation {
                case .actionElement:
                    let elements = allActions! + start * actionWidth + instruction.index
                    if actionWidth == 1 {
                        for i in 0..<lanes { target[i] = Double(elements[i]) }
                    } else {
                        for i in 0..<lanes { target[i] = Double(elements[i * actionWidth]) }
                    }
                case .terminated, .truncated:
                    let wanted = instruction.operation == .terminated ? EpisodeEnd.terminated : .truncated
                    let ends = allEnds! + start
                    for i in 0..<lanes { target[i] = ends[i] == wanted ? 1 : 0 }
                default:
                    BlockKernel.run(
                        instruction.operation, lanes: lanes, resolve(instruction.a), resolve(instruction.b),
                        resolve(instruction.c), into: target)
                }
            }
        }
    }

    // MARK: Registers

    private static let stackRegisters = 32

    /// Registers on the stack (each small enough to be there, whatever the platform), or one allocation for the rare
    /// program that needs many.
    func withRegisters(_ body: (Registers) -> Void) {
        guard registerCount <= Self.stackRegisters else {
            let storage = UnsafeMutablePointer<Double>.allocate(capacity: registerCount * Self.blockSize)
            let table = Registers.allocate(capacity: registerCount)
            for index in 0..<registerCount { (table + index).initialize(to: storage + index * Self.blockSize) }
            body(table)
            table.deallocate()
            storage.deallocate()
            return
        }
        withUnsafeTemporaryAllocation(of: UnsafeMutablePointer<Double>.self, capacity: 32) { table in
            Self.fill(table.baseAddress!, from: 0, to: registerCount, body)
        }
    }

    private static func fill(_ table: Registers, from index: Int, to count: Int, _ body: (Registers) -> Void) {
        guard index < count else { return body(table) }
        withUnsafeTemporaryAllocation(of: Double.self, capacity: 128) { block in
            (table + index).initialize(to: block.baseAddress!)
            fill(table, from: index + 1, to: count, body)
        }
    }

    /// Orders primitives and gives them registers.
    private struct Emission {
        let primitives: [ExpressionPrimitive]
        var instructions: [Instruction] = []
        var registerCount = 0
        /// Uses that are still to come, of each primitive.
        private var uses: [Int]
        private var need: [Int]
        private var register: [Int?]
        private var free: [Int] = []

        init(primitives: [ExpressionPrimitive]) {
            self.primitives = primitives
            uses = Array(repeating: 0, count: primitives.count)
            register = Array(repeating: nil, count: primitives.count)
            need = Array(repeating: 0, count: primitives.count)
            // Operands come before what uses them. The register need is that of Sethi and Ullman, *The generation of
            // optimal code for arithmetic expressions* (1970), exact where nothing is shared.
            for (index, primitive) in primitives.enumerated() where !primitive.isConstant && !primitive.isColumn {
                let needs = operands(of: primitive).map { need[$0] }.sorted(by: >)
                let held = needs.enumerated().map { $0.offset + $0.element }.max() ?? 0
                need[index] = max(held, 1)
            }
        }

        private func operands(of primitive: ExpressionPrimitive) -> [Int] {
            [primitive.a, primitive.b, primitive.c].filter { $0 >= 0 }
        }

        mutating func emit(result: Int) {
            // Folding leaves primitives that nothing reaches: only uses by reachable ones count.
            var isReachable = Array(repeating: false, count: primitives.count)
            isReachable[result] = true
            for index in primitives.indices.reversed() where isReachable[index] {
                for operand in operands(of: primitives[index]) {
                    isReachable[operand] = true
                    uses[operand] += 1
                }
            }
            let primitive = primitives[result]
            if primitive.isConstant || primitive.isColumn {
                instructions.append(Instruction(operation: primitive.operation, a: operand(result), target: -1))
            } else {
                visit(result, isResult: true)
            }
        }

        private mutating func visit(_ index: Int, isResult: Bool) {
            let primitive = primitives[index]
            guard !primitive.isConstant, !primitive.isColumn, register[index] == nil else { return }
            let order = operands(of: primitive).sorted { (need[$0], -$0) > (need[$1], -$1) }
            for operand in order { visit(operand, isResult: false) }
            // The target is taken before the operands are given back: loops over disjoint blocks vectorise.
            var target = -1
            if !isResult {
                target = free.popLast() ?? registerCount
                registerCount = max(registerCount, target + 1)
            }
            register[index] = target
            var instruction = Instruction(operation: primitive.operation, index: primitive.index, target: target)
            if primitive.a >= 0 { instruction.a = operand(primitive.a) }
            if primitive.b >= 0 { instruction.b = operand(primitive.b) }
            if primitive.c >= 0 { instruction.c = operand(primitive.c) }
            instructions.append(instruction)
            for operand in operands(of: primitive) {
                uses[operand] -= 1
                if uses[operand] == 0, let own = register[operand] { free.append(own) }
            }
        }

        private func operand(_ index: Int) -> Operand {
            let primitive = primitives[index]
            switch primitive.operation {
            case .constant: return Operand(source: .constant, value: primitive.value)
            case .signalAfter: return Operand(source: .after, index: primitive.index)
            case .signalBefore: return Operand(source: .before, index: primitive.index)
            default: return Operand(source: .register, index: register[index] ?? 0)
            }
        }
    }
}
