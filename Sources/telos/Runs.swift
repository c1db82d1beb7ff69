import ArgumentParser
import TelosExperiments

struct Runs: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the stored runs, the latest last.")

    @OptionGroup var store: StoreOption
    @OptionGroup var json: JSONFlag

    func run() throws {
        let store = try store.open()
        let summaries = try store.runs().map { try store.summary(of: $0.id) }
        if json.json {
            output(OrderedJSON.list(summaries.map(\.json)).indented)
        } else {
            let header = ["run", "status", "task", "learner", "seeds", "evaluation return", "begun"]
            output(
                table(
                    [header]
                        + summaries.map { summary in
                            let value = summary.evaluationReturn.map {
                                "\(readable($0.point)) [\(readable($0.lower)), \(readable($0.upper))]"
                            }
                            return [
                                summary.run.id, summary.run.status.rawValue, summary.run.environment,
                                summary.run.learner, "\(summary.seeds.count)", value ?? "", summary.run.created,
                            ]
                        }))
        }
    }
}
