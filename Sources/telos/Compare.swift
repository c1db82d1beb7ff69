import ArgumentParser
import TelosExperiments

struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compare the evaluation returns of runs, with intervals, and write a page that shows them.")

    @Argument(help: "Two or more runs.")
    var runs: [String]
    @Flag(help: "End with exit code 1 unless the first run improves on each other with confidence.")
    var expectImprovement = false
    @OptionGroup var store: StoreOption
    @OptionGroup var json: JSONFlag

    func validate() throws {
        guard runs.count > 1 else { throw ValidationError("name at least two runs; 'telos runs' lists them") }
        guard Set(runs).count == runs.count else { throw ValidationError("a run is named twice") }
    }

    func run() throws {
        let comparison = try store.open().compare(runs)
        output(json.json ? comparison.json.indented : comparison.text)
        if expectImprovement, !comparison.firstIsBetter { throw ExitCode(1) }
    }
}
