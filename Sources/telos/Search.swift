import ArgumentParser
import Foundation
import TelosExperiments

struct Search: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Search the settings of an experiment file: train candidates side by side and rank them.",
        discussion: """
            The file's 'search' section says what to vary: method (random, halving, gaussian-process), trials, seeds \
            (300..302 by default, apart from those results are judged by), and space, a map of keys such as \
            learner.learningRate to {uniform: [A, B]}, {log-uniform: [A, B]}, {integer: [A, B]} or {choice: [A, B]}. \
            Named by its identifier, a search that was stopped continues. The best candidate's score is the highest of \
            many, so judge it anew: telos run BEST.yaml.
            """)

    @Argument(help: "An experiment file, or the identifier of a search to continue.", completion: .file())
    var file: String
    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: ArgumentHelp("Change a key of the file, as in search.trials=50.", valueName: "key.path=value"))
    var settings: [String] = []
    @OptionGroup var store: StoreOption
    @OptionGroup var threads: ThreadsOption
    @OptionGroup var json: JSONFlag

    func run() throws {
        let stop = StopFlag()
        let record = try stored() ?? begun()
        let runner = try SearchRunner(record, storePath: store.store, threads: threads.threads, stop: stop)
        let handler = InterruptHandler(raising: stop) {
            remark("finishing the present iterations and saving; Ctrl-C again stops at once")
        }
        defer { withExtendedLifetime(handler) {} }
        remark("\(record.id): \(runner.plan.trials) candidates, \(runner.plan.method.summary)")
        let result: SearchResult
        do {
            result = try runner.run { trial in
                let values = trial.values.map { "\($0.name)=\($0.text)" }.joined(separator: " ")
                let score = trial.score.map { "score \(readable($0))" } ?? "failed: \(trial.message)"
                remark("candidate \(trial.number) at \(readable(Double(trial.steps))) steps: \(score)  \(values)")
            }
        } catch is SearchInterrupted {
            var command = "telos search \(record.id)"
            if store.store != RunStore.defaultPath { command += " --store \(store.store)" }
            remark("interrupted and saved; continue with: \(command)")
            throw ExitCode(130)
        }
        output(json.json ? result.json.indented : table(result.table))
        guard result.best != nil else {
            remark("error: every candidate failed; \(result.folder)/table.csv says why")
            throw ExitCode(3)
        }
        if !json.json { output("best: \(result.bestPath)") }
    }

    private func stored() throws -> SearchRecord? {
        guard let record = try RunStore.search(file, at: store.store) else { return nil }
        guard settings.isEmpty else {
            throw InputError("'\(file)' is a search to continue, which --set cannot change; search its file anew")
        }
        return record
    }

    private func begun() throws -> SearchRecord {
        let experiment = try Experiment.load(path: file, overrides: settings)
        let draft = SearchRecord(
            id: "", name: experiment.name, source: experiment.source, overrides: settings, file: file)
        // Everything that is wrong shows before anything is written.
        try SearchRunner.check(draft)
        return try RunStore.createSearch(
            at: store.store, name: draft.name, source: draft.source, overrides: draft.overrides, file: draft.file)
    }
}
