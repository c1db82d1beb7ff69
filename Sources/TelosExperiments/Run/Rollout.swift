import Foundation
import TelosEnvironments
import TelosLearning
import TelosTensor

/// What is wrong with a rollout's input, one problem a line.
public struct RolloutError: Error, Sendable, Hashable, CustomStringConvertible {
    public var problems: [String]
    public init(_ problems: [String]) { self.problems = problems }
    public var description: String { problems.joined(separator: "\n") }
}

/// An environment, a first state and actions to step through: for parity with other implementations.
public struct RolloutInput {
    private let environments: any BatchEnvironment
    private let rewards: TaskRewards
    private var actions: [[Float]] = []

    /// - state: a JSON array in the order of the specification's `stateNames`; nil for a first state drawn with `seed`.
    /// - options: as `name=value`.
    /// - reward: an expression in place of the environment's usual reward.
    /// - horizon: steps until truncation; nil for the usual number, 0 for none.
    /// Throws `RolloutError` with everything that is wrong.
    public init(
        task name: String, state: String?, options: [String] = [], reward: String? = nil, horizon: Int? = nil,
        seed: Int = 0, registries: Registries = .builtIn
    ) throws {
        guard var root = Document("task: {environment: \(name.quoted)}").root else {
            throw RolloutError(["--task \(name): this cannot be the name of an environment"])
        }
        var problems: [Problem] = []
        for option in options { problems += Override.apply("task.environment.\(option)", to: &root) }
        if let reward { problems += Override.apply("task.reward=\(reward.quoted)", to: &root) }
        if let horizon { problems += Override.apply("task.horizon=\(horizon == 0 ? "none" : "\(horizon)")", to: &root) }
        var reader = ExperimentReader(registries: registries, problems: problems)
        let node = Fields(root.pairs ?? [])["task"]
        guard let task = reader.readTask(node, root: root), reader.problems.isEmpty else {
            throw RolloutError(reader.problems.map { RolloutInput.describe($0, task: name) })
        }
        do {
            let definition = TaskDefinition(
                environment: task.entry, options: task.options, horizon: task.horizon,
                primary: try task.reward.makeReward())
            environments = try definition.makeEnvironments(count: 1, key: RandomKey(seed: seed))
            rewards = try TaskRewards(definition, specification: environments.specification, count: 1, discount: 1)
        } catch {
            throw RolloutError(["--task \(name): \(error)"])
        }
        if let state { try begin(state) }
    }

    private static func describe(_ problem: Problem, task: String) -> String {
        guard let argument = problem.argument else { return "--task \(task): \(problem.message)" }
        for (internalName, flag) in [("environment.", "option "), ("reward=", "reward "), ("horizon=", "horizon ")] {
            let prefix = "--set task.\(internalName)"
            if argument.hasPrefix(prefix) {
                return "--\(flag)\(argument.dropFirst(prefix.count)): \(problem.message)"
            }
        }
        return "\(argument): \(problem.message)"
    }

    private func begin(_ text: String) throws {
        let names = environments.specification.stateNames
        let form = "write a JSON array of \(names.count) numbers: [\(names.joined(separator: ", "))]"
        guard case .list(let list)? = JSONValue(json: text) else {
            throw RolloutError(["--state: this is not a JSON array; \(form)"])
        }
        var values: [Double] = []
        for (index, value) in list.enumerated() {
            guard case .number(let number) = value, number.isFinite else {
                throw RolloutError(["--state: element \(index + 1) is not a number; \(form)"])
            }
            values.append(number)
        }
        var snapshot = environments.snapshot
        snapshot.begin(in: [values])
        do {
            try environments.restore(snapshot)
        } catch {
            throw RolloutError([
                values.count == names.count
                    ? "--state: \(list.isEmpty ? "[]" : JSONValue.list(list).json) is not a state of "
                        + "\(environments.specification.name): a value is out of its range"
                    : "--state: it has \(values.count) numbers; \(form)"
            ])
        }
    }

    /// Reads one action a line, a JSON number or array; blank lines are passed over.
    /// - Throws: `RolloutError` with every line that is wrong, as `file:LINE: message`.
    public mutating func read(actions text: String, file: String) throws {
        let space = environments.specification.action
        var problems: [String] = []
        var lines = 0
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = line.trimmingCharacters(in: .whitespacesAndNewlines)
            if line.isEmpty { continue }
            lines += 1
            switch RolloutInput.action(line, in: space) {
            case .success(let action): actions.append(action)
            case .failure(let error): problems.append("\(file):\(index + 1): \(error.message)")
            }
        }
        if lines == 0 { problems.append("\(file): there are no actions; write one JSON value a line") }
        if problems.count > 20 {
            problems = problems.prefix(20) + ["\(file): and \(problems.count - 20) lines more"]
        }
        guard problems.isEmpty else { throw RolloutError(problems) }
    }

    struct ActionError: Error {
        var message: String
    }

    static func action(_ line: String, in space: Space) -> Result<[Float], ActionError> {
        let form = describe(space)
        guard let value = JSONValue(json: line) else {
            return .failure(ActionError(message: "'\(line.prefix(40))' is not JSON; an action is \(form)"))
        }
        var numbers: [Double] = []
        func flatten(_ value: JSONValue) -> Bool {
            switch value {
            case .number(let number):
                numbers.append(number)
                return number.isFinite && abs(number) <= Double(Float.greatestFiniteMagnitude)
            case .list(let list): return list.allSatisfy(flatten)
            default: return false
            }
        }
        guard flatten(value) else {
            return .failure(ActionError(message: "'\(line.prefix(40))' is not made of numbers; an action is \(form)"))
        }
        guard numbers.count == space.width else {
            let count = numbers.count == 1 ? "1 number" : "\(numbers.count) numbers"
            return .failure(ActionError(message: "this has \(count); an action is \(form)"))
        }
        if let message = fault(numbers[...], in: space) {
            return .failure(ActionError(message: "\(message); an action is \(form)"))
        }
        return .success(numbers.map(Float.init))
    }

    /// What is wrong with the flat encoding of a value of `space`; elements of a box may lie outside its bounds, which
    /// the environment sees to.
    private static func fault(_ values: ArraySlice<Double>, in space: Space) -> String? {
        func choice(_ value: Double, below count: Int) -> String? {
            guard let whole = Int(exactly: value), (0..<count).contains(whole) else {
                return "\(JSONValue.number(value).json) is not a choice from 0 to \(count - 1)"
            }
            return nil
        }
        func parts(_ spaces: [Space]) -> String? {
            var rest = values
            for space in spaces {
                if let message = fault(rest.prefix(space.width), in: space) { return message }
                rest = rest.dropFirst(space.width)
            }
            return nil
        }
        switch space {
        case .box: return nil
        case .discrete(let count): return choice(values.first!, below: count)
        case .multiDiscrete(let counts):
            return zip(values, counts).lazy.compactMap { choice($0, below: $1) }.first
        case .binary: return values.lazy.compactMap { choice($0, below: 2) }.first
        case .tuple(let spaces): return parts(spaces)
        case .dictionary(let spaces): return parts(spaces.sorted { $0.key < $1.key }.map(\.value))
        case .tokens(let vocabulary, _):
            return values.lazy.filter { $0 != -1 }.compactMap { choice($0, below: vocabulary) }.first
        }
    }

    private static func describe(_ space: Space) -> String {
        switch space {
        case .box: space.width == 1 ? "a number or an array of one" : "an array of \(space.width) numbers"
        case .discrete(let count): "a whole number from 0 to \(count - 1)"
        case .multiDiscrete(let counts):
            "an array of \(counts.count) whole numbers, each below its entry of \(counts)"
        case .binary(let count): "an array of \(count) zeros or ones"
        case .tuple, .dictionary: "an array of \(space.width) numbers, its parts one after another"
        case .tokens(let vocabulary, let length):
            "an array of \(length) tokens below \(vocabulary), padded with -1"
        }
    }

    /// Steps until the actions or the episode end; gives each step as one line of JSON.
    public func run(_ line: (String) -> Void) {
        let specification = environments.specification
        for action in actions {
            action.withUnsafeBufferPointer { environments.step(actions: $0) }
            let transitions = environments.transitions
            let values = rewards.evaluate(transitions)
            let end = transitions.ends[0]
            let state =
                end == .ongoing ? environments.snapshot.states[0] : environments.finalState(of: 0) ?? []
            let step = OrderedJSON.object([
                ("observation", .list(transitions.nextObservations.map { .number(Double($0)) })),
                ("state", .list(state.map(OrderedJSON.number))),
                (
                    "signals",
                    .object(
                        specification.signals.enumerated().map {
                            ($0.element.name, .number(transitions.signalsAfter[$0.offset]))
                        })
                ),
                ("reward", .number(values.channels[0])),
                (
                    "terms",
                    .object(rewards.termNames.enumerated().map { ($0.element, .number(values.terms[$0.offset])) })
                ),
                ("end", .text(end.name)),
            ])
            line(step.description)
            if end != .ongoing { return }
        }
    }
}
