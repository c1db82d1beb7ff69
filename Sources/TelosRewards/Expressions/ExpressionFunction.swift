extension Expression {
    /// The functions of the language. Each is defined for every argument; where mathematics gives no value the result
    /// is not a number (`sqrt(-1)`), and arguments that are not numbers give results that are not.
    public enum Function: String, Hashable, Sendable, CaseIterable {
        case abs, sign, square, sqrt, exp, log, sin, cos, tan, tanh, sigmoid, floor, round
        case min, max, norm, clamp, gaussian, tolerance

        /// The names of its parameters, as documentation shows them.
        public var parameters: [String] {
            switch self {
            case .min, .max: ["x", "y", "..."]
            case .norm: ["x", "..."]
            case .clamp: ["x", "low", "high"]
            case .gaussian: ["x", "mean", "width"]
            case .tolerance: ["x", "low", "high", "margin"]
            default: ["x"]
            }
        }

        /// True where it takes any number of arguments from `minimumArity` on. `action` alone as an argument of such a
        /// function stands for all elements of the action: `norm(action)`.
        public var isVariadic: Bool { parameters.last == "..." }
        public var minimumArity: Int { isVariadic ? parameters.count - 1 : parameters.count }

        /// What it computes, in a line.
        public var summary: String {
            switch self {
            case .abs: "x without its sign"
            case .sign: "-1, 0 or 1, as x is negative, zero or positive"
            case .square: "x * x"
            case .sqrt: "the square root"
            case .exp: "e to the power x"
            case .log: "the natural logarithm"
            case .sin: "the sine of x radians"
            case .cos: "the cosine of x radians"
            case .tan: "the tangent of x radians"
            case .tanh: "the hyperbolic tangent, between -1 and 1"
            case .sigmoid: "1 / (1 + exp(-x)), between 0 and 1"
            case .floor: "the largest whole number that is not above x"
            case .round: "the nearest whole number, halves away from zero"
            case .min: "the smallest argument"
            case .max: "the largest argument"
            case .norm: "sqrt(x^2 + y^2 + ...), the Euclidean length"
            case .clamp: "x, or the bound that it lies beyond: min(max(x, low), high)"
            case .gaussian: "exp(-(x - mean)^2 / (2 * width^2)), 1 at the mean"
            case .tolerance:
                "1 from low to high, falling outside to 0.1 at a distance of margin "
                    + "(Tassa et al., DeepMind Control Suite, 2018)"
            }
        }

        /// For example `clamp(x, low, high)`.
        public var signature: String { "\(rawValue)(\(parameters.joined(separator: ", ")))" }

        /// Functions that are short for others, written out; nil for the rest.
        func expanded(_ x: [Node]) -> Node? {
            switch self {
            case .square:
                return .binary(.power, x[0], .number(2))
            case .clamp:
                return .call(.min, [.call(.max, [x[0], x[1]]), x[2]])
            case .gaussian:
                let distance = Node.binary(.subtract, x[0], x[1])
                let scale = Node.binary(.multiply, .number(2), .binary(.power, x[2], .number(2)))
                let ratio = Node.binary(.divide, .binary(.power, distance, .number(2)), scale)
                return .call(.exp, [.unary(.negate, ratio)])
            case .tolerance:
                let distance = Node.call(
                    .max, [.binary(.subtract, x[1], x[0]), .binary(.subtract, x[0], x[2]), .number(0)])
                let inMargins = Node.binary(.power, .binary(.divide, distance, x[3]), .number(2))
                let fall = Node.call(.exp, [.binary(.multiply, .call(.log, [.number(0.1)]), inMargins)])
                return .conditional(.binary(.equal, distance, .number(0)), .number(1), fall)
            default:
                return nil
            }
        }
    }

    /// The functions of the language: name, arity, what each computes.
    public static let functions: [(name: String, arity: String, summary: String)] = Function.allCases.map {
        ($0.signature, $0.isVariadic ? "\($0.minimumArity) or more" : "\($0.minimumArity)", $0.summary)
    }

    /// The operators from the loosest to the tightest binding, a line each.
    public static let operators: [(name: String, summary: String)] = [
        ("condition ? x : y", "x where the condition holds, otherwise y"),
        ("a or b, a || b", "holds where a or b or both hold"),
        ("a and b, a && b", "holds where both hold"),
        ("not a, !a", "holds where a does not (! binds as tightly as a sign)"),
        ("< <= > >= == !=", "comparisons; they do not chain; used as a number, 1 where true and 0 where false"),
        ("x + y, x - y", "sum and difference"),
        ("x * y, x / y, x % y", "product, quotient and remainder x - y * floor(x / y), of the sign of y"),
        ("-x", "the negative: -x^2 is -(x^2)"),
        ("x^y", "power, from the right: x^y^z is x^(y^z)"),
    ]

    /// Names with a meaning of their own.
    public static let constants: [(name: String, summary: String)] = [
        ("NAME", "a signal after the step, or the index of the action so named"),
        ("previous.NAME", "a signal before the step"),
        ("action", "the index of a discrete action, or the only element of a box"),
        ("action[i]", "element i of a box, by its position from 0 or its name"),
        ("terminated", "holds where the step led to a terminal state"),
        ("truncated", "holds where the step was the last because time ran out"),
        ("true, false", "1 and 0"),
        ("pi", "3.141592653589793"),
        ("`a name`", "a name that is no plain word, in backticks"),
    ]
}
