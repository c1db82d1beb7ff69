import ArgumentParser
import Foundation
import TelosCatalogue
import TelosExperiments
import TelosFeedback

@main
struct TelosCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "telos",
        abstract: "Reward-first reinforcement learning: say what is wanted, train, and see what is farmed instead.",
        discussion: """
            Environments say what happens. Rewards say what it is worth. Learners improve behaviour.

            Exit codes: 0 done (reproduce: the claim holds), 1 the claim or comparison fails, 2 the input is wrong and \
            nothing was written, 3 the run failed and is saved up to its last checkpoint, 130 interrupted and saved.
            """,
        version: "0.1.0",
        groupedSubcommands: [
            CommandGroup(
                name: "Train and look",
                subcommands: [
                    Run.self, Resume.self, Evaluate.self, Report.self, Compare.self, Runs.self, Export.self,
                    ServePolicy.self, Collect.self, Search.self,
                ]),
            CommandGroup(
                name: "What there is",
                subcommands: [Tasks.self, LearnersCommand.self, Rewards.self, Describe.self]),
            CommandGroup(name: "Published systems", subcommands: [CatalogueCommand.self, Reproduce.self]),
            CommandGroup(name: "Checks", subcommands: [Rollout.self, Bench.self, Inspect.self, Results.self]),
        ])

    static func main() {
        // A reader that has gone, as in `telos catalogue | head`, ends the output and not the process with a signal.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            exit(with: error)
        }
    }

    /// Says what is wrong on standard error and ends with the documented exit code.
    private static func exit(with error: any Error) -> Never {
        if let code = error as? ExitCode { Foundation.exit(code.rawValue) }
        let code = exitCode(for: error)
        if code.isSuccess {
            print(fullMessage(for: error))
            Foundation.exit(0)
        }
        switch error {
        case let error as ExperimentError:
            complain(error.description)
            Foundation.exit(2)
        case is InputError, is StoreError, is CatalogueError, is SeedsError, is DocumentationError, is FeedbackError,
            is GymnasiumError:
            complain("\(error)")
            Foundation.exit(2)
        case _ where code == .validationFailure:
            var message = fullMessage(for: error)
            if message.hasPrefix("Error: ") { message.removeFirst("Error: ".count) }
            complain(message)
            Foundation.exit(2)
        default:
            complain("\(error)")
            Foundation.exit(3)
        }
    }

    private static func complain(_ message: String) {
        FileHandle.standardError.write(Data("error: \(message)\n".utf8))
    }
}

/// What is wrong with the input: a message that says what to write instead.
struct InputError: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}
