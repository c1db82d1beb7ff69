import Foundation
import Yams

/// A parsed experiment file: its root, and what is wrong with it as YAML.
struct Document {
    var root: DocumentNode?
    var problems: [Problem] = []

    static let maximumBytes = 1_000_000
    static let tooLarge = "the file is larger than a megabyte; is it an experiment?"

    init(_ text: String) {
        guard text.utf8.count <= Self.maximumBytes else {
            problems = [Problem(line: 1, column: 1, message: Self.tooLarge)]
            return
        }
        if let problem = Self.controlCharacter(in: text) ?? Self.tooDeep(text) {
            problems = [problem]
            return
        }
        var source = text
        for round in 0... {
            do {
                root = try DocumentNode.compose(source) { .file(line: $0, column: $1) }
                if root == nil || root!.isNull {
                    root = nil
                    problems.append(
                        Problem(
                            line: 1, column: 1,
                            message: "the file is empty; an experiment needs at least 'task' and 'learner'"))
                }
                break
            } catch let error as YamlError {
                // A repeated key is reported, renamed to something nobody writes, and the rest read on.
                if round < 50, case .duplicatedKeysInMapping(let keys, let context) = error, let key = keys.first,
                    let repeated = SourceText.repetition(of: key, after: context.mark, in: source, round: round)
                {
                    source = repeated.renamed
                    problems.append(
                        Problem(
                            line: repeated.line, column: repeated.column,
                            message: "'\(key)' is given twice; it is first on line \(context.mark.line)"))
                    continue
                }
                problems.append(Self.plainProblem(error))
                break
            } catch let error as CompositionError {
                problems.append(
                    Problem(line: error.mark?.line ?? 1, column: error.mark?.column ?? 1, message: error.message))
                break
            } catch {
                problems.append(Problem(line: 1, column: 1, message: "\(error)"))
                break
            }
        }
    }

    private static func controlCharacter(in text: String) -> Problem? {
        for (row, line) in SourceText(text).lines.enumerated() {
            guard let column = line.firstIndex(where: \.isUnprintable) else { continue }
            return Problem(
                line: row + 1, column: column + 1,
                message: "there is a control character (code \(line[column].value)) here; this is not a text file")
        }
        return nil
    }

    /// Nesting beyond what any experiment has, which would exhaust the stack while parsing.
    private static func tooDeep(_ text: String) -> Problem? {
        var depth = 0
        for (row, line) in SourceText(text).lines.enumerated() {
            for (column, scalar) in line.enumerated() {
                if scalar == "[" || scalar == "{" { depth += 1 }
                if scalar == "]" || scalar == "}" { depth = max(0, depth - 1) }
                if depth > 100 {
                    return Problem(line: row + 1, column: column + 1, message: "lists and maps are nested too deeply")
                }
            }
        }
        return nil
    }

    /// A YAML error in the words of somebody who does not know YAML's grammar.
    static func plainProblem(_ error: YamlError) -> Problem {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let (message, atContext) = plainMessage(problem, context: context?.text ?? "")
            let place = atContext ? context?.mark ?? mark : mark
            return Problem(line: place.line, column: place.column, message: message)
        case .reader(let problem, _, _, _):
            return Problem(line: 1, column: 1, message: "the file cannot be read as text: \(problem)")
        case .duplicatedKeysInMapping(let keys, let context):
            return Problem(
                line: context.mark.line, column: context.mark.column, message: "'\(keys.first ?? "")' is given twice")
        default:
            return Problem(line: 1, column: 1, message: "this is not YAML: \(error)")
        }
    }

    private static func plainMessage(_ problem: String, context: String) -> (message: String, atContext: Bool) {
        switch problem {
        case let text where text.contains("mapping values are not allowed"):
            return (
                "a ':' cannot stand here; put a value that has ': ' in it in quotes, as in reward: \"goal ? 0 : -1\"",
                false
            )
        case let text where text.contains("cannot start any token"):
            return (
                "no value can begin like this; indent with spaces, not tabs, and put a value that begins with @, ` or "
                    + "% in quotes", false
            )
        case let text where text.contains("unexpected ':'"):
            return ("a ':' cannot stand here; put a value that has ':' in it in quotes", false)
        case _ where context.contains("directive"):
            return ("a line that begins with '%' is a directive of YAML's; put the value in quotes", true)
        case let text where text.contains("tab character"):
            return ("there is a tab here; indent with spaces", false)
        case let text where text.contains("unexpected end of stream") && context.contains("quoted"):
            return ("this quote is never closed", true)
        case let text where text.contains("unknown escape") || text.contains("hexdecimal"):
            return ("no such escape in double quotes; write \\\\ for a backslash, or use single quotes", false)
        case let text where text.contains("expected ',' or '}'"):
            return ("',' or '}' is missing: the map that begins with '{' is not closed", false)
        case let text where text.contains("expected ',' or ']'"):
            return ("',' or ']' is missing: the list that begins with '[' is not closed", false)
        case let text where text.contains("could not find expected ':'"):
            return ("a key needs ':' after it, as in steps: 10_000", true)
        case let text where text.contains("did not find expected key"):
            return (
                "no key was found where one must begin; check this line's indentation, and that quotes enclose the "
                    + "whole value", false
            )
        case let text where text.contains("did not find expected '-'"):
            return ("a list goes on here: begin the line with '- ', or indent it less", false)
        case let text where text.contains("undefined alias"):
            return ("'*' begins an alias in YAML; put the value in quotes", false)
        case let text where text.contains("did not find expected alphabetic or numeric character"):
            return ("'*' and '&' have a meaning in YAML; put a value that begins with one in quotes", true)
        case let text where text.contains("another document") || text.contains("<document start>"):
            return ("the experiment ends before this: one file holds one experiment", false)
        case let text where text.contains("did not find expected node content"):
            return ("a value is missing here", false)
        case let text where text.contains("block sequence entries are not allowed"):
            return ("a list cannot begin here; put it on a line of its own", false)
        default:
            return ("this is not YAML: \(context.isEmpty ? "" : context + ", ")\(problem)", false)
        }
    }
}

extension Unicode.Scalar {
    /// What YAML does not allow in a text.
    fileprivate var isUnprintable: Bool {
        switch value {
        case 0x09: false
        case 0..<0x20, 0x7F...0x9F, 0xFFFE, 0xFFFF: true
        default: false
        }
    }
}

extension SourceText {
    /// Finds where `key` is repeated in the map in which it stands at `mark`, and renames that repetition to a text of
    /// private-use characters. Nil where it cannot be found.
    static func repetition(
        of key: String, after mark: Mark, in text: String, round: Int
    ) -> (line: Int, column: Int, renamed: String)? {
        var lines = SourceText(text).lines
        let name = Array(key.unicodeScalars)
        guard !name.isEmpty, lines.indices.contains(mark.line - 1) else { return nil }

        func matches(_ row: Int, _ column: Int) -> Int? {
            let line = lines[row]
            var start = column
            if start < line.count, line[start] == "\"" || line[start] == "'" { start += 1 }
            guard start + name.count <= line.count, Array(line[start..<start + name.count]) == name else { return nil }
            var end = start + name.count
            if start > column { end += 1 }
            while end < line.count, line[end] == " " { end += 1 }
            return end < line.count && line[end] == ":" ? start : nil
        }
        func renamed(_ row: Int, _ start: Int, at column: Int) -> (Int, Int, String) {
            // The counter keeps two renamed keys apart; the length stays, so that every other place stays.
            var replacement = Array(repeating: Unicode.Scalar(0xE000)!, count: name.count)
            replacement[0] = Unicode.Scalar(0xE001 + UInt32(round))!
            lines[row].replaceSubrange(start..<start + name.count, with: replacement)
            let joined = lines.map { line in
                var string = String.UnicodeScalarView()
                string.append(contentsOf: line)
                return String(string)
            }
            return (row + 1, column + 1, joined.joined(separator: "\n"))
        }

        let isBlock = lines[mark.line - 1].prefix(mark.column - 1).allSatisfy { $0 == " " || $0 == "-" }
        if isBlock {
            for row in mark.line..<max(mark.line, lines.count) {
                let indent = lines[row].prefix { $0 == " " }.count
                if indent == lines[row].count || lines[row][indent] == "#" { continue }
                if indent < mark.column - 1 { return nil }
                guard indent == mark.column - 1, let start = matches(row, indent) else { continue }
                return renamed(row, start, at: indent)
            }
            return nil
        }
        var depth = 0
        var quote: Unicode.Scalar?
        let first = lines[mark.line - 1][mark.column - 1]
        var column = mark.column - 1 + name.count + (first == "\"" || first == "'" ? 2 : 0)
        for row in (mark.line - 1)..<lines.count {
            while column < lines[row].count {
                let scalar = lines[row][column]
                if quote == nil, depth == 0, let start = matches(row, column) { return renamed(row, start, at: column) }
                if let open = quote {
                    if scalar == open { quote = nil }
                } else {
                    switch scalar {
                    case "\"", "'": quote = scalar
                    case "[", "{": depth += 1
                    case "]", "}":
                        depth -= 1
                        if depth < 0 { return nil }
                    default: break
                    }
                }
                column += 1
            }
            column = 0
        }
        return nil
    }
}
