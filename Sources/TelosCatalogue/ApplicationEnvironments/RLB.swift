import TelosEnvironments
import TelosEvaluation
import TelosTensor

extension Catalogue {
    /// Equations: `BidValues` (V, the bid), `SecondPriceAuctions` (the market). The network that stands for a table too
    /// large to keep is not part of this.
    static let rlb = CatalogueEntry(
        slug: "rlb",
        title: "Real-Time Bidding by Reinforcement Learning in Display Advertising",
        family: .applicationEnvironments, kind: .algorithm, scope: .core,
        reference: CatalogueReference(
            authors: "Han Cai, Kan Ren, Weinan Zhang, Kleanthis Malialis, Jun Wang, Yong Yu, Defeng Guo", year: 2017,
            venue: "WSDM 2017", link: "https://arxiv.org/abs/1701.02490"),
        idea: """
            Bidding in a row of auctions with one budget is a Markov decision process whose state is the number of auctions \
            left, the budget left and the impression for sale. With market prices from a known distribution its values are \
            computed by dynamic programming on the mean click rate; the best bid is the price at which an impression's \
            click rate equals what its cost takes from the value of what is to come.
            """,
        claim: """
            With budgets of 1/32, 1/16 and 1/8 of what all impressions cost and click rates that vary moderately, RLB \
            wins at least 3% more clicks than a tuned linear bid, and more than the same plan blind to impressions and than \
            bids by the training cost of a click; its plan is pessimistic. Where click rates are heavily skewed the linear \
            bid wins more than RLB, and the exact plan over the distribution of click rates more than both.
            """,
        parameters: [
            ClaimParameter("auctions", default: 1000, "Auctions an episode.", in: 100...3000, whole: true),
            ClaimParameter(
                "shape", default: 8, "Shape of the click rates; at 4 the linear bid already wins more.", in: 2...60),
            ClaimParameter("priceSpread", default: 0.6, "Deviation of the logarithm of prices.", in: 0.2...1),
            ClaimParameter(
                "episodes", default: 60, "Test episodes; a third as many train.", in: 15...1000, whole: true),
        ],
        defaultSeeds: 0..<3,
        disputed: """
            On ten fresh seeds RLB wins 3.8%, 2.4% and 1.7% more clicks than the linear bid at budgets of 1/32, 1/16 and \
            1/8, not 3% at all three: the linear bid's scale is tuned on 20 training episodes, and what a bidder could add \
            to it at all is little. The exact plan over the distribution of click rates wins only 1.8%, 0.9% and 0.3% more \
            than RLB, so that nobody could be 3% above the linear bid at 1/8. All else holds: RLB wins 11 to 14% more than \
            its plan blind to impressions, 1.5 to 2.1 times the clicks of bids by training cost, and 26% fewer than the \
            linear bid where click rates are skewed. The published gaps (271 clicks to 243 in one campaign at 1/32) come \
            from logs that are not drawn here.
            """,
        run: { try RLBExperiment($0).outcome() })
}

/// Expected clicks an episode of several bidders at several budgets, and where click rates are skewed.
struct RLBExperiment {
    let context: ClaimContext
    /// Whether the method looks at the impression; false bids for the mean click rate.
    let looks: Bool
    static let budgets = [32, 16, 8]
    static let skewedShape = 0.5
    static let names: [(name: String, role: ClaimRole)] = [
        ("RLB", .method), ("exact plan", .oracle), ("linear bid, tuned", .baseline), ("constant bid, tuned", .baseline),
        ("plan blind to impressions", .baseline), ("training cost of a click", .baseline),
    ]

    init(_ context: ClaimContext, looks: Bool = true) {
        self.context = context
        self.looks = looks
    }

    /// At one budget: mean clicks of `names`, and RLB's planned value.
    struct Measurement: Sendable {
        var clicks: [Double]
        var planned: Double
    }

    func outcome() throws -> ClaimOutcome {
        let seeds = try context.perSeed { _, key in
            try measure(shape: context["shape"], shares: Self.budgets, key.derived("moderate"))
                + measure(shape: Self.skewedShape, shares: [Self.budgets[0]], key.derived("skewed"))
        }
        let places = Self.budgets.map { "budget 1/\($0)" } + ["budget 1/\(Self.budgets[0]), skewed"]
        var arms: [ClaimArm] = []
        for (place, text) in places.enumerated() {
            for (index, (name, role)) in Self.names.enumerated() {
                let isControl = place == places.count - 1 && role == .method
                arms.append(
                    ClaimArm(
                        "\(name), \(text)", isControl ? .control : role,
                        metric: "expected clicks an episode, high is good",
                        values: seeds.map { $0[place].clicks[index] }))
            }
        }
        /// Mean over seeds of bidder i's clicks over bidder j's.
        func ratio(_ place: Int, _ i: Int, _ j: Int) -> Double {
            mean(of: seeds.map { $0[place].clicks[i] / $0[place].clicks[j] })
        }
        var tests: [ClaimTest] = []
        for place in Self.budgets.indices {
            tests += [
                ClaimTest("\(places[place]): RLB over the tuned linear bid", ratio(place, 0, 2), .atLeast, 1.03),
                ClaimTest("\(places[place]): RLB over the plan blind to impressions", ratio(place, 0, 4), .above, 1),
                ClaimTest("\(places[place]): RLB over the training cost of a click", ratio(place, 0, 5), .above, 1),
                ClaimTest("\(places[place]): exact plan over RLB", ratio(place, 1, 0), .atLeast, 0.99),
                ClaimTest(
                    "\(places[place]): planned over realised clicks of RLB",
                    mean(of: seeds.map { $0[place].planned / $0[place].clicks[0] }), .atMost, 1),
            ]
        }
        let skewed = places.count - 1
        tests += [
            ClaimTest("control, skewed: RLB over the tuned linear bid", ratio(skewed, 0, 2), .below, 1),
            ClaimTest("skewed: exact plan over the tuned linear bid", ratio(skewed, 1, 2), .above, 1),
        ]
        return ClaimOutcome(arms: arms, tests: tests)
    }

    /// An episode's prices and click rates.
    private struct Episode {
        var prices: [Int]
        var clickRates: [Double]

        init(_ count: Int, _ market: SecondPriceAuctions.Market, _ random: inout RandomStream) {
            (prices, clickRates) = ([], [])
            for _ in 0..<count {
                clickRates.append(market.clickRate(using: &random))
                prices.append(market.price(using: &random))
            }
        }

        /// The click rates that are won, summed.
        func clicks(budget: Int, _ bid: (_ clickRate: Double, _ left: Int, _ budget: Int) -> Int) -> Double {
            var (budget, sum) = (budget, 0.0)
            for (index, price) in prices.enumerated() {
                guard min(budget, bid(clickRates[index], prices.count - index, budget)) >= price else { continue }
                budget -= price
                sum += clickRates[index]
            }
            return sum
        }
    }

    private func measure(shape: Double, shares: [Int], _ key: RandomKey) throws -> [Measurement] {
        let count = context.whole("auctions")
        let market = try SecondPriceAuctions(
            market: .init(logPriceDeviation: context["priceSpread"], clickRateShape: shape), auctions: count
        ).market
        var random = key.stream
        let training = (0..<max(5, context.whole("episodes") / 3)).map { _ in Episode(count, market, &random) }
        let test = (0..<context.whole("episodes")).map { _ in Episode(count, market, &random) }
        // What the training log tells: prices (one added to every count), the mean click rate, what a click cost.
        var prices = [Double](repeating: 1, count: market.maximumPrice + 1)
        for price in training.flatMap(\.prices) { prices[price] += 1 }
        let sum = prices.reduce(0, +)
        prices = prices.map { $0 / sum }
        let meanPrice = mean(of: training.flatMap { $0.prices.map(Double.init) })
        let rates = training.flatMap(\.clickRates).sorted()
        let meanRate = mean(of: rates)
        // 200 quantiles stand for the distribution of click rates; their mean is kept.
        let quantiles = (0..<200).map { part in
            mean(of: Array(rates[(part * rates.count / 200)..<((part + 1) * rates.count / 200)]))
        }
        return shares.map { share in
            let budget = Int(meanPrice * Double(count) / Double(share))
            func clicks(_ episodes: [Episode], _ bid: (Double, Int, Int) -> Int) -> Double {
                mean(of: episodes.map { $0.clicks(budget: budget, bid) })
            }
            func rounded(_ bid: Double) -> Int { Int(min(bid, Double(market.maximumPrice)).rounded(.down)) }
            /// The bid of the family that wins most in training: its scale is tried from 1 to 100.
            func tuned(_ bid: (_ scale: Double, _ clickRate: Double) -> Double) -> Double {
                let scales = (1...100).map(Double.init)
                let scores = scales.map { scale in clicks(training) { rate, _, _ in rounded(bid(scale, rate)) } }
                let best = scales[scores.indices.max { scores[$0] < scores[$1] } ?? 0]
                return clicks(test) { rate, _, _ in rounded(bid(best, rate)) }
            }
            let plan = BidValues(auctions: count, budget: budget, prices: prices, clickRates: [meanRate])
            let exact = BidValues(auctions: count, budget: budget, prices: prices, clickRates: quantiles)
            let blind = clicks(test) { _, left, money in plan.bid(meanRate, left: left, budget: money) }
            return Measurement(
                clicks: [
                    looks ? clicks(test) { plan.bid($0, left: $1, budget: $2) } : blind,
                    clicks(test) { exact.bid($0, left: $1, budget: $2) },
                    tuned { $0 * $1 / meanRate },
                    tuned { scale, _ in scale },
                    blind,
                    clicks(test) { rate, _, _ in rounded(meanPrice / meanRate * rate) },
                ], planned: plan.value(count, budget))
        }
    }
}
