import ArgumentParser
import TelosExperiments

struct Collect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write what a run's stored policies do to a dataset, to learn from offline or by imitation.",
        discussion: """
            The file is safetensors: observations, actions, rewards, next observations, ends and signals, a row a step. \
            With '--format minari' it is a folder that Python's minari reads, in builds with HDF5. An experiment file gives \
            either to learners: 'demonstrations: FILE' to gail, airl and sqil.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case safetensors, minari }

    @Argument(help: .run)
    var identifier: String
    @OptionGroup var fresh: EpisodeOptions
    @Option(
        name: .customLong("output"),
        help: ArgumentHelp(
            "Where to write it; RUN-dataset.safetensors by default, or the folder RUN-v0 for minari.", valueName: "file"
        ),
        completion: .file())
    var to: String?
    @Option(help: "safetensors, or minari: a folder named NAME-vN.")
    var format = Format.safetensors
    @OptionGroup var checkpoint: CheckpointOption
    @OptionGroup var store: StoreOption
    @OptionGroup var json: JSONFlag

    func run() throws {
        let store = try store.open()
        let dataset = try store.dataset(
            of: identifier, seeds: try fresh.seedNumbers, episodes: fresh.episodes, deterministic: !fresh.stochastic,
            from: checkpoint.choice)
        let path = to ?? (format == .minari ? "\(identifier)-v0" : "\(identifier)-dataset.safetensors")
        switch format {
        case .safetensors: try dataset.write(to: path)
        case .minari:
            let specification = try store.specification(of: identifier)
            try dataset.writeMinari(to: path, observation: specification.observation, action: specification.action)
        }
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
