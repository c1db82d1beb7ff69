/// Numbers as people write them: `200_000`, `1e-3`, `0.5`.
enum Numeral {
    /// Nil for anything else, infinities included.
    static func parse(_ text: String) -> Double? {
        let allowed = text.allSatisfy { "0123456789+-.eE_".contains($0) }
        guard allowed, text.contains(where: \.isNumber), !text.hasPrefix("_"), !text.hasSuffix("_"),
            !text.contains("__")
        else { return nil }
        guard let value = Double(text.filter { $0 != "_" }), value.isFinite else { return nil }
        return value
    }
}

extension ExperimentReader {
    mutating func text(_ node: DocumentNode, named name: String) -> String? {
        guard let text = node.string, !text.isEmpty else {
            report("\(name) must be a text, not \(node.kind)", at: node.place)
            return nil
        }
        return text
    }

    mutating func map(_ node: DocumentNode, named name: String, example: String) -> [DocumentNode.Pair]? {
        guard let pairs = node.pairs else {
            report("\(name) must be a map, as in \(name): \(example), not \(node.kind)", at: node.place)
            return nil
        }
        return pairs
    }

    mutating func number(_ node: DocumentNode, named name: String) -> Double? {
        guard let text = node.string else {
            report("\(name) must be a number, not \(node.kind)", at: node.place)
            return nil
        }
        guard let value = Numeral.parse(text) else {
            report("\(name) must be a number, not \(node.kind)", at: node.place)
            return nil
        }
        guard node.isPlain else {
            report("\(name) must be a number; write \(text) without quotes", at: node.place)
            return nil
        }
        return value
    }

    mutating func integer(_ node: DocumentNode, named name: String, in range: ClosedRange<Int>) -> Int? {
        if node.string.flatMap(Numeral.parse) == nil {
            report("\(name) must be a whole number, not \(node.kind)", at: node.place)
            return nil
        }
        guard let value = number(node, named: name) else { return nil }
        guard let whole = Int(exactly: value) else {
            report("\(name) must be a whole number, not \(node.string ?? "")", at: node.place)
            return nil
        }
        guard range.contains(whole) else {
            report("\(name) must be \(Self.bounds(range)), not \(whole)", at: node.place)
            return nil
        }
        return whole
    }

    mutating func flag(_ node: DocumentNode, named name: String) -> Bool? {
        switch node.isPlain ? node.string : nil {
        case "true", "True", "TRUE": return true
        case "false", "False", "FALSE": return false
        default:
            report("\(name) must be true or false, not \(node.kind)", at: node.place)
            return nil
        }
    }

    static func bounds(_ range: ClosedRange<Int>) -> String {
        range.upperBound == Int.max ? "at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
    }

    static func bounds(_ range: ClosedRange<Double>) -> String {
        func text(_ value: Double) -> String { JSONValue.number(value).json }
        let isLow = range.lowerBound <= -Double.greatestFiniteMagnitude
        let isHigh = range.upperBound >= Double.greatestFiniteMagnitude
        switch (isLow, isHigh) {
        case (true, true): return "a number"
        case (true, false): return "at most \(text(range.upperBound))"
        case (false, true): return "at least \(text(range.lowerBound))"
        case (false, false): return "from \(text(range.lowerBound)) to \(text(range.upperBound))"
        }
    }
}
