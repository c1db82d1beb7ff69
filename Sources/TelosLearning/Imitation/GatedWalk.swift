import TelosEnvironments
import TelosFeedback
import TelosTensor

/// Episodes in a finite MDP in which an expert takes over for some steps whenever an oracle says so: what learning from
/// interventions is fed by.
///
/// A takeover begins with the state after the action that caused it. Episodes end in terminal states and after `horizon`
/// steps.
public struct GatedWalk: Sendable {
    /// One step of it.
    public struct Step: Sendable, Hashable {
        public var state: Int
        public var action: Int
        public var next: Int
        /// Whether the expert chose the action.
        public var isByExpert: Bool
        /// Whether the action, the learner's, made the expert take over.
        public var causesTakeover: Bool
    }

    public let mdp: TabularMDP
    /// The expert's action in each state.
    public let expert: [Int]
    public let oracle: any InterventionOracle
    /// Steps of a takeover.
    public let takeoverLength: Int
    public let horizon: Int
    public private(set) var state: Int
    private var stepsLeft: Int
    private var expertStepsLeft = 0

    public init(
        _ mdp: TabularMDP, expert: [Int], oracle: any InterventionOracle, takeoverLength: Int, horizon: Int,
        using random: inout RandomStream
    ) throws {
        guard expert.count == mdp.stateCount, expert.allSatisfy({ (0..<mdp.actionCount).contains($0) }) else {
            throw TabularError("the expert has \(expert.count) actions; write one below \(mdp.actionCount) a state")
        }
        guard takeoverLength > 0, horizon > 0 else {
            throw TabularError("a takeover of \(takeoverLength) steps, a horizon of \(horizon); write 1 or more")
        }
        self.mdp = mdp
        self.expert = expert
        self.oracle = oracle
        self.takeoverLength = takeoverLength
        self.horizon = horizon
        state = random.index(weights: mdp.start)
        stepsLeft = horizon
    }

    /// Goes on by one step: the expert's action during a takeover, else `choose` of the state.
    public mutating func step(
        using random: inout RandomStream, choose: (Int, inout RandomStream) -> Int
    ) -> Step {
        let isByExpert = expertStepsLeft > 0
        let action = isByExpert ? expert[state] : choose(state, &random)
        let next = mdp.successor(of: state, action: action, using: &random)
        var step = Step(state: state, action: action, next: next, isByExpert: isByExpert, causesTakeover: false)
        if isByExpert {
            expertStepsLeft -= 1
        } else if random.uniform() < oracle.takeoverProbability(state: state, action: action) {
            step.causesTakeover = true
            expertStepsLeft = takeoverLength
        }
        stepsLeft -= 1
        state = next
        if mdp.terminal[next] || stepsLeft == 0 {
            state = random.index(weights: mdp.start)
            (stepsLeft, expertStepsLeft) = (horizon, 0)
        }
        return step
    }
}
