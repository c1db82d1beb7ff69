import ArgumentParser
import TelosExperiments

struct Collect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write what a run's stored policies do to a dataset, to learn from offline or by imitation.",
        discussion: """
            The file is safetensors: observations, actions, rewards, next observations, ends and signals, a row a step. \
            'demonstrations: FILE' gives it to gail, airl and sqil.
            """)

    @Argument(help: .run)
    var identifier: String
    @OptionGroup var fresh: EpisodeOptions
    @Option(
        name: .customLong("output"),
        help: ArgumentHelp("Where to write it; RUN-dataset.safetensors by default.", valueName: "file"),
        completion: .file())
    var to: String?
    @OptionGroup var checkpoint: CheckpointOption
    @OptionGroup var store: StoreOption
    @OptionGroup var json: JSONFlag

    func run() throws {
        let dataset = try store.open().dataset(
            of: identifier, seeds: try fresh.seedNumbers, episodes: fresh.episodes, deterministic: !fresh.stochastic,
            from: checkpoint.choice)
        let path = to ?? "\(identifier)-dataset.safetensors"
        try dataset.write(to: path)
        let returns = dataset.returns
        let mean = returns.reduce(0, +) / Double(returns.count)
        output(
            json.json
                ? OrderedJSON.object([
                    ("run", .text(identifier)), ("dataset", .text(path)), ("steps", .integer(dataset.count)),
                    ("episodes", .integer(returns.count)), ("meanReturn", .number(mean)),
                ]).indented
                : "\(path): \(dataset.count) steps, \(returns.count) episodes")
    }
}
