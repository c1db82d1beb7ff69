/// One thing that is wrong with an experiment, and where.
public struct Problem: Sendable, Hashable {
    /// 1-based line and column in the experiment file, the column in Unicode scalars; nil where no line is to blame.
    public var line: Int?
    public var column: Int?
    /// The command-line argument the mistake is in, where it is not in the file.
    public var argument: String?
    public var message: String

    public init(line: Int? = nil, column: Int? = nil, argument: String? = nil, message: String) {
        self.line = line
        self.column = column
        self.argument = argument
        self.message = message
    }
}

/// Everything that is wrong with an experiment, in the order of its lines, command-line arguments last.
public struct ExperimentError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file's name as it was given.
    public var file: String
    public var problems: [Problem]

    public init(file: String, problems: [Problem]) {
        self.file = file
        self.problems = problems.enumerated().sorted { left, right in
            func order(_ item: (offset: Int, element: Problem)) -> (Int, Int, Int, Int) {
                (
                    item.element.argument == nil ? 0 : 1, item.element.line ?? 0, item.element.column ?? 0, item.offset
                )
            }
            return order(left) < order(right)
        }.map(\.element)
    }

    /// One line a problem: `file.yaml:LINE:COLUMN: message`.
    public var description: String {
        problems.map { problem in
            if let argument = problem.argument { return "\(argument): \(problem.message)" }
            guard let line = problem.line, let column = problem.column else { return "\(file): \(problem.message)" }
            return "\(file):\(line):\(column): \(problem.message)"
        }.joined(separator: "\n")
    }
}
