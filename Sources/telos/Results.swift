import ArgumentParser
import TelosExperiments

struct Results: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Generate the page of each learner's results from committed curves.")

    @Option(
        help: ArgumentHelp("The folder with 'data' and 'published.json'.", valueName: "path"), completion: .directory)
    var folder = "Results"
    @Option(
        name: .customLong("add"), parsing: .singleValue,
        help: ArgumentHelp("First add a finished run's curves to the data.", valueName: "run"))
    var runs: [String] = []
    @Option(
        help: ArgumentHelp(
            "How the added run's task or learner differs from the usual one, as in 'velocities hidden'.",
            valueName: "text"))
    var variant: String?
    @Flag(help: "Leave out the added runs' speed: the machine had other work.")
    var withoutSpeed = false
    @Flag(help: "Write nothing; end with exit code 1 where a page differs from its data.")
    var check = false
    @OptionGroup var store: StoreOption

    func validate() throws {
        guard !check || runs.isEmpty else { throw ValidationError("--check writes nothing, so it cannot --add") }
        guard variant == nil || runs.count == 1 else {
            throw ValidationError("--variant is about one added run; write --add RUN once")
        }
    }

    func run() throws {
        let results = ResultsFolder(path: folder)
        for run in runs {
            output(try results.add(run: run, in: store.open(), variant: variant, measuresSpeed: !withoutSpeed))
        }
        if check {
            let changed = try results.changed().map(\.name)
            guard !changed.isEmpty else { return output("every page is up to date") }
            remark("error: \(changed.joined(separator: ", ")) differ from the data; run make results")
            throw ExitCode(1)
        }
        let written = try results.write()
        output(written.isEmpty ? "every page is up to date" : "written: \(written.joined(separator: ", "))")
    }
}
