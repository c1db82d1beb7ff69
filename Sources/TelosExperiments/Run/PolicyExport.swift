import Foundation
import TelosEvaluation
import TelosLearning
import TelosTensor

/// A policy written to a file of its own.
public struct PolicyExport: Sendable, Hashable {
    public var run: String
    public var seed: Int
    /// Training steps it had seen.
    public var steps: Int
    /// What `PolicyFile` calls policies of its type.
    public var kind: String
    public var path: String

    public var json: OrderedJSON {
        .object([
            ("run", .text(run)), ("seed", .integer(seed)), ("steps", .integer(steps)), ("kind", .text(kind)),
            ("policy", .text(path)),
        ])
    }

    public var text: String {
        "\(path): the policy of seed \(seed) of \(run) after \(readable(Double(steps))) steps (\(kind))"
    }
}

extension RunStore {
    /// Writes the policy of a seed's checkpoint to a file, with the experiment it was trained in.
    /// - seed: nil for the one with the best evaluation return, the lowest of equals.
    /// - path: nil for `RUN-seed-N.safetensors` in the present folder.
    /// Throws `StoreError` for a seed or a checkpoint that is not there, and for a policy that cannot be kept by itself.
    public func exportPolicy(
        of id: String, seed: Int? = nil, from choice: CheckpointChoice = .latest, to path: String? = nil,
        registries: Registries = .builtIn
    ) throws -> PolicyExport {
        let run = try run(id)
        if let seed, !run.seeds.contains(seed) {
            throw StoreError("'\(id)' has no seed \(seed); it has \(Seeds.text(run.seeds))")
        }
        let ranked = try seeds(of: id).filter { $0.evaluationReturn?.isNaN == false }
            .max { ($0.evaluationReturn!, -$0.seed) < ($1.evaluationReturn!, -$1.seed) }
        let chosen = seed ?? ranked?.seed ?? run.seeds[0]
        let plan = TrainingPlan(try experiment(of: run, registries: registries))
        let learner = try learner(of: run, seed: chosen, plan: plan, from: choice)
        let file: PolicyFile
        do {
            file = try PolicyFile(
                learner.policy(),
                texts: [
                    PolicyFile.experimentName: run.resolved, PolicyFile.originName: "\(id), seed \(chosen)",
                    PolicyFile.stepsName: "\(learner.steps)",
                ])
        } catch {
            throw StoreError("'\(id)' cannot be exported: \(error)")
        }
        let path = path ?? "\(id)-seed-\(chosen).safetensors"
        try writeAtomically(file.encoded(), to: path)
        return PolicyExport(run: id, seed: chosen, steps: learner.steps, kind: file.kind, path: path)
    }
}

/// Fresh episodes of a policy from a file, judged by the primary reward of the task it was trained on.
public struct PolicyEvaluation: Sendable {
    public var path: String
    public var task: String
    public var learner: String
    public var episodes: Int
    /// Interquartile mean over episodes of the primary return, with its 95% bootstrap interval.
    public var evaluationReturn: Interval?
    public var meanReturn: Double
    public var terms: [NamedValue]

    /// - episodes: nil for the experiment's own number.
    /// Throws `StoreError` for what is not a policy's file.
    public init(
        path: String, episodes: Int? = nil, deterministic: Bool = true, seed: Int = 0,
        registries: Registries = .builtIn
    ) throws {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw StoreError("cannot read \(path): there is no such file, or it may not be read")
        }
        do {
            let file = try PolicyFile(decoding: data)
            guard let text = file.texts[PolicyFile.experimentName] else {
                throw CheckpointError("it does not say in which experiment it was trained")
            }
            let experiment = try Experiment(parsing: text, name: "policy", file: path, registries: registries)
            let plan = TrainingPlan(experiment)
            let specification = try plan.task.makeEnvironments(count: 1, key: RandomKey(seed: 0)).specification
            let names = try TaskRewards(plan.task, specification: specification, count: 1, discount: 1).termNames
            let result = try evaluate(
                file.policy(), on: plan.task, episodes: episodes ?? plan.evaluationEpisodes,
                deterministic: deterministic, key: RandomKey(seed: seed).derived("policy evaluation"))
            self.path = path
            task = experiment.task.environment.name
            learner = experiment.learner.name
            self.episodes = result.episodes.count
            evaluationReturn = RunSummary.interval(result.episodes.map(\.primaryReturn))
            meanReturn = result.meanReturn
            terms = zip(names, result.meanTerms).map { NamedValue($0, $1) }
        } catch let error as CheckpointError {
            throw StoreError("\(path): \(error)")
        }
    }

    public var json: OrderedJSON {
        .object([
            ("policy", .text(path)), ("task", .text(task)), ("learner", .text(learner)),
            ("episodes", .integer(episodes)), ("meanReturn", .number(meanReturn)),
            ("terms", .object(terms.map { ($0.name, .number($0.value)) })),
            ("evaluationReturn", RunSummary.json(evaluationReturn)),
        ])
    }

    public var text: String {
        var lines = [
            "\(path): \(learner) on \(task), \(counted(episodes, "episode")), mean return \(readable(meanReturn))"
        ]
        if terms.count > 1 { lines.append(terms.map { "  \($0.name): \(readable($0.value))" }.joined(separator: "\n")) }
        if let interval = evaluationReturn {
            lines.append(
                "interquartile mean \(readable(interval.point)), 95% interval \(readable(interval.lower)) to "
                    + "\(readable(interval.upper)) over episodes")
        }
        return lines.joined(separator: "\n")
    }
}

extension PolicyFile {
    static let experimentName = "telos.experiment"
    static let originName = "telos.origin"
    static let stepsName = "telos.steps"
}
