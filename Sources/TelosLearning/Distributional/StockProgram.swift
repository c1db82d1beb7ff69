import TelosEnvironments

/// Evenly spaced stocks, what has been earned so far in present units.
public struct StockGrid: Sendable, Hashable {
    public let values: [Double]

    /// From `low` to at least `high`, `spacing` apart; one value where they are equal.
    /// - Throws: `TabularError` where high is below low or the spacing is not positive.
    public init(from low: Double, to high: Double, spacing: Double = 1) throws {
        guard low <= high, spacing > 0, low.isFinite, high.isFinite else {
            throw TabularError("a grid of stocks from \(low) to \(high) by \(spacing) has no values")
        }
        values = (0...Int(((high - low) / spacing - 1e-9).rounded(.up))).map { low + Double($0) * spacing }
    }

    /// One stock, 0: the state says it all.
    public static let none = StockGrid(values: [0])

    private init(values: [Double]) { self.values = values }

    /// The grid's cell that holds `stock`, and how far up in it; at the ends for stocks beyond.
    func position(of stock: Double) -> (index: Int, fraction: Double) {
        guard values.count > 1, stock > values[0] else { return (0, 0) }
        let position = (stock - values[0]) / (values[1] - values[0])
        guard position < Double(values.count - 1) else { return (values.count - 1, 0) }
        let index = Int(position)
        let fraction = position - Double(index)
        if fraction < 1e-9 { return (index, 0) }
        return fraction > 1 - 1e-9 ? (index + 1, 0) : (index, fraction)
    }

    func nearest(_ stock: Double) -> Int {
        let (index, fraction) = position(of: stock)
        return fraction > 0.5 ? index + 1 : index
    }
}

/// Distributional dynamic programming on states with a stock c of past reward: maximises F[law of (c_0 + return)] over
/// a number of steps.
///
///     c' = (c + R) / discount
///     a*(s, c) = argmax_a F[law(c + G)],  G ~ eta_{t+1}(s, c, a)
///     eta_t(s, c, a) = law of R + discount G',  G' ~ eta_{t+1}(s', c', a*(s', c'))
///
/// Sound for F that prefer the same of two laws when both are mixed with a third and when both are scaled by the
/// discount: expectations E[u(c + G)] of u that are homogeneous (x, min(x, 0), -|x|, -x^2), or of any u where the
/// discount is 1. With u = min(x, 0) and the right c_0 this is the best conditional value at risk
/// (`bestConditionalValueAtRisk`), with u = -|x| and c_0 = -x* the return nearest to x*. On a single stock, F chooses
/// by the return to go alone, which is dynamic programming for the mean and otherwise inconsistent in time.
///
/// Stocks between two of the grid are met as a mixture of both, those beyond it at its ends; with whole rewards,
/// discount 1 and a wide enough grid of whole stocks nothing is lost. (Pires and others, *Optimizing return
/// distributions with distributional dynamic programming*, 2025.)
public struct StockProgram: Sendable {
    public let mdp: TabularMDP
    public let stocks: StockGrid
    public let horizon: Int
    public let discount: Double
    private let reward: [Double]
    private let objective: @Sendable (FiniteDistribution) -> Double
    /// At step t, in state s, with stock k: `actions[t][s * stocks + k]`.
    private var actions: [[Int]]
    /// The law of the return to go at the first step.
    private var laws: [FiniteDistribution]

    /// - Parameters:
    ///   - reward: R(s,a,s') or r(s,a).
    ///   - discount: above 0 and at most 1.
    ///   - objective: F; ties go to the lowest action.
    /// - Throws: `TabularError` for arguments out of these ranges.
    public init(
        _ mdp: TabularMDP, reward: [Double], discount: Double = 1, horizon: Int, stocks: StockGrid,
        projection: ReturnProjection = .exact, objective: @escaping @Sendable (FiniteDistribution) -> Double
    ) throws {
        guard discount > 0, discount <= 1, horizon > 0 else {
            throw TabularError(
                "a program with stocks needs a discount above 0 and at most 1, not \(discount), and a horizon of at "
                    + "least 1, not \(horizon)")
        }
        self.mdp = mdp
        self.stocks = stocks
        self.horizon = horizon
        self.discount = discount
        self.reward = reward
        self.objective = objective
        let earned = try mdp.steppedReward(reward)
        let count = stocks.values.count
        let nothing = FiniteDistribution(certain: 0)
        actions = Array(repeating: Array(repeating: 0, count: mdp.stateCount * count), count: horizon)
        laws = Array(repeating: nothing, count: mdp.stateCount * count)
        for step in stride(from: horizon - 1, through: 0, by: -1) {
            var current = laws
            for state in 0..<mdp.stateCount where !mdp.terminal[state] {
                for (position, stock) in stocks.values.enumerated() {
                    var best = -Double.infinity
                    for action in 0..<mdp.actionCount {
                        var parts: [FiniteDistribution.Part] = []
                        mdp.forEachSuccessor(of: state, action: action) { next, probability in
                            let gain = earned(state, action, next)
                            let (lower, fraction) = stocks.position(of: (stock + gain) / discount)
                            let entry = next * count + lower
                            parts.append(
                                .init(probability * (1 - fraction), laws[entry], scale: discount, shift: gain))
                            if fraction > 0 {
                                parts.append(
                                    .init(probability * fraction, laws[entry + 1], scale: discount, shift: gain))
                            }
                        }
                        let law = projection(FiniteDistribution(mixing: parts))
                        let value = objective(law.moved(by: stock))
                        if value > best + 1e-12 * max(1, abs(best.isFinite ? best : 0)) {
                            best = value
                            current[state * count + position] = law
                            actions[step][state * count + position] = action
                        }
                    }
                }
            }
            laws = current
        }
    }

    /// The action at a step (from 0), in a state, with a stock: that of the nearest stock of the grid.
    public func action(step: Int, state: Int, stock: Double) -> Int {
        actions[step][state * stocks.values.count + stocks.nearest(stock)]
    }

    /// The law of the return from the start with the first stock `stocks.values[index]`, as the program predicts it.
    public func predicted(stock index: Int) -> FiniteDistribution {
        FiniteDistribution(
            mixing: mdp.start.indices.map { .init(mdp.start[$0], laws[$0 * stocks.values.count + index]) })
    }

    /// F[law(c_0 + return)], as predicted, for each first stock of the grid.
    public func values() -> [Double] {
        stocks.values.indices.map { objective(predicted(stock: $0).moved(by: stocks.values[$0])) }
    }

    /// The law of the return of its policy, by running it from the start with a first stock.
    public func attained(stock: Double) throws -> FiniteDistribution {
        var scales = [1.0]
        for _ in 0..<horizon { scales.append(scales[scales.count - 1] * discount) }
        return try mdp.returnDistribution(reward: reward, discount: discount, horizon: horizon) { step, state, earned in
            action(step: step, state: state, stock: (stock + earned) / scales[step])
        }
    }

    /// For a program whose objective is E[min(c + G, 0)]: the first stock with the best conditional value at risk and
    /// that value, max over c of E[min(c + G, 0)] / share - c. (Rockafellar and Uryasev, 2000; Bäuerle and Ott, *Markov
    /// decision processes with average-value-at-risk criteria*, 2011.)
    public func bestConditionalValueAtRisk(_ share: Double) -> (stock: Double, value: Double) {
        var best = (stock: Double.nan, value: -Double.infinity)
        for (stock, value) in zip(stocks.values, values()) where value / share - stock > best.value + 1e-12 {
            best = (stock, value / share - stock)
        }
        return best
    }
}
