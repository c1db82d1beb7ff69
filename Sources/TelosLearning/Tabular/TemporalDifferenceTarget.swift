/// What a one-step temporal-difference method takes the state it reached to be worth.
///
/// All move q(s,a) towards r + discount * following(s') by
///
///     q(s,a) <- q(s,a) + learningRate (r + discount following(s') - q(s,a)),
///
/// with following(s') = 0 where s' is terminal; where time ran out, s' is worth what it is otherwise.
enum TemporalDifferenceTarget: Sendable {
    /// following(s') = max over b of q(s',b): learns the best behaviour, whatever it does meanwhile.
    ///
    /// Watkins and Dayan, *Q-learning*, 1992.
    case qLearning
    /// following(s') = q(s',b), b being the action it will do in s': learns the behaviour it has, exploration included.
    ///
    /// Rummery and Niranjan, *On-line Q-learning using connectionist systems*, 1994.
    case sarsa
    /// following(s') = sum over b of pi(b|s') q(s',b): SARSA's mean over b, without the noise of drawing one.
    ///
    /// Van Seijen, Van Hasselt, Whiteson and Wiering, *A theoretical and empirical analysis of expected Sarsa*, 2009.
    case expectedSarsa

    /// - Parameters:
    ///   - row: where q(s',.) is in `q`.
    ///   - epsilon: the share of random actions in pi.
    ///   - draw: draws b from pi; called by SARSA alone.
    func following(_ q: [Double], _ row: Range<Int>, epsilon: Double, drawing draw: () -> Int) -> Double {
        switch self {
        case .qLearning: ActionValues.maximum(q, row)
        case .sarsa: q[row.lowerBound + draw()]
        case .expectedSarsa: ActionValues.epsilonGreedyMean(q, row, epsilon: epsilon)
        }
    }
}
