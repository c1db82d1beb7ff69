import Foundation
import Logging
import TelosEnvironments
import TelosTensor

/// Environments that a prefix of their name finds: too many to list, or not known before they are asked for.
public struct EnvironmentProvider: Sendable {
    /// What their names begin with, as `gymnasium:`.
    public var prefix: String
    /// What they are, for the list of environments.
    public var summary: String
    /// Finds one by its whole name; throws an error that says what is wrong.
    public var find: @Sendable (_ name: String) throws -> EnvironmentEntry

    public init(
        prefix: String, summary: String, find: @escaping @Sendable (_ name: String) throws -> EnvironmentEntry
    ) {
        self.prefix = prefix
        self.summary = summary
        self.find = find
    }
}

extension EnvironmentProvider {
    /// Every environment of a Python's Gymnasium, as `gymnasium:ID`: stepped by Python processes through shared memory.
    ///
    /// Its signals are `reward`, which is what Gymnasium pays, the numbers of `info`, and those that are observed. The time
    /// limit that it is registered with becomes the task's horizon. An episode begins with a reset to a seed drawn from the
    /// environment's stream, so that a run can be repeated, and continued from a checkpoint by repeating the actions of its
    /// unfinished episodes, as far as the environment repeats itself. A process that ends, or an error in one, ends its
    /// episodes as truncated, and others take its place; after the fourth within a thousand steps training fails.
    ///
    /// - python: nil for the one that `PythonInterpreter.find` finds.
    /// - logger: is told of what failed; standard error by default.
    ///
    /// (Towers, Kwiatkowski, Terry, Balis, De Cola, Deleu, ... and Younis, *Gymnasium: a standard interface for
    /// reinforcement learning environments*, 2024.)
    public static func gymnasium(
        python: PythonInterpreter? = nil,
        logger: Logger = Logger(label: "telos.gymnasium") { StreamLogHandler.standardError(label: $0) }
    ) -> EnvironmentProvider {
        EnvironmentProvider(
            prefix: "gymnasium:",
            summary: "Any environment of a Python's Gymnasium, by its ID, as gymnasium:CartPole-v1; "
                + "'telos describe gymnasium:CartPole-v1' tells all about one."
        ) { name in
            let identifier = String(name.dropFirst("gymnasium:".count))
            let workers = try GymnasiumWorkers(
                name: name, identifier: identifier, python: try python ?? .find(), logger: logger)
            return entry(workers)
        }
    }

    private static func entry(_ workers: GymnasiumWorkers) -> EnvironmentEntry {
        EnvironmentEntry(
            name: workers.name, family: "gymnasium",
            summary: "\(workers.identifier) of Gymnasium, stepped by Python processes.",
            options: [
                EnvironmentOption(
                    "arguments", .object, .text("{}"), "What gymnasium.make is given by name, as {name: value}."),
                EnvironmentOption(
                    "workers", .integer(0...256), .integer(0),
                    "Python processes that share the environments; 0 for as many as there are cores. No result depends on "
                        + "it. Higher: faster, until the cores are busy."),
                EnvironmentOption(
                    "timeout", .real(0.1...1e6), .real(60),
                    "Seconds after which a process that does not answer a step is replaced."),
            ],
            horizon: workers.horizon, reward: "reward", failure: { workers.failure }
        ) { options, count, horizon, key in
            let processes = options.integer("workers")
            return try GymnasiumBatch(
                workers, arguments: options.text("arguments"), count: count, horizon: horizon, key: key,
                processes: processes > 0 ? processes : ProcessInfo.processInfo.activeProcessorCount,
                timeout: options.real("timeout"))
        }
    }
}

extension Registries {
    /// The environment called `name`; nil where none is. Throws what a provider of its prefix throws.
    public func environment(_ name: String) throws -> EnvironmentEntry? {
        if let entry = environments.first(where: { $0.name == name }) { return entry }
        return try providers.first { name.hasPrefix($0.prefix) }?.find(name)
    }
}
