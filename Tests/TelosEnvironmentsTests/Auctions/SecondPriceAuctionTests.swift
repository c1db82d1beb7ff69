import Foundation
import TelosTensor
import Testing

@testable import TelosEnvironments

@Suite struct SecondPriceAuctionTests {
    private func step(
        _ auctions: SecondPriceAuctions, _ state: inout SecondPriceAuctions.State, bid: Float,
        _ random: inout RandomStream
    ) -> Bool {
        withUnsafePointer(to: bid) { auctions.step(&state, action: Action($0), using: &random) }
    }

    /// One stream is one market: what a bidder pays and wins is told by the highest bid's run.
    @Test func winnersPayTheSecondPrice() throws {
        let auctions = try SecondPriceAuctions(auctions: 200, budget: 1_000_000)
        var random = RandomKey(seed: 1).stream
        var state = auctions.reset(using: &random)
        var prices: [Int] = []
        var rates: [Double] = []
        var isOver = false
        while !isOver {
            rates.append(state.clickRate)
            isOver = step(auctions, &state, bid: 100, &random)
            #expect(state.cost > 0 && state.wonClickRate == rates.last)
            prices.append(state.cost)
        }
        #expect(prices.count == 200 && state.budget == 1_000_000 - prices.reduce(0, +))
        let poor = try SecondPriceAuctions(auctions: 200, budget: 150)
        var again = RandomKey(seed: 1).stream
        var other = poor.reset(using: &again)
        for (price, rate) in zip(prices, rates) {
            #expect(other.clickRate == rate)
            let wins = price <= min(25, other.budget)
            let budget = other.budget
            _ = step(poor, &other, bid: 25, &again)
            #expect(other.cost == (wins ? price : 0) && other.budget == budget - other.cost)
            #expect(other.wonClickRate == (wins ? rate : 0))
        }
        #expect(other.left == 0 && other.budget >= 0)
    }

    /// Prices with mean near exp(m + s² / 2), cut at the maximum; click rates with the beta distribution's moments.
    @Test func marketHasItsMoments() {
        let market = SecondPriceAuctions.Market()
        var random = RandomKey(seed: 2).stream
        let prices = (0..<20_000).map { _ in Double(market.price(using: &random)) }
        #expect(abs(prices.reduce(0, +) / 20_000 - 23.7) < 0.4)
        #expect(prices.allSatisfy { (1...100).contains($0) })
        let rates = (0..<20_000).map { _ in market.clickRate(using: &random) }
        let mean = rates.reduce(0, +) / 20_000
        let variance = rates.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 20_000
        #expect(abs(mean - 0.01) < 1e-4)
        // c (1 - c) / (k / c + 1)
        #expect(abs(variance / (0.01 * 0.99 / 801) - 1) < 0.05)
    }

    @Test func wrongNumbersAreRefused() {
        #expect(throws: AuctionError.self) { try SecondPriceAuctions(auctions: 0) }
        #expect(throws: AuctionError.self) { try SecondPriceAuctions(market: .init(logPrice: 9)) }
        #expect(throws: AuctionError.self) { try SecondPriceAuctions(market: .init(clickRateShape: 0)) }
        #expect(SecondPriceAuctions.State(values: [1, 2, 3, 0, 0]) == nil)
    }
}
