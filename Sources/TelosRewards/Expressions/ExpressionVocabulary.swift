import TelosEnvironments
import TelosTensor

/// What names mean in one environment, and which of them an expression may use.
struct ExpressionVocabulary: Sendable {
    enum Scope: Sendable {
        /// A whole step: signals before and after, the action, how it ended.
        case transition
        /// Signals of one state only, for `purpose` (a potential).
        case state(purpose: String)
    }

    var specification: EnvironmentSpecification
    var scope: Scope

    enum Meaning {
        case signal(Int, isFlag: Bool)
        case action(Int)
    }

    /// A signal comes before an action of the same name.
    func meaning(of name: String) -> Meaning? {
        if let index = specification.signalIndex(name) {
            return .signal(index, isFlag: specification.signals[index].isFlag)
        }
        return specification.actionNames.firstIndex(of: name).map(Meaning.action)
    }

    /// Nil where the expression may use more than one state's signals; otherwise what is wrong with `what`.
    func refusal(of what: String) -> String? {
        guard case .state(let purpose) = scope else { return nil }
        return "\(what) cannot be used in \(purpose), which is a function of one state; use its signals only"
    }

    func unknownName(_ name: String) -> String {
        let names = specification.signals.map(\.name)
        var message = "unknown signal '\(name)'"
        if let near = nearestName(to: name, among: names + specification.actionNames + ["terminated", "truncated"]) {
            message += "; did you mean '\(near)'?"
        } else if let function = Expression.Function(rawValue: name) {
            message += "; the function is written \(function.signature)."
        } else {
            message += "."
        }
        return message + " " + inventory
    }

    func unknownElement(_ name: String) -> String {
        let names = specification.actionNames
        var message = "the action has no element '\(name)'"
        if let near = nearestName(to: name, among: names) { message += "; did you mean '\(near)'?" }
        return names.isEmpty ? message + "; give its position, as in action[0]" : message + " It has: " + listed(names)
    }

    /// "MountainCar has: position, velocity".
    var inventory: String {
        let names = specification.signals.map(\.name)
        return names.isEmpty ? "\(specification.name) has no signals" : "\(specification.name) has: " + listed(names)
    }

    private func listed(_ names: [String]) -> String {
        let most = 12
        let list = names.prefix(most).joined(separator: ", ")
        return names.count > most ? list + " and \(names.count - most) more" : list
    }
}

extension Signal {
    /// True of a pure number between 0 and 1: a yes or no, usable as a condition.
    public var isFlag: Bool { unit == "1" && lowerBound == 0 && upperBound == 1 }
}

extension EnvironmentSpecification {
    var hasDiscreteAction: Bool {
        if case .discrete = action { true } else { false }
    }
}
