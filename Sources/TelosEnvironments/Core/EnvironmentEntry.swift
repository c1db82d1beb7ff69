import TelosTensor

/// A number an environment can be built with.
public struct EnvironmentOption: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        case integer(ClosedRange<Int>)
        case real(ClosedRange<Double>)
        case flag
        case text
        /// Named values of any kind, kept as a JSON object.
        case object
    }
    public var name: String
    public var kind: Kind
    /// The default, as it would be written in an experiment file.
    public var defaultValue: OptionValue
    /// What it is and what raising or lowering it does.
    public var summary: String

    public init(_ name: String, _ kind: Kind, _ defaultValue: OptionValue, _ summary: String) {
        self.name = name
        self.kind = kind
        self.defaultValue = defaultValue
        self.summary = summary
    }
}

public enum OptionValue: Sendable, Hashable, CustomStringConvertible {
    case integer(Int)
    case real(Double)
    case flag(Bool)
    case text(String)

    public var description: String {
        switch self {
        case .integer(let value): "\(value)"
        case .real(let value): "\(value)"
        case .flag(let value): "\(value)"
        case .text(let value): value
        }
    }
}

/// The options chosen for an environment, complete: defaults filled in, names and types already checked.
public struct EnvironmentOptions: Sendable {
    public var values: [String: OptionValue]
    public init(_ values: [String: OptionValue]) { self.values = values }

    public func integer(_ name: String) -> Int {
        if case .integer(let value)? = values[name] { value } else { 0 }
    }
    public func real(_ name: String) -> Double {
        switch values[name] {
        case .real(let value)?: value
        case .integer(let value)?: Double(value)
        default: 0
        }
    }
    public func flag(_ name: String) -> Bool {
        if case .flag(let value)? = values[name] { value } else { false }
    }
    public func text(_ name: String) -> String {
        if case .text(let value)? = values[name] { value } else { "" }
    }
}

/// The reward of an environment's usual task: an expression, or several whose sum it is, each a term with a name.
public struct UsualReward: Sendable, Hashable, ExpressibleByStringInterpolation, ExpressibleByDictionaryLiteral {
    public struct Term: Sendable, Hashable {
        /// What the term is logged as; nil for a reward of one expression.
        public var name: String?
        public var expression: String
    }

    /// In the order of the sum.
    public var terms: [Term]

    /// A reward of one expression, whose term has no name.
    public init(_ expression: String) { terms = [Term(name: nil, expression: expression)] }
    public init(stringLiteral expression: String) { self.init(expression) }
    public init(dictionaryLiteral elements: (String, String)...) {
        terms = elements.map { Term(name: $0, expression: $1) }
    }
}

/// An environment that a name in an experiment file can mean, with the task people usually set in it.
public struct EnvironmentEntry: Sendable {
    public typealias Maker =
        @Sendable (
            _ options: EnvironmentOptions, _ count: Int, _ horizon: Int?, _ key: RandomKey
        ) throws -> any BatchEnvironment

    public var name: String
    public var family: String
    public var summary: String
    public var options: [EnvironmentOption]
    /// The horizon of the usual task; nil for none.
    public var horizon: Int?
    /// The primary reward of the usual task, in the expression language.
    public var reward: UsualReward
    public var make: Maker
    /// Why its batches cannot be stepped any more, where something outside Telos that steps them failed; nil while all is
    /// well. Who steps many times asks now and then.
    public var failure: @Sendable () -> (any Error)?

    /// An entry for batches of any kind.
    public init(
        name: String, family: String, summary: String, options: [EnvironmentOption] = [], horizon: Int?,
        reward: UsualReward, failure: @escaping @Sendable () -> (any Error)? = { nil }, make: @escaping Maker
    ) {
        self.name = name
        self.family = family
        self.summary = summary
        self.options = options
        self.horizon = horizon
        self.reward = reward
        self.failure = failure
        self.make = make
    }

    /// An entry for environments of one type.
    /// - Parameter build: makes the environment; throws an error that says what is wrong with the options.
    public init<Dynamics: Environment>(
        name: String, family: String, summary: String, options: [EnvironmentOption] = [], horizon: Int?,
        reward: UsualReward, build: @escaping @Sendable (EnvironmentOptions) throws -> Dynamics
    ) {
        self.init(
            name: name, family: family, summary: summary, options: options, horizon: horizon, reward: reward
        ) { options, count, horizon, key in
            VectorEnvironment(try build(options), count: count, horizon: horizon, key: key)
        }
    }

    public var defaultOptions: EnvironmentOptions {
        EnvironmentOptions(Dictionary(uniqueKeysWithValues: options.map { ($0.name, $0.defaultValue) }))
    }

    /// The name, with the options that are not as usual: `CartPole`, `CartPole (hideVelocities)`.
    public func form(_ chosen: EnvironmentOptions) -> String {
        let unusual = options.compactMap { option -> String? in
            guard let value = chosen.values[option.name], value != option.defaultValue else { return nil }
            return value == .flag(true) ? option.name : "\(option.name) \(value)"
        }
        return unusual.isEmpty ? name : "\(name) (\(unusual.joined(separator: ", ")))"
    }
}

/// The environments that come with Telos. Each suite's file lists its own.
public enum Environments {
    public static let all: [EnvironmentEntry] =
        classicControl + grids + mazes + bandits + auctions + simulators + physics + sanity

    public static func named(_ name: String) -> EnvironmentEntry? { all.first { $0.name == name } }
}
