import Foundation
import TelosEnvironments
import TelosLearning
import TelosRewards

/// What the command line shows of something that exists: for people, and for programs.
public struct Documentation: Sendable, Hashable {
    /// Lines for a terminal, without a line break at the end.
    public var text: String
    /// One JSON document, indented, its names sorted.
    public var json: String

    init(text: String, json value: JSONValue) {
        self.text = text
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        json = (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? value.json
    }
}

/// That nothing is called so, and what is.
public struct DocumentationError: Error, Sendable, Hashable, CustomStringConvertible {
    public var description: String
}

extension Documentation {
    /// The environments, each with its usual task. Throws what an environment throws that cannot be made.
    public static func tasks(_ registries: Registries = .builtIn) throws -> Documentation {
        let cards = try registries.environments.map(EnvironmentCard.init)
        let others = registries.providers.map { "\n\n" + wrapped("\($0.prefix)ID  \($0.summary)", indent: 0) }
        return Documentation(
            text: families(cards.map { ($0.entry.family, $0.brief) }) + others.joined()
                + "\n\n'telos describe NAME' tells all about one.",
            json: .list(cards.map(\.json)))
    }

    /// The algorithms and the names of their options.
    public static func learners(_ registries: Registries = .builtIn) -> Documentation {
        let cards = registries.learners.map { LearnerCard($0, presets: registries.presets) }
        return Documentation(
            text: families(cards.map { ($0.entry.family, $0.brief) })
                + "\n\n'telos describe NAME' tells what each option does, 'telos describe NAME.OPTION' one.",
            json: .list(cards.map(\.json)))
    }

    /// The ways to write and to combine rewards, and the expression language.
    public static func rewards() -> Documentation {
        let kinds = Rewards.all.map { [$0.name, $0.summary] }
        let combinations = RewardCombination.allCases.map { [$0.rawValue, $0.summary] }
        let functions = Expression.functions.map { [$0.name, $0.summary] }
        let operators = Expression.operators.map { [$0.name, $0.summary] }
        let names = Expression.constants.map { [$0.name, $0.summary] }
        let forms = RewardForm.forms.map { [$0.text, $0.summary] }
        let text = [
            section("Rewards", kinds), section("How an experiment file writes a reward", forms),
            section("Ways to combine auxiliary rewards with the primary one", combinations),
            section("Functions of the expression language", functions),
            section("Operators, from the loosest to the tightest", operators), section("Names", names),
        ].joined(separator: "\n\n")
        func list(_ rows: [[String]]) -> JSONValue {
            .list(rows.map { .object(["name": .text($0[0]), "summary": .text($0[1])]) })
        }
        return Documentation(
            text: text,
            json: .object([
                "rewards": .list(Rewards.all.map(rewardJSON)), "combinations": list(combinations),
                "functions": .list(Expression.functions.map(functionJSON)), "forms": list(forms),
                "operators": list(operators), "names": list(names),
            ]))
    }

    /// Whatever is called `name`: an environment, an algorithm, a kind of reward, a combination, a function, an option
    /// or signal (`ppo.clipRange`, `CartPole.angle`), or every option of that name.
    /// - Throws: `DocumentationError` with the nearest name.
    public static func named(_ name: String, _ registries: Registries = .builtIn) throws -> Documentation {
        if let entry = try registries.environment(name) {
            let card = try EnvironmentCard(entry)
            return Documentation(text: card.text, json: card.json)
        }
        if let entry = registries.learners.first(where: { $0.name == name }) {
            let card = LearnerCard(entry, presets: registries.presets)
            return Documentation(text: card.text, json: card.json)
        }
        // A kind of reward and a way to combine may share a name: `sum`, `potential`, `gated`.
        let rewards = [
            Rewards.named(name).map(rewardCard), RewardCombination(rawValue: name).map(combinationCard),
        ].compactMap(\.self)
        if let first = rewards.first {
            return Documentation(
                text: rewards.map(\.text).joined(separator: "\n\n"),
                json: rewards.count == 1 ? first.json : .list(rewards.map(\.json)))
        }
        if let function = Expression.functions.first(where: { word($0.name) == name }) {
            return Documentation(
                text: "\(function.name) (function of the expression language)\n\n"
                    + wrapped(function.summary, indent: 2),
                json: functionJSON(function))
        }
        return try option(name, registries)
    }

    private static func rewardCard(_ entry: RewardEntry) -> (text: String, json: JSONValue) {
        let text = [
            "\(entry.name) (reward)", wrapped(entry.summary, indent: 2),
            wrapped(entry.details.split(whereSeparator: \.isNewline).joined(separator: " "), indent: 2),
            "In an experiment file\n" + indented(entry.text), "In Swift\n" + indented(entry.code),
        ]
        return (text.joined(separator: "\n\n"), rewardJSON(entry))
    }

    private static func combinationCard(_ combination: RewardCombination) -> (text: String, json: JSONValue) {
        let name = combination.rawValue
        return (
            "\(name) (combination)\n\n" + wrapped(combination.summary, indent: 2)
                + "\n\nIn an experiment file\n  combine: \(name)",
            .object([
                "kind": .text("combination"), "name": .text(name), "summary": .text(combination.summary),
            ])
        )
    }

    /// An option or signal: `OWNER.NAME`, or all of one name.
    private static func option(_ name: String, _ registries: Registries) throws -> Documentation {
        var found: [(name: String, text: String, json: JSONValue)] = []
        for entry in registries.environments { found += (try? EnvironmentCard(entry))?.parts ?? [] }
        for entry in registries.learners { found += LearnerCard(entry).parts }
        let matches = found.filter { $0.name == name || $0.name.hasSuffix(".\(name)") }
        guard let first = matches.first else { throw unknown(name, found.map(\.name), registries) }
        return Documentation(
            text: matches.map(\.text).joined(separator: "\n\n"),
            json: matches.count == 1 && first.name == name ? first.json : .list(matches.map(\.json)))
    }

    private static func unknown(_ name: String, _ parts: [String], _ registries: Registries) -> DocumentationError {
        let owners = registries.environments.map(\.name) + registries.learners.map(\.name)
        let names =
            owners + Rewards.all.map(\.name) + RewardCombination.allCases.map(\.rawValue)
            + Expression.functions.map { word($0.name) }
        let isPart = name.contains(".")
        var nearest: String
        if isPart, let owner = owners.first(where: { name.hasPrefix("\($0).") }) {
            nearest = suggestion(name, among: parts.filter { $0.hasPrefix("\(owner).") })
        } else {
            nearest = suggestion(name, among: isPart ? parts : names)
        }
        if nearest.isEmpty, !isPart {
            nearest = suggestion(name, among: parts.map { String($0.split(separator: ".").last ?? "") })
        }
        let help = "; 'telos tasks', 'telos learners' and 'telos rewards' list what exists"
        return DocumentationError(description: "nothing is called '\(name)'" + (nearest.isEmpty ? help : nearest))
    }

    private static func word(_ signature: String) -> String { String(signature.prefix { $0 != "(" }) }

    private static func rewardJSON(_ entry: RewardEntry) -> JSONValue {
        .object([
            "kind": .text("reward"), "name": .text(entry.name), "summary": .text(entry.summary),
            "details": .text(entry.details), "text": .text(entry.text), "code": .text(entry.code),
        ])
    }

    private static func functionJSON(_ function: (name: String, arity: String, summary: String)) -> JSONValue {
        .object([
            "kind": .text("function"), "name": .text(word(function.name)), "signature": .text(function.name),
            "arguments": .text(function.arity), "summary": .text(function.summary),
        ])
    }
}
