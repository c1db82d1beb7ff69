import TelosEnvironments
import TelosFeedback
import TelosTensor

/// Reinforcement learning from interventions (RLIF) in a finite MDP: an action that makes an expert take over is paid -1,
/// every other of its own 0, and Q-learning from a replay learns not to be interrupted. The task's reward
/// is never seen.
///
/// Q(s,a) <- Q(s,a) + stepSize (r + discount max over b of Q(s',b) - Q(s,a)), no bootstrap after terminal states, from
/// Q = 0, which is optimistic. Whatever ends an episode for good looks like an escape from future interruptions: let
/// failures go on, or be interrupted.
///
/// (Luo, Dong, Zhai, Ma and Levine, *RLIF: interactive imitation learning as reinforcement learning*, 2024.)
public struct InterventionLearning: Sendable {
    public struct Options: Sendable, Hashable {
        /// Of the walk, the expert's included.
        public var steps = 8000
        /// Share of the learner's actions that are random.
        public var exploration = 0.1
        /// How far interruptions are felt ahead; raising it makes the learner avoid what leads to them.
        public var discount = 0.9
        public var stepSize = 0.1
        /// Replayed transitions a step; more use each better.
        public var updates = 6
        /// Whether the expert's own steps join the replay, paid 0. They make what a poor expert does wrong look harmless.
        public var learnsFromExpert = false

        public init() {}
    }

    private struct Transition: Sendable {
        var state: Int
        var action: Int
        var next: Int
        var reward: Double
    }

    public let options: Options
    /// At `s * actionCount + a`.
    public private(set) var q: [Double]
    private var replay: [Transition] = []
    /// The share of the learner's own steps that were interrupted.
    public private(set) var interruptedShare = 0.0

    /// - Parameter demonstrations: join the replay, paid 0.
    public init(_ mdp: TabularMDP, demonstrations: [TabularSegment] = [], options: Options = Options()) {
        self.options = options
        q = Array(repeating: 0, count: mdp.stateCount * mdp.actionCount)
        for demonstration in demonstrations {
            mdp.forEachStep(of: demonstration) { state, action, next in
                replay.append(Transition(state: state, action: action, next: next, reward: 0))
            }
        }
    }

    /// Walks and learns.
    public mutating func learn(_ walk: inout GatedWalk, using random: inout RandomStream) {
        let actions = walk.mdp.actionCount
        var (own, interrupted) = (0, 0)
        for _ in 0..<options.steps {
            let (q, exploration) = (q, options.exploration)
            let step = walk.step(using: &random) { state, random in
                if random.uniform() < exploration { return random.index(below: actions) }
                let row = q[(state * actions)..<((state + 1) * actions)]
                let best = row.max()!
                let ties = row.indices.filter { row[$0] == best }
                return ties[random.index(below: ties.count)] - state * actions
            }
            if !step.isByExpert { own += 1 }
            if step.causesTakeover { interrupted += 1 }
            if !step.isByExpert || options.learnsFromExpert {
                replay.append(
                    Transition(
                        state: step.state, action: step.action, next: step.next,
                        reward: step.causesTakeover ? -1 : 0))
            }
            for _ in 0..<(replay.isEmpty ? 0 : options.updates) {
                let sample = replay[random.index(below: replay.count)]
                let following =
                    walk.mdp.terminal[sample.next]
                    ? 0 : self.q[(sample.next * actions)..<((sample.next + 1) * actions)].max()!
                let index = sample.state * actions + sample.action
                self.q[index] += options.stepSize * (sample.reward + options.discount * following - self.q[index])
            }
        }
        interruptedShare = own > 0 ? Double(interrupted) / Double(own) : 0
    }
}
