import Yams

/// Where a value was written: in the file, or in a command-line argument.
enum Place: Hashable, Sendable {
    case file(line: Int, column: Int)
    case argument(String)
}

/// A value of an experiment file, with the place it was written at.
struct DocumentNode: Sendable {
    enum Content: Sendable {
        /// `isPlain`: written without quotes, so that `5` is a number and `null` is nothing.
        case scalar(String, isPlain: Bool)
        case list([DocumentNode])
        case map([Pair])
    }
    struct Pair: Sendable {
        var key: String
        var keyPlace: Place
        var value: DocumentNode
    }
    var content: Content
    var place: Place
    /// The text the place refers to: the whole file, or the value of the argument.
    var text: SourceText

    var isNull: Bool {
        guard case .scalar(let string, isPlain: true) = content else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(string)
    }

    /// The text of a scalar other than null.
    var string: String? {
        if case .scalar(let string, _) = content, !isNull { string } else { nil }
    }

    var isPlain: Bool { if case .scalar(_, let isPlain) = content { isPlain } else { false } }

    var pairs: [Pair]? { if case .map(let pairs) = content { pairs } else { nil } }

    /// What it is, for a message that something else was wanted.
    var kind: String {
        switch content {
        case .scalar where isNull: "nothing"
        case .scalar(let string, true): "'\(string.abridged)'"
        case .scalar(let string, false): "the text \(string.abridged.quoted)"
        case .list: "a list"
        case .map: "a map"
        }
    }
}

extension String {
    var abridged: String { count > 40 ? prefix(37) + "..." : self }
}

extension DocumentNode {
    /// Nil for a text with no value in it.
    /// - Throws: `YamlError` for what is not YAML, `CompositionError` for what no experiment holds.
    static func compose(_ text: String, place: (_ line: Int, _ column: Int) -> Place) throws -> DocumentNode? {
        let source = SourceText(text)
        guard let node = try Yams.compose(yaml: text) else { return nil }
        var budget = 100_000
        return try convert(node, source: source, place: place, budget: &budget)
    }

    private static func convert(
        _ node: Node, source: SourceText, place: (_ line: Int, _ column: Int) -> Place, budget: inout Int
    ) throws -> DocumentNode {
        let here = place(node.mark?.line ?? 1, node.mark?.column ?? 1)
        budget -= 1
        guard budget > 0 else { throw CompositionError(mark: node.mark, message: "the file has too many values") }
        switch node {
        case .scalar(let scalar):
            let isPlain = scalar.style == .plain || scalar.style == .any
            return DocumentNode(content: .scalar(scalar.string, isPlain: isPlain), place: here, text: source)
        case .sequence(let sequence):
            return DocumentNode(
                content: .list(
                    try sequence.map { try convert($0, source: source, place: place, budget: &budget) }),
                place: here, text: source)
        case .mapping(let mapping):
            var pairs: [Pair] = []
            for (key, value) in mapping {
                guard case .scalar(let scalar) = key else {
                    throw CompositionError(mark: key.mark, message: "a key must be a name, not a list or a map")
                }
                pairs.append(
                    Pair(
                        key: scalar.string, keyPlace: place(scalar.mark?.line ?? 1, scalar.mark?.column ?? 1),
                        value: try convert(value, source: source, place: place, budget: &budget)))
            }
            return DocumentNode(content: .map(pairs), place: here, text: source)
        case .alias:
            throw CompositionError(mark: node.mark, message: "aliases are not used in experiment files")
        }
    }
}

/// A text that is YAML but not what an experiment file may be.
struct CompositionError: Error {
    var mark: Mark?
    var message: String
}
