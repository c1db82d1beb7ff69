/// The field a published system belongs to.
public enum CatalogueFamily: String, Sendable, Codable, CaseIterable {
    case applicationEnvironments = "application-env"
    case bandits
    case bayesianOptimization = "bayesopt-hpo"
    case diffusionAlignment = "diffusion-alignment"
    case explorationAndSkills = "exploration-skills-qd"
    case governanceText = "governance-text"
    case imitation = "imitation-irl"
    case languageModelAgents = "llm-agents"
    case languageModelReinforcementLearning = "llm-rl"
    case metaAndMultitask = "meta-multitask-curriculum-generalization"
    case modelBased = "model-based-rl"
    case multiAgent = "multi-agent-games-mechanism"
    case multiObjectiveAndConstrained = "multi-objective-constrained-safe"
    case offline = "offline-rl"
    case offPolicyEvaluation = "ope"
    case policyGradient = "policy-gradient"
    case preferences = "preference-rlhf"
    case representation = "representation-generative-supervised"
    case rewardDesign = "reward-design"
    case robotics
    case robustAndRiskAware = "robust-risk-adversarial"
    case theory = "theory-other"
    case valueBased = "value-distributional"
}

/// What a published system contributes.
public enum CatalogueKind: String, Sendable, Codable, CaseIterable {
    case algorithm, analysis, application, benchmark, dataset, framework, position, survey, theory
}

/// How near a published system is to reward-first reinforcement learning.
public enum CatalogueScope: String, Sendable, Codable, CaseIterable {
    case core, adjacent, outside
}

/// Where a published system was described.
public struct CatalogueReference: Sendable, Hashable {
    public var authors: String
    public var year: Int
    public var venue: String
    public var link: String

    public init(authors: String, year: Int, venue: String, link: String) {
        self.authors = authors
        self.year = year
        self.venue = venue
        self.link = link
    }
}

/// A number of an experiment that can be set from outside.
public struct ClaimParameter: Sendable, Hashable {
    public var name: String
    public var `default`: Double
    /// What it is and what raising it does.
    public var summary: String
    public var range: ClosedRange<Double>
    /// Whether only whole numbers make sense.
    public var isWhole: Bool

    public init(
        _ name: String, default: Double, _ summary: String, in range: ClosedRange<Double>, whole isWhole: Bool = false
    ) {
        self.name = name
        self.default = `default`
        self.summary = summary
        self.range = range
        self.isWhole = isWhole
    }
}

/// A published system: where it comes from, its idea, and a claim that runs.
public struct CatalogueEntry: Sendable {
    public var slug: String
    public var title: String
    public var family: CatalogueFamily
    public var kind: CatalogueKind
    public var scope: CatalogueScope
    public var reference: CatalogueReference
    /// The idea in one paragraph.
    public var idea: String
    /// What the run shows, in one or two sentences.
    public var claim: String
    public var parameters: [ClaimParameter]
    public var defaultSeeds: Range<Int>
    /// What was measured and why, where a published effect does not appear; nil where the claim stands.
    public var disputed: String?
    public var run: @Sendable (ClaimContext) throws -> ClaimOutcome

    public init(
        slug: String, title: String, family: CatalogueFamily, kind: CatalogueKind, scope: CatalogueScope,
        reference: CatalogueReference, idea: String, claim: String, parameters: [ClaimParameter],
        defaultSeeds: Range<Int> = 0..<10, disputed: String? = nil,
        run: @escaping @Sendable (ClaimContext) throws -> ClaimOutcome
    ) {
        self.slug = slug
        self.title = title
        self.family = family
        self.kind = kind
        self.scope = scope
        self.reference = reference
        self.idea = idea
        self.claim = claim
        self.parameters = parameters
        self.defaultSeeds = defaultSeeds
        self.disputed = disputed
        self.run = run
    }
}

/// What is wrong with a request to the catalogue: a message that says what to write instead.
public struct CatalogueError: Error, CustomStringConvertible, Equatable {
    public var description: String
    public init(_ description: String) { self.description = description }
}
