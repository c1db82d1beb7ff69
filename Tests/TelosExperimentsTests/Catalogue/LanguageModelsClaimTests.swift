import TelosLearning
import Testing

@testable import TelosCatalogue

@Suite struct LanguageModelsClaimTests {
    private func context(_ slug: String, _ settings: [String: Double], seeds: [Int] = [100]) throws -> ClaimContext {
        let entry = try Catalogue.entry(slug)
        return ClaimContext(
            slug: slug, parameters: try entry.parameterValues(set: settings), seeds: seeds, threads: 1)
    }

    private func verdicts(_ outcome: ClaimOutcome, _ prefix: String) -> [Bool] {
        let chosen = outcome.tests.filter { $0.name.hasPrefix(prefix) }.map(\.passed)
        return chosen
    }

    /// With reverse KL's loss in place of every other the optima are missed and nothing differs.
    @Test func fDPOFailsWithOneDivergenceForAll() throws {
        let settings = try context("f-dpo", ["responses": 20, "updates": 1500, "prompts": 5])
        let outcome = try FDPOExperiment(settings, trained: { _ in .reverseKL }).outcome()
        #expect(verdicts(outcome, "reverse KL: largest") == [true])
        for name in ["Jensen-Shannon: largest", "alpha 0.5: largest", "forward KL: largest"] {
            #expect(verdicts(outcome, name) == [false], "\(name)")
        }
        #expect(verdicts(outcome, "few labels") == [false, false, false])
    }

    /// Regressions to a reward difference of nothing leave the policy where it is.
    @Test func rebelFailsWithoutRewards() throws {
        let settings = try context("rebel", ["responses": 6, "iterations": 5])
        let outcome = try REBELExperiment(settings, regresses: false).outcome()
        for name in ["largest error of the norm", "total variation from mirror", "best policy minus REBEL"] {
            #expect(verdicts(outcome, name) == [false], "\(name)")
        }
        #expect(verdicts(outcome, "total variation from the best") == [false])
        #expect(verdicts(outcome, "circle: exploitability of the average") == [false])
    }

    /// Group-relative advantages in DisCO's place are weighted as theirs are, and win nothing over themselves.
    @Test func disCOFailsWithGroupAdvantages() throws {
        let settings = try context("disco", ["iterations": 20])
        let outcome = try DisCOExperiment(
            settings, methods: [.standardized, .mean, .standardized, .centred]
        ).outcome()
        #expect(verdicts(outcome, "weight over 1") == [false])
        #expect(verdicts(outcome, "weight over sqrt") == [true])
        #expect(verdicts(outcome, "hard questions halfway: DisCO") == [false])
    }

    /// The raw score in the place of preference as reward is exploited like itself.
    @Test func parFailsWithRawScores() throws {
        let settings = try context("par", ["iterations": 150], seeds: [100, 101])
        let outcome = try PARExperiment(settings, method: .raw).outcome()
        #expect(verdicts(outcome, "preference as reward, 1 reference: gold") == [false])
        #expect(verdicts(outcome, "preference as reward, 1 reference: fall") == [false])
    }
}
