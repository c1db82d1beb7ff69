import TelosLearning
import Yams

/// Changes an experiment by `key.path=value`, as the command line's `--set` gives them.
enum Override {
    /// Sets one value; creates the maps on the way to it. Returns what is wrong with the argument.
    static func apply(_ text: String, to root: inout DocumentNode) -> [Problem] {
        let argument = "--set \(text)"
        func problem(_ message: String) -> [Problem] { [Problem(argument: argument, message: message)] }
        guard let equals = text.firstIndex(of: "=") else {
            return problem("write a key and a value, as in --set learner.steps=50_000")
        }
        let path = text[..<equals].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard path.allSatisfy({ !$0.isEmpty && $0.allSatisfy { !$0.isWhitespace } }) else {
            return problem("'\(text[..<equals])' is not a key; join names with dots, as in learner.steps")
        }
        let value: DocumentNode
        do {
            value = try parse(String(text[text.index(after: equals)...]), argument: argument)
        } catch {
            return problem("the value is not a YAML value: \(plain(error))")
        }
        return set(value, at: path[...], in: &root, walked: []).map(problem) ?? []
    }

    static func setSeeds(_ text: String, in root: inout DocumentNode) -> [Problem] {
        let argument = "--seeds \(text)"
        let value = DocumentNode(
            content: .scalar(text, isPlain: true), place: .argument(argument), text: SourceText(text))
        let message = set(value, at: ["seeds"], in: &root, walked: [])
        return message.map { [Problem(argument: argument, message: $0)] } ?? []
    }

    /// A value of the command line: YAML where it begins like a list, a map or a quoted text, itself otherwise, so that
    /// an expression needs no quotes of YAML's.
    private static func parse(_ text: String, argument: String) throws -> DocumentNode {
        let trimmed = text.drop { $0 == " " }
        if let first = trimmed.first, "[{\"'".contains(first) {
            if let node = try DocumentNode.compose(text, place: { _, _ in .argument(argument) }) { return node }
        }
        return DocumentNode(
            content: .scalar(text, isPlain: true), place: .argument(argument), text: SourceText(text))
    }

    private static func plain(_ error: any Error) -> String {
        if let error = error as? YamlError { return Document.plainProblem(error).message }
        return (error as? CompositionError)?.message ?? "\(error)"
    }

    /// Returns what is wrong with the path, nil when the value was set.
    private static func set(
        _ value: DocumentNode, at path: ArraySlice<String>, in node: inout DocumentNode, walked: [String]
    ) -> String? {
        guard let key = path.first else {
            node = value
            return nil
        }
        var pairs: [DocumentNode.Pair]
        switch node.content {
        case .map(let present): pairs = present
        case .scalar where node.isNull: pairs = []
        case .scalar:
            // `environment: NAME`, `learner: NAME` and `auxiliary: {name: TEXT}` become their long forms.
            guard let name = shortForm(of: walked) else {
                return "'\(walked.joined(separator: "."))' holds a value, not keys"
            }
            pairs = [DocumentNode.Pair(key: name, keyPlace: node.place, value: node)]
        case .list:
            return "'\(walked.joined(separator: "."))' holds a list; give the whole list, as in [1, 2]"
        }
        if let index = pairs.firstIndex(where: { $0.key == key }) {
            if path.count == 1 { pairs[index].keyPlace = value.place }
            if let message = set(value, at: path.dropFirst(), in: &pairs[index].value, walked: walked + [key]) {
                return message
            }
        } else {
            var child = DocumentNode(content: .map([]), place: value.place, text: value.text)
            if let message = set(value, at: path.dropFirst(), in: &child, walked: walked + [key]) { return message }
            pairs.append(DocumentNode.Pair(key: key, keyPlace: value.place, value: child))
        }
        node.content = .map(pairs)
        return nil
    }

    private static func shortForm(of path: [String]) -> String? {
        switch path {
        case ["task", "environment"]: "name"
        case ["learner"]: "algorithm"
        case _ where path.count == 2 && path[0] == "auxiliary": "reward"
        default: nil
        }
    }
}
