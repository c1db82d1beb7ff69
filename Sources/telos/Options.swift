import ArgumentParser
import Foundation
import TelosExperiments

struct StoreOption: ParsableArguments {
    @Option(help: ArgumentHelp("The folder runs live in.", valueName: "path"), completion: .directory)
    var store = RunStore.defaultPath

    /// The store, which must exist.
    func open() throws -> RunStore { try RunStore(path: store, create: false) }
}

struct JSONFlag: ParsableArguments {
    @Flag(help: "Print one JSON document on standard output and nothing else there.")
    var json = false
}

struct ThreadsOption: ParsableArguments {
    @Option(help: ArgumentHelp("Cores to use; all of them by default. No result depends on it.", valueName: "n"))
    var threads: Int?

    func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads must be from 1 to 1024, not \(threads)")
        }
    }

    var count: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }
}

extension CheckpointChoice: ExpressibleByArgument {}

struct CheckpointOption: ParsableArguments {
    @Option(
        name: .customLong("checkpoint"),
        help: ArgumentHelp("latest, best (by evaluation return), or the step of one kept.", valueName: "which"))
    var choice = CheckpointChoice.latest
}

extension ArgumentHelp {
    static let run = ArgumentHelp(
        "A run's identifier, such as mountain-car-ppo-3; 'telos runs' lists them.", valueName: "run")
}

/// Prints `text` as a line on standard output.
func output(_ text: String) { Terminal(.output).write(text + "\n") }

/// Prints a line beside the result: on standard error, so that a pipe sees the result alone.
func remark(_ text: String) { Terminal(.error).write(text + "\n") }

/// Columns of text, padded to the widest cell; the last column is not padded.
func table(_ rows: [[String]]) -> String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
    return rows.map { row in
        let cells = row.enumerated().map { column, cell in
            column == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[column] - cell.count)
        }
        return cells.joined(separator: "  ")
    }.joined(separator: "\n")
}

/// Fresh episodes of a run's stored policies.
struct EpisodeOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Episodes a seed; the experiment's own number by default.", valueName: "n"))
    var episodes: Int?
    @Option(help: ArgumentHelp("Which of the run's seeds: a count or a range.", valueName: "seeds"))
    var seeds: String?
    @Flag(help: "Draw actions from the policy, where it is not deterministic, instead of taking the most probable.")
    var stochastic = false

    /// nil for all of the run's.
    var seedNumbers: [Int]? { get throws { try seeds.map(Seeds.parse) } }

    func validate() throws {
        if let episodes, !(1...100_000).contains(episodes) {
            throw ValidationError("--episodes must be from 1 to 100000, not \(episodes)")
        }
    }
}
