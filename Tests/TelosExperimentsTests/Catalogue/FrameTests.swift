import Foundation
import TelosTensor
import Testing

@testable import TelosCatalogue

@Suite struct CatalogueFrameTests {
    /// Measures seed * scale with its method and 0 with its baseline; the claim is that the method is above 1.
    static func entry(disputed: String? = nil) -> CatalogueEntry {
        CatalogueEntry(
            slug: "example", title: "An Example", family: .bandits, kind: .algorithm, scope: .core,
            reference: CatalogueReference(
                authors: "A. Author", year: 2020, venue: "Venue", link: "https://example.org"),
            idea: "An idea.", claim: "The method is above 1.",
            parameters: [
                ClaimParameter("scale", default: 2, "Raises the method's values.", in: 0...10),
                ClaimParameter("states", default: 3, "Does nothing.", in: 2...5, whole: true),
            ],
            defaultSeeds: 1..<5, disputed: disputed,
            run: { context in
                let values = try context.perSeed { seed, _ in Double(seed) * context["scale"] }
                return ClaimOutcome(
                    arms: [
                        ClaimArm("method", .method, metric: "value", values: values),
                        ClaimArm("baseline", .baseline, metric: "value", values: values.map { _ in 0 }),
                    ],
                    tests: [ClaimTest("least value", values.min() ?? .nan, .above, 1)])
            })
    }

    @Test func reportEncodesToTheDocumentedJSON() throws {
        let report = try Self.entry().reproduce()
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(report.json().utf8)) as? [String: Any])
        #expect(
            Set(object.keys) == ["slug", "title", "claim", "verdict", "seconds", "parameters", "arms", "tests"])
        #expect(object["verdict"] as? String == "holds")
        #expect(object["parameters"] as? [String: Double] == ["scale": 2, "states": 3])
        let arms = try #require(object["arms"] as? [[String: Any]])
        #expect(Set(arms[0].keys) == ["name", "role", "metric", "values", "iqm", "lower", "upper"])
        #expect(arms[0]["values"] as? [Double] == [2, 4, 6, 8])
        #expect(arms[0]["iqm"] as? Double == 5)
        #expect(arms[1]["role"] as? String == "baseline")
        let tests = try #require(object["tests"] as? [[String: Any]])
        #expect(Set(tests[0].keys) == ["name", "statistic", "threshold", "passed"])
        #expect(tests[0]["passed"] as? Bool == true)
        let back = try JSONDecoder().decode(ClaimReport.self, from: Data(report.json().utf8))
        #expect(back.verdict == .holds && back.arms == report.arms)
        #expect(report.text.contains("verdict: holds") && report.text.contains("least value"))
    }

    @Test func verdictFollowsTests() throws {
        #expect(try Self.entry().reproduce(set: ["scale": 0.5]).verdict == .fails)
        #expect(try Self.entry().reproduce(seeds: 7..<9, set: ["scale": 0.5]).verdict == .holds)
        let disputed = try Self.entry(disputed: "It was measured otherwise.").reproduce()
        #expect(disputed.verdict == .disputed)
        #expect(disputed.text.contains("It was measured otherwise."))
        #expect(!ClaimOutcome(arms: [], tests: []).holds)
        #expect(!ClaimTest("nothing", .nan, .above, 0).passed && !ClaimTest("nothing", .nan, .atMost, 0).passed)
        #expect(ClaimTest("equal", 1, .atLeast, 1).passed && !ClaimTest("equal", 1, .above, 1).passed)
        #expect(ClaimTest("equal", 1, .atMost, 1).passed && !ClaimTest("equal", 1, .below, 1).passed)
    }

    @Test func numbersThatAreNotFiniteAreWritten() throws {
        var entry = Self.entry()
        entry.run = { _ in ClaimOutcome(arms: [], tests: [ClaimTest("ratio", .infinity, .above, 1)]) }
        #expect(try entry.reproduce().json().contains("\"inf\""))
    }

    @Test func wrongRequestsNameWhatWasMeant() {
        func message(_ body: () throws -> Void) -> String {
            do { try body() } catch { return "\(error)" }
            return ""
        }
        #expect(message { _ = try Catalogue.reproduce(slug: "stark") }.contains("did you mean \"starc\"?"))
        #expect(message { _ = try Catalogue.reproduce(slug: "zzzzzzzzzzzzzzz") }.contains("telos catalogue"))
        #expect(message { _ = try Self.entry().reproduce(set: ["scal": 1]) }.contains("did you mean \"scale\"?"))
        #expect(message { _ = try Self.entry().reproduce(set: ["scale": 11]) }.contains("from 0 to 10"))
        #expect(message { _ = try Self.entry().reproduce(set: ["scale": .nan]) }.contains("from 0 to 10"))
        #expect(message { _ = try Self.entry().reproduce(set: ["states": 2.5]) }.contains("a whole number from 2 to 5"))
        #expect(message { _ = try Self.entry().reproduce(seeds: 3..<3) }.contains("seeds is empty"))
        #expect(message { _ = try Self.entry().reproduce(threads: 0) }.contains("1 or more"))
    }

    @Test func systemsWithoutAClaimSaySo() throws {
        let row = try #require(Catalogue.rows.first { $0.status == .notYet })
        #expect(throws: CatalogueError.self) { try Catalogue.entry(row.slug) }
    }

    @Test func seedsRunSideBySideInOrder() throws {
        let draw: @Sendable (Int, RandomKey) -> Double = { seed, key in
            var stream = key.stream
            return (0..<(100 * (10 - seed % 10))).reduce(0) { sum, _ in sum + stream.uniform() }
        }
        let results = try [1, 2, 7].map { threads in
            try ClaimContext(slug: "s", parameters: [:], seeds: Array(3..<23), threads: threads).perSeed(draw)
        }
        #expect(results[0].count == 20 && results[0] == results[1] && results[0] == results[2])
        #expect(results[0] == (3..<23).map { draw($0, RandomKey(seed: $0).derived("s")) })
        let context = ClaimContext(slug: "s", parameters: [:], seeds: Array(0..<20), threads: 4)
        #expect(throws: CatalogueError("seed 5")) {
            try context.perSeed { seed, _ -> Int in
                if seed >= 5 { throw CatalogueError("seed \(seed)") }
                return seed
            }
        }
    }

    @Test func tableAndEntriesAgree() throws {
        #expect(Catalogue.rows.count == 396)
        #expect(Set(Catalogue.rows.map(\.slug)).count == 396)
        for row in Catalogue.rows {
            #expect(CatalogueFamily(rawValue: row.family) != nil, "\(row.slug): \(row.family)")
            #expect(CatalogueKind(rawValue: row.kind) != nil, "\(row.slug): \(row.kind)")
            #expect(CatalogueScope(rawValue: row.scope) != nil, "\(row.slug): \(row.scope)")
        }
        #expect(Set(Catalogue.all.map(\.slug)).count == Catalogue.all.count)
        for entry in Catalogue.all {
            let row = try #require(Catalogue.rows.first { $0.slug == entry.slug }, "\(entry.slug) is not in the table")
            #expect(row.title == entry.title && row.family == entry.family.rawValue)
            #expect(row.kind == entry.kind.rawValue && row.scope == entry.scope.rawValue)
            #expect(row.status == (entry.disputed == nil ? .holds : .disputed))
        }
    }

    @Test func entriesAreComplete() {
        for entry in Catalogue.all {
            #expect(!entry.defaultSeeds.isEmpty && !entry.idea.isEmpty && !entry.claim.isEmpty)
            #expect(entry.reference.link.hasPrefix("https://") && (1950...2030).contains(entry.reference.year))
            #expect(Set(entry.parameters.map(\.name)).count == entry.parameters.count)
            for parameter in entry.parameters {
                #expect(parameter.range.contains(parameter.default), "\(entry.slug): \(parameter.name)")
                #expect(!parameter.summary.isEmpty)
                #expect(!parameter.isWhole || parameter.default.rounded() == parameter.default)
            }
        }
    }
}
