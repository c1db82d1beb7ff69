import CTelosKernels
import TelosEnvironments
import TelosEvaluation
import TelosTensor

/// Users who watch short videos for a while, and seldom say that they like or share one: a world of one dense response
/// and two sparse ones that pull the other way.
///
/// In state s, item a is watched for max(0, 5 + 2 z + noise N(0,1)), z ~ N(0,1) a pair; liked with probability
/// clip(likeRate exp(0.8 y - 0.32), 0, 0.3), shared with clip(shareRate exp(0.8 y' - 0.32), 0, 0.1), where y = -c z +
/// sqrt(1 - c^2) N(0,1) with c the conflict, and y' another such draw. The next state is drawn from a row of a
/// Dirichlet distribution of concentration 0.5; a session ends with probability 0.05.
struct ShortVideoSessions: Sendable {
    static let states = 6
    static let items = 8
    static let survival = 0.95
    /// Of what is earned later, 0.95, times the chance that there is a later: users leave whatever they are shown, and
    /// learners know it.
    static let discount = 0.95 * survival

    let mdp: TabularMDP
    /// Mean watch time, and probabilities of a like and a share, at `s * items + a`.
    let responses: [[Double]]
    /// Who writes the logs: softmax(0.5 N(0,1) + 0.15 z).
    let behavior: [Double]
    private let appeal: [Double]

    init(conflict: Double, watchNoise: Double, likeRate: Double, using random: inout RandomStream) throws {
        let (states, items) = (Self.states, Self.items)
        let pairs = states * items
        let appeal = (0..<pairs).map { _ in random.normal() }
        self.appeal = appeal
        let rest = (1 - conflict * conflict).squareRoot()
        func rates(_ rate: Double, _ most: Double) -> [Double] {
            appeal.map { z in
                let y = -conflict * z + rest * random.normal()
                return min(rate * telos_exp64(0.8 * y - 0.32), most)
            }
        }
        // E max(0, X) of a normal X, which is what expected improvement over 0 is.
        let watch = appeal.map { expectedImprovement(mean: 5 + 2 * $0, variance: watchNoise * watchNoise, over: 0) }
        responses = [watch, rates(likeRate, 0.3), rates(likeRate / 3, 0.1)]
        let logits = appeal.map { 0.5 * random.normal() + 0.15 * $0 }
        behavior = TabularPolicy.softmax(logits, actionCount: items)
        mdp = try TabularMDP.dirichlet(states: states, actions: items, concentration: 0.5, using: &random)
    }

    /// What a policy earns of each response in a session, discounted.
    func returns(of policy: [Double]) throws -> [Double] {
        try mdp.expectedReturns(policy: policy, rewards: responses, discount: Self.discount)
    }

    /// Sessions of the behaviour, `rows` steps in all.
    func log(rows: Int, watchNoise: Double, using random: inout RandomStream) -> EmpiricalMDP {
        var log = EmpiricalMDP(stateCount: mdp.stateCount, actionCount: mdp.actionCount, rewardCount: 3)
        var state = random.index(weights: mdp.start)
        for _ in 0..<rows {
            let first = state * mdp.actionCount
            let action = random.index(weights: behavior[first..<(first + mdp.actionCount)])
            let watched = max(0, 5 + 2 * appeal[first + action] + watchNoise * random.normal())
            let (liked, shared) = (random.uniform(), random.uniform())
            let next = mdp.successor(of: state, action: action, using: &random)
            log.append(
                state: state, action: action, next: next,
                rewards: [
                    watched, liked < responses[1][first + action] ? 1 : 0,
                    shared < responses[2][first + action] ? 1 : 0,
                ])
            state = random.uniform() < Self.survival ? next : random.index(weights: mdp.start)
        }
        return log
    }
}
