import ArgumentParser
import Foundation
import TelosExperiments

struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure Telos's own speed on this machine: medians of repeated timings, with their range.")

    @Option(help: ArgumentHelp("Only figures whose name contains this.", valueName: "text"))
    var filter: String?
    @Option(help: ArgumentHelp("Timings a figure; its value is their median.", valueName: "n"))
    var repeats = 7
    @OptionGroup var threads: ThreadsOption
    @OptionGroup var json: JSONFlag

    func validate() throws {
        guard (1...1000).contains(repeats) else {
            throw ValidationError("--repeats must be from 1 to 1000, not \(repeats)")
        }
    }

    func run() throws {
        let all = Benchmark.all(threads: threads.count)
        let chosen = all.filter { benchmark in filter.map { benchmark.name.contains($0) } ?? true }
        guard !chosen.isEmpty else {
            throw InputError(
                "no figure is called like '\(filter ?? "")'; there are \(all.map(\.name).joined(separator: ", "))")
        }
        var results: [OrderedJSON] = []
        for benchmark in chosen {
            let figures = try benchmark.measure(repeats: repeats).sorted()
            let (median, low, high) = (figures[figures.count / 2], figures[0], figures[figures.count - 1])
            if json.json {
                results.append(
                    .object([
                        ("name", .text(benchmark.name)), ("value", .number(median)), ("unit", .text(benchmark.unit)),
                        ("lower", .number(low)), ("upper", .number(high)), ("threads", .integer(benchmark.threads)),
                    ]))
            } else {
                let name = benchmark.name.padding(toLength: 34, withPad: " ", startingAt: 0)
                let cores = benchmark.threads == 1 ? "1 thread" : "\(benchmark.threads) threads"
                output(
                    "\(name)  \(readable(median)) \(benchmark.unit)  (\(readable(low)) to \(readable(high)), \(cores))")
            }
        }
        if json.json { output(OrderedJSON.list(results).indented) }
    }
}
