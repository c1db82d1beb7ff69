import Foundation

/// One field of a learner's configuration, as `telos describe` prints it. Its type and default come from encoding the
/// default configuration, so they cannot disagree with the code.
public struct OptionDescription: Sendable, Hashable {
    public var name: String
    public var summary: String
    public var raising: String
    public var lowering: String
    /// Valid values of a number, or of each of a list.
    public var range: ClosedRange<Double>?
    /// Valid values of a text field; empty where any is.
    public var choices: [String]

    public init(
        _ name: String, _ summary: String, raising: String = "", lowering: String = "",
        range: ClosedRange<Double>? = nil, choices: [String] = []
    ) {
        self.name = name
        self.summary = summary
        self.raising = raising
        self.lowering = lowering
        self.range = range
        self.choices = choices
    }
}

/// What is wrong with one option, and what to write instead.
public struct ConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
    public var option: String?
    public var message: String

    public init(option: String? = nil, _ message: String) {
        self.option = option
        self.message = message
    }

    public var description: String { option.map { "\($0): \(message)" } ?? message }
}

/// The options of a learner.
public protocol LearnerConfiguration: Codable, Sendable, Equatable {
    init()
    static var options: [OptionDescription] { get }
    /// Throws `ConfigurationError` for values that are each valid but contradict one another.
    func validate() throws
}

extension LearnerConfiguration {
    public func validate() throws {}

    /// Decodes `json`, an object with any of the options; the rest keep their defaults. Unknown names and numbers out
    /// of range are errors.
    public init(json: String) throws {
        let encoder = JSONEncoder()
        guard
            var fields = try JSONSerialization.jsonObject(with: encoder.encode(Self())) as? [String: Any],
            let given = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        else { throw ConfigurationError("the options must be an object of names and values") }
        for (name, value) in given {
            guard fields[name] != nil else { throw ConfigurationError(option: name, "there is no such option") }
            fields[name] = value
        }
        do {
            self = try JSONDecoder().decode(Self.self, from: JSONSerialization.data(withJSONObject: fields))
        } catch let error as DecodingError {
            throw ConfigurationError("the options do not decode: \(error)")
        }
        for option in Self.options {
            let numbers = given[option.name].map { $0 as? [Double] ?? [$0 as? Double].compactMap(\.self) } ?? []
            guard let range = option.range, let number = numbers.first(where: { !range.contains($0) }) else { continue }
            throw ConfigurationError(
                option: option.name,
                "\(number) is out of range; write a number from \(range.lowerBound) to \(range.upperBound)")
        }
        try validate()
    }

    /// The configuration as a JSON object with sorted names.
    public var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return (try? String(decoding: encoder.encode(self), as: UTF8.self)) ?? "{}"
    }
}

/// The options of a learner that is another with more: those of both, side by side.
public struct JointConfiguration<Base: LearnerConfiguration, Own: LearnerConfiguration>: LearnerConfiguration {
    public var base = Base()
    public var own = Own()

    public init() {}

    public init(from decoder: any Decoder) throws {
        base = try Base(from: decoder)
        own = try Own(from: decoder)
    }

    public func encode(to encoder: any Encoder) throws {
        try base.encode(to: encoder)
        try own.encode(to: encoder)
    }

    public static var options: [OptionDescription] { Base.options + Own.options }

    public func validate() throws {
        try base.validate()
        try own.validate()
    }
}

/// The options of a learner that is another with other defaults: `init()` sets them.
public protocol ConfigurationVariant: LearnerConfiguration {
    associatedtype Base: LearnerConfiguration
    /// The other learner's, all of them.
    var options: Base { get set }
}

extension ConfigurationVariant {
    public init(from decoder: any Decoder) throws {
        self.init()
        options = try Base(from: decoder)
    }

    public func encode(to encoder: any Encoder) throws { try options.encode(to: encoder) }
    public func validate() throws { try options.validate() }
    public static var options: [OptionDescription] { Base.options }
}
