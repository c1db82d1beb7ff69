import Foundation
import TelosEvaluation
import TelosTensor

/// What a learner did in one environment, over several seeds: a committed file of `Results/data`.
public struct LearnerResult: Sendable, Hashable, Codable {
    /// One seed's curve, at `LearnerResult.steps`.
    public struct Seed: Sendable, Hashable, Codable {
        public var seed: Int
        /// Mean primary return of the deterministic evaluation at each step.
        public var evaluation: [Double]
        /// Mean primary return of the last 100 training episodes, at the end; nil where none ended.
        public var training: Double?
        /// Environment steps a second, evaluations included, over the whole run; nil where it was not measured.
        public var speed: Double?
    }

    public var learner: String
    public var environment: String
    /// How the task or the learner differs from the usual one, as in `velocities hidden`; nil where it does not.
    public var variant: String?
    /// The experiment file; where it was run with other settings than it has, the file that it came to.
    public var experiment: String
    /// All of the learner's options as they were: a preset and a default may change, evidence must not.
    var options: [String: JSONValue]
    /// Steps of the evaluations, ascending.
    public var steps: [Int]
    /// Episodes of each evaluation.
    public var episodes: Int
    public var seeds: [Seed]

    /// The name of its file.
    public var fileName: String {
        let parts = [learner, environment] + (variant?.split { !($0.isLetter || $0.isNumber) }.map(String.init) ?? [])
        return parts.joined(separator: "-") + ".json"
    }

    /// What it was learned in, as tables say it.
    public var title: String { [environment, variant].compactMap(\.self).joined(separator: ", ") }

    /// - measuresSpeed: whether the run had the machine to itself, so that its seconds mean something.
    /// Throws `StoreError` for a run that is not finished, or whose seeds were not evaluated alike.
    public init(
        run id: String, in store: RunStore, variant: String? = nil, measuresSpeed: Bool = true,
        registries: Registries = .builtIn
    ) throws {
        let run = try store.run(id)
        guard run.status == .finished else {
            throw StoreError("'\(id)' is \(run.status.rawValue); only a finished run is a result")
        }
        let rows = try store.rows(of: id).points.filter { $0.kind == .evaluation }
        let records = try store.seeds(of: id)
        learner = run.learner
        environment = run.environment
        self.variant = variant
        let read = try? Experiment(parsing: run.source, name: run.name, registries: registries)
        let whole = try store.experiment(of: run, registries: registries)
        experiment = read?.resolved == whole.resolved ? run.source : run.resolved
        options = JSONValue(json: whole.learnerOptions)?.object ?? [:]
        episodes = whole.evaluation.episodes
        steps = rows.filter { $0.seed == run.seeds[0] }.map(\.step)
        seeds = []
        for record in records {
            let own = rows.filter { $0.seed == record.seed }
            guard own.map(\.step) == steps, own.allSatisfy(\.value.isFinite) else {
                throw StoreError("the seeds of '\(id)' were not all evaluated at the same steps, with finite returns")
            }
            seeds.append(
                Seed(
                    seed: record.seed, evaluation: own.map { Self.rounded($0.value) },
                    training: record.trainingReturn.map(Self.rounded),
                    speed: measuresSpeed ? (Double(record.steps) / max(record.seconds, 1e-9)).rounded() : nil))
        }
    }

    /// Six significant digits: more would make every diff unreadable.
    private static func rounded(_ value: Double) -> Double { Double(String(format: "%.6g", value)) ?? value }

    /// Its file: indented JSON, a seed a line, so that what moved shows as a diff.
    public var json: String {
        func list(_ values: [Double]) -> OrderedJSON { .list(values.map(OrderedJSON.number)) }
        let seeds = seeds.map { seed in
            "    "
                + OrderedJSON.object([
                    ("seed", .integer(seed.seed)), ("evaluation", list(seed.evaluation)),
                    ("training", .optional(seed.training)), ("speed", .optional(seed.speed)),
                ]).description
        }
        return """
            {
              "learner": \(learner.quoted),
              "environment": \(environment.quoted),\(variant.map { "\n  \"variant\": \($0.quoted)," } ?? "")
              "experiment": \(experiment.quoted),
              "options": \(JSONValue.object(options).json),
              "episodes": \(episodes),
              "steps": \(OrderedJSON.list(steps.map(OrderedJSON.integer))),
              "seeds": [
            \(seeds.joined(separator: ",\n"))
              ]
            }

            """
    }

    /// Final evaluation returns: interquartile mean over seeds, with its 95% bootstrap interval.
    public var evaluation: Interval? { RunSummary.interval(seeds.map { $0.evaluation.last }) }
    public var training: Interval? { RunSummary.interval(seeds.map(\.training)) }

    /// Median over the seeds for which it was measured.
    public var speed: Double? {
        let measured = seeds.compactMap(\.speed)
        return measured.isEmpty ? nil : median(of: measured)
    }

    /// The curve over seeds, at up to 11 of its steps, the first and the last among them.
    public func curve() throws -> [CurvePoint] {
        let count = min(11, steps.count)
        let chosen = (0..<count).map { steps[count > 1 ? $0 * (steps.count - 1) / (count - 1) : 0] }
        return try sampleEfficiencyCurve(
            seeds.map { try LearningCurve(steps: steps, values: $0.evaluation) }, at: chosen,
            key: RandomKey(seed: 0).derived("results"))
    }
}

/// A number somebody else published, as `Results/published.json` lists them.
public struct PublishedReturn: Sendable, Hashable, Codable {
    public var learner: String
    public var environment: String
    /// The project, and the page of it.
    public var source: String
    /// As printed there, its uncertainty included.
    public var value: String
    /// What was measured: training or evaluation, over how many seeds.
    public var metric: String
    /// The environment's version there.
    public var version: String
    /// Environment steps; nil where the source does not say.
    public var steps: Int?
}
