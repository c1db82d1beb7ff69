import ArgumentParser
import TelosExperiments

extension PolicyFormat: ExpressibleByArgument {}

struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Write a trained policy, its observation normaliser included, to a file of its own, with a model card.",
        discussion: """
            safetensors: the arrays acting needs and, as metadata, the policy's settings and the experiment it was \
            trained in. 'telos evaluate FILE' runs it, 'telos serve-policy FILE' serves it.

            onnx: a graph of operations (operator set 17, float32, any batch). Inputs 'observation', 'mask' where \
            choices may be impossible, 'memory' of a policy that remembers; outputs 'action', 'next_memory', and what \
            the action was chosen by ('logits', 'mean' and 'log_deviation', or 'q').

            c: C99 that needs nothing but <math.h>, FILE.c and FILE.h: PREFIX_act(workspace, observation, [mask,] \
            [memory,] action). It allocates nothing and gives the bits that Telos gives.

            Each acts deterministically, on observations as the environment shows them, and gives actions as the \
            environment takes them. Beside it goes a model card, FILE.md: the task, the training, returns over fresh \
            episodes and over the run's seeds, the worst episodes, how much noise it stands, inputs and outputs.
            """)

    @Argument(help: .run)
    var identifier: String
    @Option(help: ArgumentHelp("Which of the run's seeds; by default the one that evaluates best.", valueName: "n"))
    var seed: Int?
    @OptionGroup var checkpoint: CheckpointOption
    @Option(help: ArgumentHelp("The file's form: safetensors, onnx or c.", valueName: "form"))
    var format = PolicyFormat.safetensors
    @Option(
        name: .customLong("output"),
        help: ArgumentHelp(
            "Where to write it; by default RUN-seed-N.safetensors, .onnx or .c in the present folder.",
            valueName: "file"),
        completion: .file())
    var to: String?
    @Option(help: ArgumentHelp("What names in C begin with.", valueName: "name"))
    var prefix = "telos_policy"
    @Option(
        help: ArgumentHelp(
            "Fresh episodes the model card is measured on, also under each level of noise; 0 for none.", valueName: "n")
    )
    var episodes = 100
    @Option(help: ArgumentHelp("The licence of the weights, for the model card.", valueName: "text"))
    var license = "unspecified"
    @OptionGroup var store: StoreOption
    @OptionGroup var json: JSONFlag

    func validate() throws {
        guard (0...100_000).contains(episodes) else {
            throw ValidationError("--episodes must be from 0 to 100000, not \(episodes)")
        }
    }

    func run() throws {
        var options = PolicyExportOptions()
        options.format = format
        options.path = to
        options.prefix = prefix
        options.episodes = episodes
        options.license = license
        let export = try store.open().exportPolicy(of: identifier, seed: seed, from: checkpoint.choice, options)
        output(json.json ? export.json.indented : export.text)
    }
}
