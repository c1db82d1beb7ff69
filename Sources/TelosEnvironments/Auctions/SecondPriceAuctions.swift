import CTelosKernels
import TelosTensor

/// A row of second-price auctions for advertising impressions, to be bid in with one budget.
///
/// Each impression is shown with the probability that it is clicked, beta distributed with shape k and mean c:
/// Beta(k, k / c - k). The highest other bid is exp(m + s z) for normal z, rounded, and drawn anew where it is not
/// 1 ... `maximumPrice`. A bid that is at least as high wins and pays that price; bids are cut to what is left of the budget.
/// The episode terminates after the last auction. Prices and impressions do not depend on bids, so that one stream gives
/// every bidder the same market.
///
/// Signals: `won`, `clickRate` (of the impression that was won, else 0) and `cost`. The usual reward is `clickRate`.
///
/// (Cai, Ren, Zhang, Malialis, Wang, Yu and Guo, *Real-time bidding by reinforcement learning in display advertising*,
/// 2017.)
public struct SecondPriceAuctions: Environment {
    public struct State: EnvironmentState, Hashable {
        /// Auctions left, counting the present one.
        public var left: Int
        /// What is left of the budget.
        public var budget: Int
        /// Of the impression that is for sale.
        public var clickRate: Double
        /// What came of the last auction: what was won, and what it cost.
        public var wonClickRate = 0.0
        public var cost = 0

        init(left: Int, budget: Int, clickRate: Double) {
            (self.left, self.budget, self.clickRate) = (left, budget, clickRate)
        }

        public init?(values: [Double]) {
            guard values.count == 5, let left = Int(exactly: values[0]), let budget = Int(exactly: values[1]),
                let cost = Int(exactly: values[4]), left >= 0, budget >= 0, cost >= 0,
                (0...1).contains(values[2]), (0...1).contains(values[3])
            else { return nil }
            self.init(left: left, budget: budget, clickRate: values[2])
            (wonClickRate, self.cost) = (values[3], cost)
        }

        public var values: [Double] { [Double(left), Double(budget), clickRate, wonClickRate, Double(cost)] }
    }

    /// What bidders are told of the market, and how it is drawn.
    public struct Market: Sendable, Hashable {
        /// m and s of the logarithm of prices.
        public var logPrice: Double
        public var logPriceDeviation: Double
        public var maximumPrice: Int
        /// c
        public var meanClickRate: Double
        /// k. Lower: a few impressions are worth much more than the others.
        public var clickRateShape: Double

        public init(
            logPrice: Double = 3, logPriceDeviation: Double = 0.6, maximumPrice: Int = 100,
            meanClickRate: Double = 0.01, clickRateShape: Double = 8
        ) {
            self.logPrice = logPrice
            self.logPriceDeviation = logPriceDeviation
            self.maximumPrice = maximumPrice
            self.meanClickRate = meanClickRate
            self.clickRateShape = clickRateShape
        }

        public func price(using random: inout RandomStream) -> Int {
            while true {
                let price = telos_exp64(logPrice + logPriceDeviation * random.normal()).rounded()
                if price >= 1, price <= Double(maximumPrice) { return Int(price) }
            }
        }

        public func clickRate(using random: inout RandomStream) -> Double {
            let clicked = random.gamma(shape: clickRateShape)
            return clicked / (clicked + random.gamma(shape: clickRateShape / meanClickRate - clickRateShape))
        }
    }

    public let market: Market
    public let auctions: Int
    public let budget: Int
    public let specification: EnvironmentSpecification

    /// Throws `AuctionError` for counts that are not positive, or a market in which no price or click rate can be drawn.
    public init(market: Market = Market(), auctions: Int = 1000, budget: Int = 1500) throws {
        guard auctions > 0, budget >= 0, market.maximumPrice > 0, market.logPriceDeviation >= 0,
            market.clickRateShape > 0, market.meanClickRate > 0, market.meanClickRate < 1,
            abs(market.logPrice - 0.5 * telos_log64(Double(market.maximumPrice)))
                <= 0.5 * telos_log64(Double(market.maximumPrice)) + 0.1
        else {
            throw AuctionError(
                "auctions need a positive number, a budget of 0 or more, a mean click rate between 0 and 1 with a positive "
                    + "shape, and a logarithm of prices between 0 and log(\(market.maximumPrice)); not \(auctions), "
                    + "\(budget) and \(market)")
        }
        self.market = market
        self.auctions = auctions
        self.budget = budget
        specification = EnvironmentSpecification(
            name: "SecondPriceAuctions", summary: "Win the impressions that are worth it with one budget.",
            observation: .box(0...1, count: 3), action: .discrete(market.maximumPrice + 1),
            signals: [
                Signal("won", 0...1, "1 where the last bid won."),
                Signal("clickRate", 0...1, "Probability of a click on the impression that was won; else 0."),
                Signal("cost", 0...Double(market.maximumPrice), "What the last auction cost."),
            ],
            stateNames: ["auctionsLeft", "budgetLeft", "clickRate", "wonClickRate", "cost"],
            reference: "Cai, Ren, Zhang, Malialis, Wang, Yu and Guo, 2017")
    }

    public func reset(using random: inout RandomStream) -> State {
        State(left: auctions, budget: budget, clickRate: market.clickRate(using: &random))
    }

    public func step(_ state: inout State, action: Action, using random: inout RandomStream) -> Bool {
        let price = market.price(using: &random)
        let wins = min(action.index, state.budget) >= price
        state.wonClickRate = wins ? state.clickRate : 0
        state.cost = wins ? price : 0
        state.budget -= state.cost
        state.left -= 1
        state.clickRate = market.clickRate(using: &random)
        return state.left == 0
    }

    /// Auctions left and budget left as shares, and the click rate.
    public func observe(_ state: State, into observation: UnsafeMutableBufferPointer<Float>) {
        observation[0] = Float(Double(state.left) / Double(auctions))
        observation[1] = Float(Double(state.budget) / Double(max(budget, 1)))
        observation[2] = Float(state.clickRate)
    }

    public func readSignals(_ state: State, into signals: SignalWriter) {
        signals[0] = state.cost > 0 ? 1 : 0
        signals[1] = state.wonClickRate
        signals[2] = Double(state.cost)
    }

    /// What is left of the budget, in ten squares.
    public func draw(_ state: State) -> Drawing {
        let share = 10 * Double(state.budget) / Double(max(budget, 1))
        return sanityDrawing(squares: 10, marked: 0) { Double($0) < share ? "#69db7c" : "#dee2e6" }
    }
}

/// What is wrong with the numbers of an auction: a message that says what to write instead.
public struct AuctionError: Error, CustomStringConvertible, Equatable {
    public var description: String
    public init(_ description: String) { self.description = description }
}

extension Environments {
    static let auctions: [EnvironmentEntry] = [SecondPriceAuctions.entry]
}

extension SecondPriceAuctions {
    static let entry = EnvironmentEntry(
        name: "SecondPriceAuctions", family: "auctions",
        summary: "Win the impressions that are worth it in second-price auctions, with one budget.",
        options: [
            EnvironmentOption("auctions", .integer(1...100_000), .integer(1000), "Auctions an episode."),
            EnvironmentOption(
                "budget", .integer(0...10_000_000), .integer(1500), "For all of them. Lower: one must choose more."),
            EnvironmentOption(
                "clickRateShape", .real(0.1...1000), .real(8),
                "Shape of the click rates. Lower: a few impressions are worth much more than the others."),
        ],
        horizon: nil, reward: "clickRate"
    ) { options in
        try SecondPriceAuctions(
            market: Market(clickRateShape: options.real("clickRateShape")), auctions: options.integer("auctions"),
            budget: options.integer("budget"))
    }
}
