import ArgumentParser
import Foundation
import TelosExperiments

struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train the seeds of an experiment file, with live progress and a report.",
        discussion: """
            Ctrl-C finishes the present iteration, saves, and says how to continue; a second Ctrl-C stops at once, and \
            the run continues from its last checkpoint.
            """)

    @Argument(help: "An experiment file.", completion: .file(extensions: ["yaml", "yml"]))
    var file: String
    @Option(help: ArgumentHelp("A count (5 is seeds 0 to 4) or a range (100..109).", valueName: "seeds"))
    var seeds: String?
    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: ArgumentHelp("Change a key of the file, as in learner.steps=50_000.", valueName: "key.path=value"))
    var settings: [String] = []
    @OptionGroup var store: StoreOption
    @OptionGroup var threads: ThreadsOption
    @OptionGroup var json: JSONFlag

    func run() throws {
        let experiment = try Experiment.load(path: file, overrides: settings, seeds: seeds)
        let store = try RunStore(path: store.store)
        try Session(store: store, threads: threads.threads ?? experiment.threads, json: json.json).perform {
            try $0.run(experiment, observer: $1)
        }
    }
}

struct Resume: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Continue a run that was interrupted or failed, to the numbers it would have had.")

    @Argument(help: .run)
    var identifier: String
    @OptionGroup var store: StoreOption
    @OptionGroup var threads: ThreadsOption
    @OptionGroup var json: JSONFlag

    func run() throws {
        let store = try store.open()
        let record = try store.run(identifier)
        let experiment = try store.experiment(of: record)
        try Session(store: store, threads: threads.threads ?? experiment.threads, json: json.json).perform {
            try $0.resume(record.id, observer: $1)
        }
    }
}

/// Training in front of a user: progress, Ctrl-C, the report, the result, the exit code.
struct Session {
    var store: RunStore
    var threads: Int?
    var json: Bool

    func perform(_ train: (Runner, Runner.Observer) throws -> RunSummary) throws {
        let stop = StopFlag()
        let handler = InterruptHandler(raising: stop) {
            remark("finishing the present iteration and saving; Ctrl-C again stops at once")
        }
        defer { withExtendedLifetime(handler) {} }
        let display = ProgressDisplay(terminal: Terminal(json ? .error : .output))
        let summary = try train(Runner(store: store, threads: threads, stop: stop)) { run, plan, board, ended in
            display.show(run, plan, board, ended: ended)
        }
        do {
            try store.renderReport(of: summary.run.id)
        } catch {
            // The run itself is stored: its numbers are printed all the same.
            remark("error: the report could not be written: \(error)")
        }
        output(json ? summary.json.indented : summary.text)
        switch summary.run.status {
        case .finished: return
        case .failed:
            for seed in summary.seeds where seed.status == .failed {
                remark("error: seed \(seed.seed) failed at step \(seed.steps): \(seed.message)")
            }
            throw ExitCode(3)
        case .interrupted, .running:
            var command = "telos resume \(summary.run.id)"
            if store.path != URL(fileURLWithPath: RunStore.defaultPath).standardizedFileURL.path {
                command += " --store \(store.path)"
            }
            remark("interrupted and saved; continue with: \(command)")
            throw ExitCode(130)
        }
    }
}
