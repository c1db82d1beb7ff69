import CTelosKernels
import TelosEnvironments

/// One primitive operation of an expression, over the values of earlier ones; equal primitives are shared.
struct ExpressionPrimitive: Hashable {
    enum Operation: UInt8, Hashable {
        case constant, signalAfter, signalBefore, actionElement, terminated, truncated
        case negate, not, abs, sign, sqrt, exp, log, sin, cos, tan, tanh, sigmoid, floor, round
        case add, subtract, multiply, divide, remainder, power, minimum, maximum
        case less, lessOrEqual, equal, notEqual, and, or
        case select
    }

    var operation: Operation
    /// Indices of operands; -1 for none.
    var a = -1
    var b = -1
    var c = -1
    /// A signal's number or an action element's position.
    var index = 0
    /// The bits of a constant.
    var bits: UInt64 = 0

    var isConstant: Bool { operation == .constant }
    /// Signals are read where they lie.
    var isColumn: Bool { operation == .signalAfter || operation == .signalBefore }
    var value: Double { Double(bitPattern: bits) }
}

/// Turns a tree whose names were checked into a list of primitives: constants folded, equal ones shared.
struct ExpressionLowering {
    enum Columns {
        /// Names mean the state after the step.
        case transition
        /// Names mean the state before the step: for a potential of the state the step started from.
        case before
    }

    let vocabulary: ExpressionVocabulary
    let columns: Columns
    private(set) var primitives: [ExpressionPrimitive] = []
    private var known: [ExpressionPrimitive: Int] = [:]

    init(vocabulary: ExpressionVocabulary, columns: Columns) {
        self.vocabulary = vocabulary
        self.columns = columns
    }

    mutating func lower(_ node: Expression.Node) throws(RewardError) -> Int {
        switch node {
        case .number(let value): return constant(value)
        case .pi: return constant(.pi)
        case .truth(let value): return constant(value ? 1 : 0)
        case .name(let name):
            switch vocabulary.meaning(of: name) {
            case .signal(let index, _)?: return signal(index, before: columns == .before)
            case .action(let index)?: return constant(Double(index))
            case nil: throw RewardError(vocabulary.unknownName(name))
            }
        case .previous(let name):
            guard let index = vocabulary.specification.signalIndex(name) else {
                throw RewardError(vocabulary.unknownName(name))
            }
            return signal(index, before: true)
        case .action(let element):
            let position: Int =
                switch element {
                case .whole: 0
                case .position(let position): position
                case .named(let name): vocabulary.specification.actionNames.firstIndex(of: name) ?? 0
                }
            return actionElement(position)
        case .terminated: return insert(.init(operation: .terminated))
        case .truncated: return insert(.init(operation: .truncated))
        case .unary(.negate, let operand): return insert(.init(operation: .negate, a: try lower(operand)))
        case .unary(.not, let operand): return insert(.init(operation: .not, a: try lower(operand)))
        case .binary(.power, let base, let exponent): return try power(base, exponent)
        case .binary(let infix, let left, let right): return binary(infix, try lower(left), try lower(right))
        case .conditional(let condition, let first, let second):
            return insert(
                .init(operation: .select, a: try lower(condition), b: try lower(first), c: try lower(second)))
        case .call(let function, let arguments): return try call(function, arguments)
        }
    }

    private mutating func insert(_ primitive: ExpressionPrimitive) -> Int {
        if let folded = folded(primitive) { return folded }
        if let index = known[primitive] { return index }
        primitives.append(primitive)
        known[primitive] = primitives.count - 1
        return primitives.count - 1
    }

    private mutating func constant(_ value: Double) -> Int {
        insert(.init(operation: .constant, bits: value.bitPattern))
    }

    private mutating func signal(_ index: Int, before: Bool) -> Int {
        insert(.init(operation: before ? .signalBefore : .signalAfter, index: index))
    }

    private mutating func actionElement(_ position: Int) -> Int {
        insert(.init(operation: .actionElement, index: position))
    }

    /// The same kernels run over one element, so that folding changes no bit.
    private mutating func folded(_ primitive: ExpressionPrimitive) -> Int? {
        guard primitive.operation.rawValue >= ExpressionPrimitive.Operation.negate.rawValue else { return nil }
        if primitive.operation == .select, primitives[primitive.a].isConstant {
            return primitives[primitive.a].value != 0 ? primitive.b : primitive.c
        }
        var operands: [BlockOperand] = []
        for index in [primitive.a, primitive.b, primitive.c] where index >= 0 {
            guard primitives[index].isConstant else { return nil }
            operands.append(BlockOperand(value: primitives[index].value))
        }
        while operands.count < 3 { operands.append(BlockOperand(value: 0)) }
        var result = 0.0
        BlockKernel.run(
            primitive.operation, lanes: 1, operands[0], operands[1], operands[2], into: &result)
        return constant(result)
    }

    private mutating func binary(_ infix: Expression.BinaryOperator, _ left: Int, _ right: Int) -> Int {
        let (operation, swapped): (ExpressionPrimitive.Operation, Bool) =
            switch infix {
            case .or: (.or, false)
            case .and: (.and, false)
            case .less: (.less, false)
            case .lessOrEqual: (.lessOrEqual, false)
            case .greater: (.less, true)
            case .greaterOrEqual: (.lessOrEqual, true)
            case .equal: (.equal, false)
            case .notEqual: (.notEqual, false)
            case .add: (.add, false)
            case .subtract: (.subtract, false)
            case .multiply: (.multiply, false)
            case .divide: (.divide, false)
            case .remainder: (.remainder, false)
            case .power: (.power, false)
            }
        return insert(.init(operation: operation, a: swapped ? right : left, b: swapped ? left : right))
    }

    /// Whole exponents written in the text become multiplications: from the exponent's highest bit down, square, and
    /// multiply where the bit is set.
    private mutating func power(_ base: Expression.Node, _ exponent: Expression.Node) throws(RewardError) -> Int {
        var isNegative = false
        var magnitude = exponent
        if case .unary(.negate, let inner) = exponent { (isNegative, magnitude) = (true, inner) }
        let x = try lower(base)
        guard case .number(let value) = magnitude, let whole = Int(exactly: value), whole <= 64 else {
            return insert(.init(operation: .power, a: x, b: try lower(exponent)))
        }
        guard whole > 0 else { return constant(1) }
        var result = x
        for bit in (0..<(Int.bitWidth - 1 - whole.leadingZeroBitCount)).reversed() {
            result = insert(.init(operation: .multiply, a: result, b: result))
            if whole >> bit & 1 == 1 { result = insert(.init(operation: .multiply, a: result, b: x)) }
        }
        return isNegative ? insert(.init(operation: .divide, a: constant(1), b: result)) : result
    }

    private mutating func call(
        _ function: Expression.Function, _ arguments: [Expression.Node]
    ) throws(RewardError) -> Int {
        if let expansion = function.expanded(arguments) { return try lower(expansion) }
        var operands: [Int] = []
        for argument in arguments {
            if function.isVariadic, argument == .action(.whole) {
                for position in 0..<vocabulary.specification.action.width { operands.append(actionElement(position)) }
            } else {
                operands.append(try lower(argument))
            }
        }
        switch function {
        case .min, .max:
            return operands.dropFirst().reduce(operands[0]) {
                insert(.init(operation: function == .min ? .minimum : .maximum, a: $0, b: $1))
            }
        case .norm:
            let squares = operands.map { insert(.init(operation: .multiply, a: $0, b: $0)) }
            let sum = squares.dropFirst().reduce(squares[0]) { insert(.init(operation: .add, a: $0, b: $1)) }
            return insert(.init(operation: .sqrt, a: sum))
        default:
            return insert(.init(operation: Self.unary[function] ?? .abs, a: operands[0]))
        }
    }

    private static let unary: [Expression.Function: ExpressionPrimitive.Operation] = [
        .abs: .abs, .sign: .sign, .sqrt: .sqrt, .exp: .exp, .log: .log, .sin: .sin, .cos: .cos, .tan: .tan,
        .tanh: .tanh, .sigmoid: .sigmoid, .floor: .floor, .round: .round,
    ]
}
