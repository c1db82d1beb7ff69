/// What auctions to come are worth: V(t,b), expected clicks with t auctions and budget b left, before an impression is seen.
///
/// With F the distribution of prices m and W_a = sum over d <= a of m(d) (V(t-1, b-d) - V(t-1, b)),
///
///     V(t,b) = V(t-1,b) + E over click rates theta of max over a <= b of (theta F(a) + W_a)
///
/// whose largest a is the largest with theta + V(t-1, b-a) - V(t-1, b) >= 0. The mean click rate alone in place of the
/// expectation is RLB's table; click rates that stand for their distribution give the exact optimum.
struct BidValues: Sendable {
    let auctions: Int
    let budget: Int
    let maximumPrice: Int
    /// V(t,b) at `t * (budget + 1) + b`, t = 0 ... auctions.
    private var values: [Double]
    /// Allows for rounding where V is flat.
    private static let slack = 1e-15

    /// - Parameters:
    ///   - prices: m(d) for d = 0 ... maximum.
    ///   - clickRates: equally likely, ascending.
    init(auctions: Int, budget: Int, prices: [Double], clickRates: [Double]) {
        self.auctions = auctions
        self.budget = budget
        maximumPrice = prices.count - 1
        let width = budget + 1
        var values = [Double](repeating: 0, count: (auctions + 1) * width)
        let share = 1 / Double(clickRates.count)
        for t in 1...max(1, auctions) {
            let before = (t - 1) * width
            for b in 0...budget {
                let here = values[before + b]
                var bid = -1
                var (won, change, gain) = (0.0, 0.0, 0.0)
                for rate in clickRates {
                    while bid < min(b, maximumPrice),
                        rate + values[before + b - bid - 1] - here >= -Self.slack
                    {
                        bid += 1
                        won += prices[bid]
                        change += prices[bid] * (values[before + b - bid] - here)
                    }
                    gain += rate * won + change
                }
                values[t * width + b] = here + share * gain
            }
        }
        self.values = values
    }

    /// V(t,b)
    func value(_ t: Int, _ b: Int) -> Double { values[t * (budget + 1) + b] }

    /// The best bid for an impression of that click rate with t auctions left, counting this one.
    func bid(_ clickRate: Double, left t: Int, budget b: Int) -> Int {
        var bid = 0
        while bid < min(b, maximumPrice),
            clickRate + value(t - 1, b - bid - 1) - value(t - 1, b) >= -Self.slack
        {
            bid += 1
        }
        return bid
    }
}
