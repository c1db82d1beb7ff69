import ArgumentParser
import Foundation
import Telos
import TelosExperiments

struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the compiled programs of an experiment's learner: operations, shapes, memory, FLOP and bytes.",
        discussion: """
            Nothing is trained or stored. Places such as @64 are offsets into a program's working memory, in numbers \
            of four bytes. With TELOS_CHECK=1 in the environment the programs are those of the checking mode, in which \
            every operation is a step of its own.
            """)

    @Argument(help: "An experiment file.", completion: .file(extensions: ["yaml", "yml"]))
    var file: String
    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: ArgumentHelp("Change a key of the file, as in learner.steps=50_000.", valueName: "key.path=value"))
    var settings: [String] = []
    @Option(help: ArgumentHelp("Only programs whose name contains this.", valueName: "text"))
    var filter: String?
    @OptionGroup var threads: ThreadsOption
    @OptionGroup var json: JSONFlag

    func run() throws {
        let experiment = try Experiment.load(path: file, overrides: settings)
        let context = LearnerContext(
            task: experiment.task, key: RandomKey(seed: experiment.seeds.first ?? 0), plannedSteps: experiment.steps,
            threads: threads.threads ?? 1)
        let start = ContinuousClock.now
        let learner = try experiment.learner.make(context, experiment.learnerOptions)
        let milliseconds = (ContinuousClock.now - start) / .milliseconds(1)
        let programs = learner.programs.filter { entry in filter.map { entry.name.contains($0) } ?? true }
        guard !learner.programs.isEmpty else {
            throw InputError("\(experiment.learner.name) runs no compiled programs")
        }
        guard !programs.isEmpty else {
            let names = learner.programs.map(\.name).joined(separator: ", ")
            throw InputError("no program is called like '\(filter ?? "")'; there are \(names)")
        }
        guard !json.json else {
            let fields: [(name: String, value: OrderedJSON)] = [
                ("experiment", .text(experiment.name)), ("learner", .text(experiment.learner.name)),
                ("preparationMilliseconds", .number(milliseconds)),
                ("programs", .list(programs.map { $0.program.listing().json(name: $0.name) })),
            ]
            return output(OrderedJSON.object(fields).indented)
        }
        output(
            "\(experiment.learner.name) on \(experiment.task.environment.name): \(programs.count) "
                + "\(programs.count == 1 ? "program" : "programs"), ready in \(readable(milliseconds)) ms")
        for (name, program) in programs { output("\n\(name): \(program.dump())") }
    }
}

extension ProgramListing {
    fileprivate func json(name: String) -> OrderedJSON {
        func list(_ values: [Value]) -> OrderedJSON {
            .list(
                values.map {
                    .object([
                        ("name", .text($0.name)), ("shape", Self.list($0.shape)), ("updated", .flag($0.isUpdated)),
                    ])
                })
        }
        return .object([
            ("name", .text(name)), ("instructionSet", .text(instructionSet)), ("threads", .integer(threads)),
            ("compileMilliseconds", .number(compileMilliseconds)), ("kernelCalls", .integer(instructions)),
            ("floatingPointOperations", .integer(floatingPointOperations)), ("bytes", .integer(bytes)),
            ("workspaceFloats", .integer(workspaceCount)), ("variableFloats", .integer(variableCount)),
            ("constantFloats", .integer(constantCount)), ("inputs", list(inputs)), ("outputs", list(outputs)),
            ("variables", list(variables)), ("steps", .list(steps.map(Self.json))),
        ])
    }

    private static func json(_ step: Step) -> OrderedJSON {
        .object([
            ("operations", .list(step.operations.map { .text($0) })), ("shape", list(step.shape)),
            ("reads", .list(step.reads.map { .text($0) })), ("writes", .list(step.writes.map { .text($0) })),
            ("inPlace", .flag(step.isInPlace)), ("floatingPointOperations", .integer(step.floatingPointOperations)),
            ("bytes", .integer(step.bytes)), ("kernelCalls", .integer(step.instructions)),
            ("derivative", .flag(step.isDerivative)), ("location", step.location.map { .text($0) } ?? .null),
        ])
    }

    private static func list(_ shape: [Int]) -> OrderedJSON { .list(shape.map { .integer($0) }) }
}
