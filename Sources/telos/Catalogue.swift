import ArgumentParser
import Foundation
import TelosCatalogue
import TelosExperiments

struct CatalogueCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "catalogue", abstract: "The published systems and what is known of their claims.")

    @Option(help: ArgumentHelp("Only one family.", valueName: "family"))
    var family: String?
    @Option(help: ArgumentHelp("Only one status: holds, disputed or 'not yet'.", valueName: "status"))
    var status: String?
    @OptionGroup var json: JSONFlag

    func run() throws {
        var rows = Catalogue.rows
        if let family {
            let families = Set(rows.map(\.family)).sorted()
            guard families.contains(family) else {
                throw InputError("there is no family '\(family)'; there are \(families.joined(separator: ", "))")
            }
            rows = rows.filter { $0.family == family }
        }
        if let status {
            guard let status = CatalogueStatus(rawValue: status) else {
                throw InputError("a status is holds, disputed or 'not yet', not '\(status)'")
            }
            rows = rows.filter { $0.status == status }
        }
        if json.json {
            output(
                OrderedJSON.list(
                    rows.map { row in
                        .object([
                            ("slug", .text(row.slug)), ("title", .text(row.title)), ("family", .text(row.family)),
                            ("kind", .text(row.kind)), ("scope", .text(row.scope)),
                            ("status", .text(row.status.rawValue)),
                        ])
                    }
                ).indented)
        } else {
            output(
                table(
                    [["slug", "status", "family", "title"]]
                        + rows.map { [$0.slug, $0.status.rawValue, $0.family, $0.title] }))
            let running = rows.filter { $0.status != .notYet }.count
            output("\n\(rows.count) systems, \(running) with a claim that runs: telos reproduce SLUG")
        }
    }
}

struct Reproduce: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the claim of a published system; exit code 0 only if it holds.")

    @Argument(help: "A system of the catalogue.")
    var slug: String
    @Option(help: ArgumentHelp("A count (10 is seeds 0 to 9) or a range (100..109).", valueName: "seeds"))
    var seeds: String?
    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: ArgumentHelp("Change a documented parameter of the claim.", valueName: "name=number"))
    var settings: [String] = []
    @OptionGroup var threads: ThreadsOption
    @OptionGroup var json: JSONFlag

    func run() throws {
        let entry = try Catalogue.entry(slug)
        var values: [String: Double] = [:]
        for setting in settings {
            let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, let value = Double(parts[1].filter { $0 != "_" }), value.isFinite else {
                throw InputError("--set \(setting): write a parameter and a number, as in --set noise=0.1")
            }
            values[parts[0]] = value
        }
        _ = try entry.parameterValues(set: values)
        let list = try seeds.map(Seeds.parse)
        let report = try entry.reproduce(
            seeds: list.map { $0[0]..<$0[$0.count - 1] + 1 }, set: values, threads: threads.count)
        output(json.json ? try report.json() : report.text)
        guard report.verdict == .holds else { throw ExitCode(1) }
    }
}
