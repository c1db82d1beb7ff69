import TelosEnvironments
import TelosRewards

extension ExperimentReader {
    static let rewardForms = ["expression", "machine", "sum", "scale", "clip", "gate"]
    static let maximumRewardDepth = 20

    /// Reads a reward, and checks each of its texts against the environment where that is known.
    /// - name: what messages call it.
    mutating func readReward(
        _ node: DocumentNode, named name: String, specification: EnvironmentSpecification?, depth: Int = 0
    ) -> RewardForm? {
        guard depth < Self.maximumRewardDepth else {
            report("\(name): rewards are nested too deeply", at: node.place)
            return nil
        }
        guard let pairs = node.pairs else {
            guard let string = node.string, !string.isEmpty else {
                report("\(name) must be an expression, as in \"goal ? 0 : -1\", not \(node.kind)", at: node.place)
                return nil
            }
            return check(.expression(string), at: node, named: name, specification: specification)
        }
        guard pairs.count == 1, let pair = pairs.first, Self.rewardForms.contains(pair.key) else {
            if let stray = pairs.first(where: { !Self.rewardForms.contains($0.key) && !$0.isRepetition }) {
                checkKeys([stray], known: Self.rewardForms, of: name)
            } else if let second = pairs.dropFirst().first {
                report("\(name) is one of \(Self.rewardForms.joined(separator: ", ")), not two", at: second.keyPlace)
            } else {
                report("\(name) is an empty map; write an expression, as in \"goal ? 0 : -1\"", at: node.place)
            }
            return nil
        }
        let value = pair.value
        func inner(_ node: DocumentNode, _ part: String, _ reader: inout ExperimentReader) -> RewardForm? {
            reader.readReward(node, named: "\(name) (\(part))", specification: specification, depth: depth + 1)
        }
        switch pair.key {
        case "expression":
            guard let string = text(value, named: "expression") else { return nil }
            return check(.expression(string), at: value, named: name, specification: specification)
        case "machine":
            guard let string = text(value, named: "machine") else { return nil }
            return check(.machine(string), at: value, named: name, specification: specification)
        case "sum":
            let example = "{progress: \"velocity\", effort: \"-action^2\"}"
            guard let parts = map(value, named: "sum", example: example) else { return nil }
            if parts.isEmpty { report("sum is empty; name a reward in it", at: value.place) }
            for part in parts where !part.isRepetition { checkRewardName(part) }
            let read = parts.compactMap { part in
                inner(part.value, part.key, &self).map { RewardForm.Part(name: part.key, reward: $0) }
            }
            return read.count == parts.count ? .sum(read) : nil
        case "scale":
            guard case .list(let items) = value.content, items.count == 2 else {
                report("scale must be a number and a reward, as in scale: [0.1, \"velocity\"]", at: value.place)
                return nil
            }
            let factor = number(items[0], named: "the factor")
            let reward = inner(items[1], "scale", &self)
            guard let factor, let reward else { return nil }
            return .scaled(factor, reward)
        case "clip":
            return readClip(value) { inner($0, "clip", &$1) }
        default:
            let example = "{reward: \"velocity\", when: \"position > 0\"}"
            guard let parts = map(value, named: "gate", example: example) else { return nil }
            checkKeys(parts, known: ["reward", "when"], of: "gate")
            let fields = Fields(parts)
            guard let gated = fields["reward"], let when = fields["when"] else {
                report("gate needs a 'reward' and a 'when'", at: value.place)
                return nil
            }
            let reward = inner(gated, "gate", &self)
            guard let condition = readCondition(when, specification: specification), let reward else { return nil }
            return .gated(reward, when: condition)
        }
    }

    mutating func checkRewardName(_ pair: DocumentNode.Pair) {
        let isName = pair.key.unicodeScalars.allSatisfy { scalar in
            scalar.properties.isAlphabetic || "0123456789_-".unicodeScalars.contains(scalar)
        }
        if !isName || pair.key.isEmpty {
            report("'\(pair.key.abridged)' cannot name a reward; use letters, digits, '-' and '_'", at: pair.keyPlace)
        }
    }

    private mutating func readClip(
        _ value: DocumentNode, reward readInner: (DocumentNode, inout ExperimentReader) -> RewardForm?
    ) -> RewardForm? {
        let example = "{reward: \"velocity\", low: -1, high: 1}"
        guard let parts = map(value, named: "clip", example: example) else { return nil }
        checkKeys(parts, known: ["reward", "low", "high"], of: "clip")
        let fields = Fields(parts)
        guard let clipped = fields["reward"], let lowNode = fields["low"], let highNode = fields["high"] else {
            report("clip needs a 'reward', a 'low' and a 'high'", at: value.place)
            return nil
        }
        let reward = readInner(clipped, &self)
        let low = number(lowNode, named: "low")
        let high = number(highNode, named: "high")
        guard let reward, let low, let high else { return nil }
        guard low <= high else {
            report(
                "high must be at least low (\(lowNode.string ?? "")), not \(highNode.string ?? "")", at: highNode.place)
            return nil
        }
        return .clipped(reward, low: low, high: high)
    }

    private mutating func readCondition(_ node: DocumentNode, specification: EnvironmentSpecification?) -> String? {
        guard let string = text(node, named: "when") else { return nil }
        do {
            let condition = try Expression(string)
            if let specification { _ = try condition.compiledCondition(for: specification) }
            return string
        } catch {
            report(error, at: node, named: "when")
            return nil
        }
    }

    /// Parses a text and binds it, and points at the character that is wrong.
    private mutating func check(
        _ form: RewardForm, at node: DocumentNode, named name: String, specification: EnvironmentSpecification?
    ) -> RewardForm? {
        do {
            let reward = try form.makeReward()
            if let specification { _ = try reward.bind(to: specification) }
            return form
        } catch {
            report(error, at: node, named: name)
            return nil
        }
    }

    private mutating func report(_ error: any Error, at node: DocumentNode, named name: String) {
        if let error = error as? RewardError {
            report("\(name): \(error.message)", at: node, line: error.line, column: error.column)
        } else {
            report("\(name): \(error)", at: node.place)
        }
    }
}
