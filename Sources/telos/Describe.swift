import ArgumentParser
import TelosExperiments

struct Tasks: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the environments and the task usually set in each.")

    @OptionGroup var json: JSONFlag

    func run() throws { show(try Documentation.tasks(), json) }
}

struct LearnersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "learners", abstract: "List the algorithms and their options.")

    @OptionGroup var json: JSONFlag

    func run() throws { show(Documentation.learners(), json) }
}

struct Rewards: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the kinds of rewards, the ways to combine them, and the expression language.")

    @OptionGroup var json: JSONFlag

    func run() throws { show(Documentation.rewards(), json) }
}

struct Describe: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell all about an environment, an algorithm, a reward or an option: defaults, ranges, effects.")

    @Argument(help: "For example CartPole, ppo, potential, ppo.clipRange.")
    var name: String
    @OptionGroup var json: JSONFlag

    func run() throws { show(try Documentation.named(name), json) }
}

private func show(_ documentation: Documentation, _ json: JSONFlag) {
    output(json.json ? documentation.json : documentation.text)
}
