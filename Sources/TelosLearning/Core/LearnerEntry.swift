import TelosEnvironments

/// What a learner can do that not every learner can.
public enum LearnerCapability: String, Sendable, Codable, CaseIterable {
    /// Never takes a choice that the environment's mask forbids, and learns under the mask.
    case actionMasks
    /// Remembers earlier observations, with the option `network` or of itself.
    case memory
    /// Learns with what probability to act, not only which action is best.
    case stochasticPolicies
}

/// A learner that a name in an experiment file can mean.
public struct LearnerEntry: Sendable {
    public var name: String
    public var family: String
    public var summary: String
    /// Authors, year, title.
    public var reference: String
    /// Its equations, and its metrics explained.
    public var notes: LearnerNotes
    public var options: [OptionDescription]
    /// The default configuration as a JSON object: the type and default of every option.
    public var defaults: String
    /// Decodes and checks options given as a JSON object; throws `ConfigurationError`.
    public var check: @Sendable (_ json: String) throws -> Void
    public var capabilities: Set<LearnerCapability>
    /// Why it cannot learn in such an environment; nil where it can.
    public var refusal: @Sendable (EnvironmentSpecification) -> String?
    public var make: @Sendable (_ context: LearnerContext, _ json: String) throws -> any Learner

    public init<Configuration: LearnerConfiguration>(
        name: String, family: String, summary: String, reference: String, notes: LearnerNotes = LearnerNotes(),
        configuration: Configuration.Type, capabilities: Set<LearnerCapability> = [],
        refusal: @escaping @Sendable (EnvironmentSpecification) -> String?,
        make: @escaping @Sendable (LearnerContext, Configuration) throws -> any Learner
    ) {
        self.name = name
        self.family = family
        self.summary = summary
        self.reference = reference
        self.notes = notes
        options = Configuration.options
        defaults = Configuration().json
        check = { _ = try Configuration(json: $0) }
        self.capabilities = capabilities
        self.refusal = { specification in
            if !specification.maskSignals.isEmpty, !capabilities.contains(.actionMasks) {
                return "it does not know which actions are possible, \(specification.name) forbids some"
            }
            return refusal(specification)
        }
        self.make = { try make($0, try Configuration(json: $1)) }
    }
}

/// The learners that come with Telos. Each family's folder lists its own.
public enum Learners {
    public static let all: [LearnerEntry] = tabular + onPolicy + offPolicy + offline + evolution + imitation

    public static func named(_ name: String) -> LearnerEntry? { all.first { $0.name == name } }
}
