import ArgumentParser
import Foundation
import TelosExperiments

struct Rollout: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Step an environment from a given state through given actions, one JSON line a step.",
        discussion: """
            The state is the array of numbers 'telos describe TASK' lists under state; for an environment that Gymnasium \
            also has, Gymnasium's internal state. It ends after the last action or with the episode.
            """)

    @Option(help: ArgumentHelp("An environment; 'telos tasks' lists them.", valueName: "name"))
    var task: String
    @Option(help: ArgumentHelp("The first state, as a JSON array.", valueName: "json"))
    var state: String?
    @Option(
        help: ArgumentHelp(
            "A file with one JSON value a line: a number or an array; - reads standard input.", valueName: "file"),
        completion: .file())
    var actions: String
    @Option(
        name: .customLong("option"), parsing: .singleValue,
        help: ArgumentHelp("Set an option of the environment.", valueName: "name=value"))
    var options: [String] = []
    @Option(help: ArgumentHelp("A reward expression instead of the environment's usual one.", valueName: "expression"))
    var reward: String?
    @Option(help: ArgumentHelp("Steps until truncation instead of the usual number; 0 for none.", valueName: "n"))
    var horizon: Int?
    @Option(help: ArgumentHelp("The seed of what is random in the environment.", valueName: "n"))
    var seed = 0
    @Flag(help: "Accepted for symmetry: the output is JSON either way.")
    var json = false

    func run() throws {
        var rollout: RolloutInput
        do {
            rollout = try RolloutInput(
                task: task, state: state, options: options, reward: reward, horizon: horizon, seed: seed)
            try rollout.read(actions: try text(of: actions), file: actions)
        } catch let error as RolloutError {
            throw InputError(error.description)
        }
        rollout.run { output($0) }
    }

    private func text(of path: String) throws -> String {
        let data: Data?
        if path == "-" {
            data = FileHandle.standardInput.readDataToEndOfFile()
        } else {
            data = FileManager.default.contents(atPath: path)
        }
        guard let data else { throw InputError("cannot read the actions from \(path)") }
        guard let text = String(validating: data, as: UTF8.self) else { throw InputError("\(path) is not UTF-8 text") }
        return text
    }
}
