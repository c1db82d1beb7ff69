import ArgumentParser
import TelosExperiments

struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run fresh deterministic episodes of a run's stored policies, judged by the primary reward.")

    @Argument(help: "A run's identifier, or a policy's file that 'telos export' wrote.")
    var identifier: String
    @OptionGroup var fresh: EpisodeOptions
    @OptionGroup var checkpoint: CheckpointOption
    @OptionGroup var store: StoreOption
    @OptionGroup var json: JSONFlag

    func run() throws {
        if identifier.hasSuffix(".safetensors") {
            guard fresh.seeds == nil, checkpoint.choice == .latest else {
                throw InputError("\(identifier) holds one policy: leave --seeds and --checkpoint out")
            }
            let evaluation = try PolicyEvaluation(
                path: identifier, episodes: fresh.episodes, deterministic: !fresh.stochastic)
            return output(json.json ? evaluation.json.indented : evaluation.text)
        }
        let store = try store.open()
        let summary = try store.evaluation(
            of: identifier, seeds: try fresh.seedNumbers, episodes: fresh.episodes, deterministic: !fresh.stochastic,
            from: checkpoint.choice)
        output(json.json ? summary.json.indented : summary.text)
    }
}

struct Report: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a run's HTML report anew and print where it is.")

    @Argument(help: .run)
    var identifier: String
    @OptionGroup var store: StoreOption
    @OptionGroup var json: JSONFlag

    func run() throws {
        let store = try store.open()
        let path = try store.renderReport(of: identifier)
        output(json.json ? OrderedJSON.object([("run", .text(identifier)), ("report", .text(path))]).indented : path)
    }
}
