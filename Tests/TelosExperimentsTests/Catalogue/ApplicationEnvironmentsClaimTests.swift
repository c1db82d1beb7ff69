import TelosEnvironments
import TelosTensor
import Testing

@testable import TelosCatalogue

@Suite struct ApplicationEnvironmentsClaimTests {
    /// The recursion as it is defined, over every bid.
    @Test func bidValuesAreTheBestOverAllBids() {
        let prices = [0.1, 0.2, 0.3, 0.25, 0.15]
        let rates = [0.2, 0.5, 1.1]
        let table = BidValues(auctions: 6, budget: 12, prices: prices, clickRates: rates)
        var last = [Double](repeating: 0, count: 13)
        for t in 1...6 {
            var next = last
            for b in 0...12 {
                var sum = 0.0
                for rate in rates {
                    let worth = (0...min(b, 4)).map { bid -> Double in
                        var value = 0.0
                        for (price, probability) in prices.enumerated() {
                            value += probability * (price <= bid ? rate + last[b - price] : last[b])
                        }
                        return value
                    }
                    sum += worth.max()!
                    // The bid that is read off the table is one of the best.
                    let bid = table.bid(rate, left: t, budget: b)
                    #expect(bid <= b && worth[bid] > worth.max()! - 1e-12)
                }
                next[b] = sum / 3
                #expect(abs(table.value(t, b) - next[b]) < 1e-12)
                #expect(table.value(t, b) >= table.value(t - 1, b) && (b == 0 || next[b] >= next[b - 1] - 1e-12))
            }
            last = next
        }
    }

    /// What is not disputed holds on other seeds; bidding for the mean click rate undoes it.
    @Test func rlbGainsFromLookingAtImpressions() throws {
        let entry = Catalogue.rlb
        let context = ClaimContext(
            slug: entry.slug, parameters: try entry.parameterValues(set: ["auctions": 300]), seeds: [100, 101],
            threads: 2)
        let outcome = try RLBExperiment(context).outcome()
        for test in outcome.tests where !test.name.contains("RLB over the tuned linear") || test.name.contains("skewed")
        {
            #expect(test.passed, "\(test.name) \(test.statistic)")
        }
        let blind = try RLBExperiment(context, looks: false).outcome()
        for test in blind.tests where test.name.contains("plan blind") || test.name.contains("tuned linear") {
            let isAboutOthers = test.name.contains("skewed")
            #expect(test.passed == isAboutOthers, "\(test.name) \(test.statistic)")
        }
    }

    @Test func steppingHoldsAtReducedSize() throws {
        let report = try Catalogue.reproduce(
            slug: "three-body-stepping", seeds: 100..<101, set: ["episodes": 60, "tests": 20], threads: 2)
        for test in report.tests where test.name.hasPrefix("weight 1:") { #expect(test.passed, "\(report.text)") }
    }

    /// Without seeing the bodies no step is better than a constant one.
    @Test func steppingFailsBlind() throws {
        let report = try Catalogue.reproduce(
            slug: "three-body-stepping", seeds: 100..<101, set: ["episodes": 20, "tests": 10, "sight": 0], threads: 2)
        #expect(report.verdict == .fails)
        #expect(report.tests.first { $0.name == "weight 1: decades below constant steps" }?.passed == false)
    }
}
