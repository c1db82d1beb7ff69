import CTelosKernels
import TelosEnvironments
import TelosRewards
import TelosTensor

enum Sample {
    static let signals = [
        Signal("position", unit: "m", -2...2, "a place"),
        Signal("velocity", unit: "m/s", -2...2, "a speed"),
        Signal("height", unit: "m", 0...2, "a height"),
        Signal("goal", 0...1, "1 at the goal"),
        Signal("key", 0...1, "1 while holding the key"),
        Signal("odd name", unit: "m", -2...2, "a name that is no word"),
    ]

    /// A box action of three named elements.
    static let box = EnvironmentSpecification(
        name: "Sample", summary: "", observation: .box(-1...1, count: 2), action: .box(-1...1, count: 3),
        actionNames: ["thrust", "roll", "yaw"], signals: signals, stateNames: [], reference: "")

    static let discrete = EnvironmentSpecification(
        name: "Sample", summary: "", observation: .box(-1...1, count: 2), action: .discrete(3),
        actionNames: ["left", "stay", "right"], signals: signals, stateNames: [], reference: "")

    static let single = EnvironmentSpecification(
        name: "MountainCar", summary: "", observation: .box(-1...1, count: 2), action: .box(-1...1, count: 1),
        signals: Array(signals.prefix(4)), stateNames: [], reference: "")
}

/// The columns of a batch of transitions, owned.
final class Columns {
    let specification: EnvironmentSpecification
    let count: Int
    let before: Buffer<Double>
    let after: Buffer<Double>
    let actions: Buffer<Float>
    let ends: Buffer<EpisodeEnd>
    private let observations: Buffer<Float>

    init(_ specification: EnvironmentSpecification, count: Int) {
        self.specification = specification
        self.count = count
        before = Buffer(count: specification.signals.count * count, repeating: 0)
        after = Buffer(count: specification.signals.count * count, repeating: 0)
        actions = Buffer(count: specification.action.width * count, repeating: 0)
        ends = Buffer(count: count, repeating: .ongoing)
        observations = Buffer(count: specification.observation.width * count, repeating: 0)
    }

    /// Random columns within the signals' ranges, with some round and some extreme values among them.
    convenience init(_ specification: EnvironmentSpecification, count: Int, random: inout RandomStream, extremes: Bool)
    {
        self.init(specification, count: count)
        let odd = [0, -0.0, 1, -1, 0.5, 1e300, -1e300, .leastNonzeroMagnitude, .infinity, -.infinity, .nan]
        for (k, signal) in specification.signals.enumerated() {
            for e in 0..<count {
                for column in [before, after] {
                    var value = random.uniform(signal.lowerBound, signal.upperBound)
                    if signal.isFlag { value = value < 0.5 ? 0 : 1 }
                    if extremes, random.uniform() < 0.1 { value = odd[random.index(below: odd.count)] }
                    column[k * count + e] = value
                }
            }
        }
        let isDiscrete = specification.action == .discrete(3)
        for i in 0..<actions.count {
            actions[i] = isDiscrete ? Float(random.index(below: 3)) : Float(random.uniform(-1, 1))
        }
        for e in 0..<count { ends[e] = EpisodeEnd(rawValue: UInt8(random.index(below: 3)))! }
    }

    var batch: TransitionBatch {
        TransitionBatch(
            count: count, specification: specification, signalsBefore: before.readOnly, signalsAfter: after.readOnly,
            actions: actions.readOnly, observations: observations.readOnly, nextObservations: observations.readOnly,
            ends: ends.readOnly)
    }

    func set(_ name: String, before values: [Double]? = nil, after next: [Double]? = nil) {
        let k = specification.signalIndex(name)!
        for (e, value) in (values ?? []).enumerated() { before[k * count + e] = value }
        for (e, value) in (next ?? []).enumerated() { after[k * count + e] = value }
    }

    /// One evaluation of a fresh reward: total and each term, a row a term.
    func evaluate(_ reward: any Reward) throws -> (rewards: [Double], terms: [String: [Double]]) {
        let bound = try reward.bind(to: specification)
        let memory = Memory(bound, count: count)
        return memory.evaluate(self)
    }
}

/// A bound reward with the memory of each environment.
final class Memory {
    let bound: any BoundReward
    let memory: Buffer<Double>

    init(_ bound: any BoundReward, count: Int) {
        self.bound = bound
        memory = Buffer(count: count * bound.memoryWidth, repeating: -7)
        for e in 0..<count { reset(e) }
    }

    func reset(_ e: Int) { bound.reset(memory: memory.rows(from: e * bound.memoryWidth, count: bound.memoryWidth)) }

    func evaluate(_ columns: Columns) -> (rewards: [Double], terms: [String: [Double]]) {
        let count = columns.count
        let rewards = Buffer<Double>(count: count, repeating: -99)
        let terms = Buffer<Double>(count: count * bound.termNames.count, repeating: -99)
        bound.evaluate(columns.batch, memory: memory.all, rewards: rewards.all, terms: terms.all)
        var named: [String: [Double]] = [:]
        for (k, name) in bound.termNames.enumerated() {
            named[name] = Array(terms.array[(k * count)..<((k + 1) * count)])
        }
        return (rewards.array, named)
    }
}

/// The error that `body` throws, if it is one of ours.
func rewardError(_ body: () throws -> Void) -> RewardError? {
    do {
        try body()
        return nil
    } catch {
        return error as? RewardError
    }
}

/// Well-typed random trees.
struct TreeGenerator {
    typealias Node = TelosRewards.Expression.Node
    var random: RandomStream
    var isSmooth = false
    var usesAction = true

    mutating func pick<T>(_ choices: [T]) -> T { choices[random.index(below: choices.count)] }

    mutating func number(_ depth: Int) -> Node {
        if depth == 0 || random.uniform() < 0.1 { return leaf() }
        switch random.index(below: 12) {
        case 0: return .unary(.negate, number(depth - 1))
        case 1, 2, 3, 4:
            return .binary(
                pick([.add, .subtract, .multiply, .divide, .remainder].dropLast(isSmooth ? 1 : 0)), number(depth - 1),
                number(depth - 1))
        case 5:
            if random.uniform() < 0.3, !isSmooth { return .binary(.power, number(depth - 1), number(depth - 1)) }
            let exponent = Node.number(Double(random.index(below: 8)))
            return .binary(.power, number(depth - 1), random.uniform() < 0.3 ? .unary(.negate, exponent) : exponent)
        case 6: return .conditional(condition(depth - 1), number(depth - 1), number(depth - 1))
        case 7: return isSmooth ? leaf() : condition(depth - 1)
        default:
            let function = pick(Expression.Function.allCases)
            let count = function.minimumArity + (function.isVariadic ? random.index(below: 3) : 0)
            if function.isVariadic, usesAction, random.uniform() < 0.2 { return .call(function, [.action(.whole)]) }
            return .call(function, (0..<count).map { _ in number(depth - 1) })
        }
    }

    mutating func condition(_ depth: Int) -> Node {
        if depth == 0 {
            return pick([.truth(true), .truth(false), .terminated, .truncated, .name("goal"), .previous("key")])
        }
        switch random.index(below: 5) {
        case 0: return .unary(.not, condition(depth - 1))
        case 1: return .binary(pick([.and, .or]), condition(depth - 1), condition(depth - 1))
        case 2 where depth > 1:
            return .conditional(condition(depth - 1), condition(depth - 1), condition(depth - 1))
        default:
            return .binary(
                pick([.less, .lessOrEqual, .greater, .greaterOrEqual, .equal, .notEqual]), number(depth - 1),
                number(depth - 1))
        }
    }

    mutating func leaf() -> Node {
        switch random.index(below: usesAction ? 10 : 8) {
        case 0: return .number(pick([0, 1, 2, 0.1, 1e-7, 12345678901234567168, 3.5, 200_000]))
        case 1: return .number((random.uniform() * 1000).rounded() / 100)
        case 2: return .pi
        case 3: return .previous(pick(["position", "velocity", "odd name"]))
        case 8: return .action(.position(random.index(below: 3)))
        case 9: return random.uniform() < 0.5 ? .action(.named("roll")) : .name("yaw")
        default: return .name(pick(["position", "velocity", "height", "odd name"]))
        }
    }
}

/// What an expression means, a row at a time, straight from the definitions.
struct Interpreter {
    typealias Node = TelosRewards.Expression.Node
    let columns: Columns
    let row: Int

    func value(_ node: Node) -> Double {
        switch node {
        case .number(let value): return value
        case .pi: return 3.141592653589793
        case .truth(let value): return value ? 1 : 0
        case .name(let name):
            if let k = columns.specification.signalIndex(name) { return columns.after[k * columns.count + row] }
            return Double(columns.specification.actionNames.firstIndex(of: name)!)
        case .previous(let name):
            return columns.before[columns.specification.signalIndex(name)! * columns.count + row]
        case .action(let element):
            switch element {
            case .whole: return action(0)
            case .position(let position): return action(position)
            case .named(let name): return action(columns.specification.actionNames.firstIndex(of: name)!)
            }
        case .terminated: return columns.ends[row] == .terminated ? 1 : 0
        case .truncated: return columns.ends[row] == .truncated ? 1 : 0
        case .unary(.negate, let x): return -value(x)
        case .unary(.not, let x): return value(x) == 0 ? 1 : 0
        case .binary(let infix, let left, let right): return binary(infix, left, right)
        case .conditional(let condition, let x, let y): return value(condition) != 0 ? value(x) : value(y)
        case .call(let function, let arguments): return call(function, arguments)
        }
    }

    private func action(_ position: Int) -> Double {
        Double(columns.actions[row * columns.specification.action.width + position])
    }

    private func binary(_ infix: TelosRewards.Expression.BinaryOperator, _ left: Node, _ right: Node) -> Double {
        let (x, y) = (value(left), value(right))
        switch infix {
        case .or: return x != 0 || y != 0 ? 1 : 0
        case .and: return x != 0 && y != 0 ? 1 : 0
        case .less: return x < y ? 1 : 0
        case .lessOrEqual: return x <= y ? 1 : 0
        case .greater: return x > y ? 1 : 0
        case .greaterOrEqual: return x >= y ? 1 : 0
        case .equal: return x == y ? 1 : 0
        case .notEqual: return x != y ? 1 : 0
        case .add: return x + y
        case .subtract: return x - y
        case .multiply: return x * y
        case .divide: return x / y
        case .remainder: return x - y * (x / y).rounded(.down)
        case .power:
            if case .number(let n) = right, n == n.rounded(), n <= 64 { return whole(x, Int(n)) }
            if case .unary(.negate, .number(let n)) = right, n == n.rounded(), n <= 64 {
                return n == 0 ? 1 : 1 / whole(x, Int(n))
            }
            return telos_pow64(x, y)
        }
    }

    private func whole(_ x: Double, _ n: Int) -> Double {
        if n == 0 { return 1 }
        if n == 1 { return x }
        let half = whole(x, n / 2)
        return n % 2 == 0 ? half * half : half * half * x
    }

    private func call(_ function: TelosRewards.Expression.Function, _ nodes: [Node]) -> Double {
        var x: [Double] = []
        for node in nodes {
            if function.isVariadic, node == .action(.whole) {
                x += (0..<columns.specification.action.width).map(action)
            } else {
                x.append(value(node))
            }
        }
        func least(_ a: Double, _ b: Double) -> Double { a.isNaN || b.isNaN ? .nan : (a < b ? a : b) }
        func most(_ a: Double, _ b: Double) -> Double { a.isNaN || b.isNaN ? .nan : (a > b ? a : b) }
        switch function {
        case .abs: return x[0].magnitude
        case .sign: return x[0] == 0 || x[0].isNaN ? x[0] : (x[0] < 0 ? -1 : 1)
        case .square: return x[0] * x[0]
        case .sqrt: return x[0].squareRoot()
        case .exp: return telos_exp64(x[0])
        case .log: return telos_log64(x[0])
        case .sin: return telos_sin64(x[0])
        case .cos: return telos_cos64(x[0])
        case .tan: return telos_tan64(x[0])
        case .tanh: return telos_tanh64(x[0])
        case .sigmoid: return 1 / (1 + telos_exp64(-x[0]))
        case .floor: return x[0].rounded(.down)
        case .round: return x[0].rounded(.toNearestOrAwayFromZero)
        case .min: return x.dropFirst().reduce(x[0], least)
        case .max: return x.dropFirst().reduce(x[0], most)
        case .norm: return x.dropFirst().reduce(x[0] * x[0]) { $0 + $1 * $1 }.squareRoot()
        case .clamp: return least(most(x[0], x[1]), x[2])
        case .gaussian: return telos_exp64(-((x[0] - x[1]) * (x[0] - x[1]) / (2 * (x[2] * x[2]))))
        case .tolerance:
            let distance = most(most(x[1] - x[0], x[0] - x[2]), 0)
            let ratio = distance / x[3]
            return distance == 0 ? 1 : telos_exp64(telos_log64(0.1) * (ratio * ratio))
        }
    }
}
