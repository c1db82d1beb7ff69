import ArgumentParser
import TelosExperiments

struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a trained policy, its observation normaliser included, to a file of its own.",
        discussion: """
            The file is safetensors: the arrays acting needs and, as metadata, the policy's settings and the \
            experiment it was trained in. 'telos evaluate FILE' runs it.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case safetensors }

    @Argument(help: .run)
    var identifier: String
    @Option(help: ArgumentHelp("Which of the run's seeds; by default the one that evaluates best.", valueName: "n"))
    var seed: Int?
    @OptionGroup var checkpoint: CheckpointOption
    @Option(help: ArgumentHelp("The file's form: safetensors.", valueName: "form"))
    var format = Format.safetensors
    @Option(
        name: .customLong("output"),
        help: ArgumentHelp("Where to write it; RUN-seed-N.safetensors by default.", valueName: "file"),
        completion: .file())
    var to: String?
    @OptionGroup var store: StoreOption
    @OptionGroup var json: JSONFlag

    func run() throws {
        let export = try store.open().exportPolicy(of: identifier, seed: seed, from: checkpoint.choice, to: to)
        output(json.json ? export.json.indented : export.text)
    }
}
