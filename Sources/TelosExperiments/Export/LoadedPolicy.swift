import Foundation
import TelosEnvironments
import TelosLearning
import TelosTensor

/// A trained policy with the experiment it was trained in.
struct LoadedPolicy {
    var policy: any Policy
    var experiment: Experiment
    var specification: EnvironmentSpecification
    /// Training steps it had seen; 0 where that is not known.
    var steps: Int
    /// Where it is from, for people.
    var origin: String
    /// The seed it was trained with; nil for one from a file.
    var seed: Int?
    /// Whether the seed was chosen for its evaluation return among several.
    var isBestOfSeveral = false

    /// - seed: nil for the one with the best evaluation return, the lowest of equals.
    /// Throws `StoreError` for a seed or a checkpoint that is not there.
    init(
        of id: String, in store: RunStore, seed: Int? = nil, from choice: CheckpointChoice = .latest,
        registries: Registries = .builtIn
    ) throws {
        let run = try store.run(id)
        if let seed, !run.seeds.contains(seed) {
            throw StoreError("'\(id)' has no seed \(seed); it has \(Seeds.text(run.seeds))")
        }
        let ranked = try store.seeds(of: id).filter { $0.evaluationReturn?.isNaN == false }
            .max { ($0.evaluationReturn!, -$0.seed) < ($1.evaluationReturn!, -$1.seed) }
        let chosen = seed ?? ranked?.seed ?? run.seeds[0]
        experiment = try store.experiment(of: run, registries: registries)
        let plan = TrainingPlan(experiment)
        let learner = try store.learner(of: run, seed: chosen, plan: plan, from: choice)
        policy = learner.policy()
        specification = try plan.task.makeEnvironments(count: 1, key: RandomKey(seed: 0)).specification
        steps = learner.steps
        self.seed = chosen
        isBestOfSeveral = seed == nil && run.seeds.count > 1
        origin = "\(id), seed \(chosen)"
    }

    /// Reads what `telos export` wrote as safetensors. Throws `StoreError` for anything else.
    init(path: String, registries: Registries = .builtIn) throws {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw StoreError("cannot read \(path): there is no such file, or it may not be read")
        }
        do {
            let file = try PolicyFile(decoding: data)
            guard let text = file.texts[PolicyFile.experimentName] else {
                throw CheckpointError("it does not say in which experiment it was trained")
            }
            experiment = try Experiment(parsing: text, name: "policy", file: path, registries: registries)
            policy = try file.policy()
            specification =
                try experiment.task.makeEnvironments(count: 1, key: RandomKey(seed: 0)).specification
            steps = file.texts[PolicyFile.stepsName].flatMap { Int($0) } ?? 0
            origin = file.texts[PolicyFile.originName] ?? path
        } catch let error as CheckpointError {
            throw StoreError("\(path): \(error)")
        }
    }
}

extension Space {
    /// What each float of the flat encoding is: nil for a real number, else the range of a choice.
    var columnChoices: [ClosedRange<Float>?] {
        switch self {
        case .box: Array(repeating: nil, count: width)
        case .discrete(let count): [0...Float(max(1, count) - 1)]
        case .multiDiscrete(let counts): counts.map { 0...Float(max(1, $0) - 1) }
        case .binary(let count): Array(repeating: 0...1, count: count)
        case .tuple(let spaces): spaces.flatMap(\.columnChoices)
        case .dictionary(let spaces): spaces.keys.sorted().flatMap { spaces[$0]!.columnChoices }
        case .tokens(let vocabulary, let length): Array(repeating: -1...Float(max(1, vocabulary) - 1), count: length)
        }
    }

    /// The bounds of each float of the flat encoding.
    var columnBounds: [ClosedRange<Float>] {
        switch self {
        case .box(let low, let high, _): zip(low, high).map { min($0, $1)...max($0, $1) }
        case .tuple(let spaces): spaces.flatMap(\.columnBounds)
        case .dictionary(let spaces): spaces.keys.sorted().flatMap { spaces[$0]!.columnBounds }
        default: columnChoices.map { $0 ?? (-.infinity)...(.infinity) }
        }
    }
}
