import TelosEnvironments

extension Expression {
    /// The syntax tree of an expression.
    ///
    /// Parsing gives the canonical form: numbers are finite and not negative (`-1` is the negation of 1), and `!`, `&&`
    /// and `||` are the same nodes as `not`, `and` and `or`.
    public indirect enum Node: Hashable, Sendable {
        case number(Double)
        case pi
        case truth(Bool)
        /// A signal after the step, or the name of an action, which stands for its index.
        case name(String)
        /// A signal before the step.
        case previous(String)
        case action(ActionElement)
        /// 1 where the step ended its episode in a terminal state, otherwise 0.
        case terminated
        /// 1 where the step was its episode's last because time ran out, otherwise 0.
        case truncated
        case unary(UnaryOperator, Node)
        case binary(BinaryOperator, Node, Node)
        /// `condition ? first : second`.
        case conditional(Node, Node, Node)
        case call(Function, [Node])

        /// The nodes directly below.
        public var children: [Node] {
            switch self {
            case .number, .pi, .truth, .name, .previous, .action, .terminated, .truncated: []
            case .unary(_, let operand): [operand]
            case .binary(_, let left, let right): [left, right]
            case .conditional(let condition, let first, let second): [condition, first, second]
            case .call(_, let arguments): arguments
            }
        }
    }

    /// Which number of an encoded action is meant.
    public enum ActionElement: Hashable, Sendable {
        /// `action`: a discrete choice's index, or the only element of a box.
        case whole
        /// `action[2]`.
        case position(Int)
        /// `action[thrust]`: the element the environment names so.
        case named(String)
    }

    public enum UnaryOperator: String, Hashable, Sendable, CaseIterable {
        case negate = "-"
        case not = "not"
    }

    public enum BinaryOperator: String, Hashable, Sendable, CaseIterable {
        case or = "or"
        case and = "and"
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
        case equal = "=="
        case notEqual = "!="
        case add = "+"
        case subtract = "-"
        case multiply = "*"
        case divide = "/"
        case remainder = "%"
        case power = "^"

        public var isComparison: Bool { precedence == Precedence.comparison }
        public var isLogical: Bool { self == .and || self == .or }

        /// How tightly the operator binds; a larger number binds tighter.
        var precedence: Int {
            switch self {
            case .or: Precedence.or
            case .and: Precedence.and
            case .less, .lessOrEqual, .greater, .greaterOrEqual, .equal, .notEqual: Precedence.comparison
            case .add, .subtract: Precedence.sum
            case .multiply, .divide, .remainder: Precedence.product
            case .power: Precedence.power
            }
        }

        /// What an operand must bind at least as tightly as to stand to the left without parentheses.
        var leftPrecedence: Int {
            if self == .power { return Precedence.primary }
            return isComparison ? precedence + 1 : precedence
        }

        /// Likewise to the right. A sign may follow `^`: `x^-2`.
        var rightPrecedence: Int { self == .power ? Precedence.prefix : precedence + 1 }
    }

    enum Precedence {
        static let conditional = 1
        static let or = 2
        static let and = 3
        static let not = 4
        static let comparison = 5
        static let sum = 6
        static let product = 7
        static let prefix = 8
        static let power = 9
        static let primary = 10
    }
}
