import Foundation
import TelosLearning

/// A candidate as a search reports it.
public struct SearchTrial: Sendable, Hashable {
    /// 1 for the first.
    public var number: Int
    /// The settings, as they are written in a file.
    public var values: [NamedText]
    /// Steps it was trained for, a seed.
    public var steps: Int
    /// Interquartile mean over seeds of the evaluation return at `steps`; nil where it failed.
    public var score: Double?
    /// Why it failed; empty otherwise.
    public var message: String

    public struct NamedText: Sendable, Hashable {
        public var name: String
        public var text: String
    }
}

/// A stored search: where it is and what it searches.
public struct SearchRecord: Sendable, Hashable, Codable {
    /// As `pendulum-ppo-1`; its folder in the store is `searches/ID`.
    public var id: String
    public var name: String
    /// The experiment's text, what `--set` changed in it, and the file's name for messages.
    public var source: String
    public var overrides: [String]
    public var file: String

    public init(id: String, name: String, source: String, overrides: [String], file: String) {
        self.id = id
        self.name = name
        self.source = source
        self.overrides = overrides
        self.file = file
    }
}

/// Searches the settings of an experiment: trains candidates side by side and ranks them.
///
/// Which candidates come next is a function of the plan and the scores before, and every candidate is a stored run of
/// its own, so a search that was killed goes on as if it had not been, and no result depends on the number of threads.
public struct SearchRunner: Sendable {
    /// Told of each candidate that has reached its steps, one at a time.
    public typealias Observer = @Sendable (SearchTrial) -> Void

    public let record: SearchRecord
    public let plan: SearchPlan
    /// The runs of the candidates.
    public let store: RunStore
    private let registries: Registries
    private let threads: Int
    private let stop: StopFlag
    private let steps: Int

    /// Throws `ExperimentError` where the experiment or its `search` section is wrong, or has a key that no value fits.
    public init(
        _ record: SearchRecord, storePath: String, threads: Int? = nil, stop: StopFlag = StopFlag(),
        registries: Registries = .builtIn
    ) throws {
        let experiment = try Self.check(record, registries: registries)
        self.record = record
        plan = experiment.search ?? SearchPlan(space: SearchSpace([]))
        self.registries = registries
        self.stop = stop
        self.threads = max(1, threads ?? experiment.threads ?? ProcessInfo.processInfo.activeProcessorCount)
        steps = experiment.steps
        store = try RunStore(path: "\(storePath)/searches/\(record.id)")
    }

    /// Reads the experiment and tries the values of its space. Throws as the initialiser does; stores nothing.
    @discardableResult
    public static func check(_ record: SearchRecord, registries: Registries = .builtIn) throws -> Experiment {
        let experiment = try record.experiment([], registries: registries)
        guard let plan = experiment.search else {
            throw ExperimentError(
                file: record.file,
                problems: [
                    Problem(
                        message: "there is no 'search' section; write search: {space: {learner.learningRate: "
                            + "{log-uniform: [1e-4, 1e-2]}}}")
                ])
        }
        for (index, dimension) in plan.space.dimensions.enumerated() {
            var refusal: (any Error)?
            let fits = [0, 0.3, 0.7, 1 - 0x1p-53].contains { position in
                do {
                    _ = try record.experiment(
                        ["\(dimension.path)=\(dimension.text(at: position))"], registries: registries)
                    return true
                } catch {
                    refusal = refusal ?? error
                    return false
                }
            }
            if !fits, let refusal { throw refusal }
            for other in plan.space.dimensions[..<index] where other.path == dimension.path {
                throw ExperimentError(
                    file: record.file, problems: [Problem(message: "'\(dimension.path)' is searched twice")])
            }
        }
        return experiment
    }

    /// Runs until every candidate is trained. Throws `SearchInterrupted` when stopped.
    public func run(observer: @escaping Observer = { _ in }) throws -> SearchResult {
        var trials: [SearchTrial]
        switch plan.method {
        case .random:
            trials = try train((0..<plan.trials).map { ($0, plan.drawn($0)) }, steps: steps, observer)
        case .halving:
            let schedule = HalvingSchedule(candidates: plan.trials, steps: steps, reduction: plan.reduction)
            var remaining = (0..<plan.trials).map { ($0, plan.drawn($0)) }
            trials = []
            for rung in schedule.rungs {
                remaining = Array(remaining.prefix(rung.candidates)).sorted { $0.0 < $1.0 }
                let reached = try train(remaining, steps: rung.steps, observer)
                trials = trials.filter { trial in !reached.contains { $0.number == trial.number } } + reached
                let order = SearchResult.ranked(reached).map(\.number)
                remaining = order.map { number in remaining.first { $0.0 == number - 1 }! }
            }
        case .gaussianProcess:
            var positions = (0..<plan.drawnFirst).map { plan.drawn($0) }
            trials = try train(positions.enumerated().map { ($0, $1) }, steps: steps, observer)
            while positions.count < plan.trials {
                let known = zip(positions, trials).map { SearchCandidate(positions: $0, score: $1.score) }
                let next = try plan.proposed(after: known)
                let numbered = next.enumerated().map { (positions.count + $0, $1) }
                trials += try train(numbered, steps: steps, observer)
                positions += next
            }
        }
        let result = SearchResult(record: record, plan: plan, folder: store.path, trials: SearchResult.ranked(trials))
        try result.write(registries: registries)
        return result
    }

    /// Trains candidates to `steps`, several side by side where there are more threads than seeds.
    /// - Returns: the candidates in their order.
    private func train(
        _ candidates: [(Int, [Double])], steps: Int, _ observer: @escaping Observer
    ) throws -> [SearchTrial] {
        let present = try Dictionary(store.runs().map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        // Made one after another, so that what is called how does not depend on the threads.
        let prepared = try candidates.map { index, positions in
            try prepare(index, positions, steps, present["candidate \(index + 1)"])
        }
        let side = max(1, min(threads / max(1, plan.seeds.count), prepared.count))
        let share = max(1, threads / side)
        let board = TrialBoard(count: prepared.count, observer)
        let group = DispatchGroup()
        for _ in 0..<side {
            group.enter()
            Thread {
                while !stop.isRaised, let index = board.next() {
                    board.finish(index, Result { try train(prepared[index], threads: share) })
                }
                group.leave()
            }.start()
        }
        group.wait()
        let results = try board.results.map { try $0?.get() }
        guard !stop.isRaised, !results.contains(where: { $0 == nil }) else { throw SearchInterrupted() }
        return results.compactMap { $0 }
    }

    /// A candidate's experiment and run; no run where its settings contradict one another.
    private struct Prepared: Sendable {
        var trial: SearchTrial
        var training: (plan: TrainingPlan, run: RunRecord)?
    }

    private func prepare(_ index: Int, _ positions: [Double], _ steps: Int, _ run: RunRecord?) throws -> Prepared {
        let values = plan.space.values(at: positions).map { SearchTrial.NamedText(name: $0.path, text: $0.text) }
        var trial = SearchTrial(number: index + 1, values: values, steps: steps, score: nil, message: "")
        do {
            let experiment = try record.experiment(
                plan.space.overrides(at: positions), seeds: Seeds.text(plan.seeds), registries: registries)
            var training = TrainingPlan(experiment)
            training.keepsBest = false
            training.keptCheckpoints = 0
            training.logs = []
            training.pauseAt = steps
            let run =
                try run
                ?? store.createRun(
                    name: "candidate \(index + 1)", environment: experiment.task.environment.name,
                    learner: experiment.learner.name, source: experiment.source, resolved: experiment.resolved,
                    seeds: experiment.seeds)
            return Prepared(trial: trial, training: (training, run))
        } catch let error as ExperimentError {
            trial.steps = 0
            trial.message = error.problems.first?.message ?? "\(error)"
            return Prepared(trial: trial)
        }
    }

    private func train(_ prepared: Prepared, threads: Int) throws -> SearchTrial {
        var trial = prepared.trial
        guard let (plan, run) = prepared.training else { return trial }
        if try score(of: run, at: trial.steps) == nil, try store.run(run.id).status != .failed {
            try Runner(store: store, threads: threads, stop: stop).train(plan, run: run)
        }
        trial.score = try score(of: run, at: trial.steps)
        guard trial.score == nil else { return trial }
        guard !stop.isRaised else { throw SearchInterrupted() }
        trial.message = try store.seeds(of: run.id).first { !$0.message.isEmpty }?.message ?? "it has no evaluation"
        return trial
    }

    /// Over all seeds, by the first evaluation of each at `steps` or after; nil before every seed has one.
    private func score(of run: RunRecord, at steps: Int) throws -> Double? {
        let points = try store.rows(of: run.id).points.filter { $0.kind == .evaluation && $0.step >= steps }
        let values = run.seeds.map { seed in points.filter { $0.seed == seed }.min { $0.step < $1.step }?.value }
        guard let interval = RunSummary.interval(values), interval.point.isFinite else { return nil }
        return interval.point
    }
}

/// That a search was stopped; it continues where it was.
public struct SearchInterrupted: Error, Sendable, Hashable {
    public init() {}
}

/// Which candidates are left and what came of the others, for several threads.
private final class TrialBoard: @unchecked Sendable {
    private let lock = NSLock()
    private var started = 0
    private(set) var results: [Result<SearchTrial, any Error>?]
    private let observer: SearchRunner.Observer

    init(count: Int, _ observer: @escaping SearchRunner.Observer) {
        results = Array(repeating: nil, count: count)
        self.observer = observer
    }

    func next() -> Int? {
        lock.withLock {
            guard started < results.count else { return nil }
            started += 1
            return started - 1
        }
    }

    func finish(_ index: Int, _ result: Result<SearchTrial, any Error>) {
        lock.withLock {
            results[index] = result
            if case .success(let trial) = result { observer(trial) }
        }
    }
}

extension SearchRecord {
    /// The experiment with a candidate's changes.
    func experiment(
        _ changes: [String], seeds: String? = nil, registries: Registries
    ) throws -> Experiment {
        try Experiment(
            parsing: source, name: name, file: file, overrides: overrides + changes, seeds: seeds,
            registries: registries)
    }
}
