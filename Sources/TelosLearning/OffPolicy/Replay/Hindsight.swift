import TelosEnvironments
import TelosRewards
import TelosTensor

/// Hindsight experience replay: each step of a finished episode is remembered again as if goals that were reached later
/// in it (`future` relabelling) had been pursued from the start.
///
/// The environment describes both states of the step under the new goal, and the task's own reward is evaluated over
/// them; a step into a state that meets the goal is terminal where such states are.
///
/// Andrychowicz and others, *Hindsight experience replay*, 2017.
struct Hindsight {
    /// An episode's states in their flat form, one more than actions.
    private struct Episode: Codable {
        var states: [[Double]]
        var actions: [[Float]] = []
    }

    /// Goals for each step.
    private let goals: Int
    private let discount: Double
    private let relabeling: GoalRelabeling
    private let rewards: TaskRewards
    private let specification: EnvironmentSpecification
    private var episodes: [Episode]
    // A step under another goal.
    private let observation: Buffer<Float>
    private let nextObservation: Buffer<Float>
    private let signals: Buffer<Double>
    private let nextSignals: Buffer<Double>
    private let mask: ActionMask?
    private let possible: Buffer<Float>
    private let nextPossible: Buffer<Float>
    private let end = Buffer<EpisodeEnd>(count: 1, repeating: .ongoing)

    init(_ task: TaskDefinition, _ environments: any BatchEnvironment, goals: Int, discount: Double) throws {
        specification = environments.specification
        guard let relabeling = environments.goalRelabeling else {
            throw ConfigurationError(
                option: "hindsightGoals",
                "\(specification.name) has no goals to put in place of its own; write 0, or choose PointMaze")
        }
        self.relabeling = relabeling
        self.goals = goals
        self.discount = discount
        rewards = try TaskRewards(task, specification: specification, count: 1, discount: discount)
        guard rewards.snapshot.allSatisfy(\.isEmpty) else {
            throw ConfigurationError(
                option: "hindsightGoals",
                "a reward with memory cannot be told what it would have paid on the way to another goal; write 0")
        }
        episodes = environments.snapshot.states.map { Episode(states: [$0]) }
        observation = Buffer(count: specification.observation.width, repeating: 0)
        nextObservation = Buffer(count: specification.observation.width, repeating: 0)
        signals = Buffer(count: specification.signals.count, repeating: 0)
        nextSignals = Buffer(count: specification.signals.count, repeating: 0)
        mask = ActionMask(specification)
        possible = Buffer(count: mask?.width ?? 0, repeating: 0)
        nextPossible = Buffer(count: mask?.width ?? 0, repeating: 0)
    }

    /// Takes in one step of every environment, and remembers in `replay` what finished episodes might have meant.
    mutating func append(
        _ environments: any BatchEnvironment, to replay: ReplayBuffer, using random: inout RandomStream
    ) {
        let transitions = environments.transitions
        let states = environments.snapshot.states
        let width = specification.action.width
        for index in episodes.indices {
            let isOver = transitions.ends[index] != .ongoing
            episodes[index].actions.append(Array(transitions.actions[(index * width)..<((index + 1) * width)]))
            episodes[index].states.append(isOver ? environments.finalState(of: index)! : states[index])
            guard isOver else { continue }
            relabel(episodes[index], to: replay, using: &random)
            episodes[index] = Episode(states: [states[index]])
        }
    }

    private func relabel(_ episode: Episode, to replay: ReplayBuffer, using random: inout RandomStream) {
        let length = episode.actions.count
        for step in 0..<length {
            for _ in 0..<goals {
                let reached = step + 1 + random.index(below: length - step)
                append(
                    episode.states[step], episode.actions[step], episode.states[step + 1],
                    goal: relabeling.achievedGoal(episode.states[reached]), to: replay)
            }
        }
    }

    private func append(
        _ state: [Double], _ action: [Float], _ next: [Double], goal: [Double], to replay: ReplayBuffer
    ) {
        // A state that meets the goal already is where no step is taken from.
        if relabeling.describe(state, goal, observation.all, SignalWriter(signals.pointer, stride: 1)) { return }
        let isTerminal = relabeling.describe(
            next, goal, nextObservation.all, SignalWriter(nextSignals.pointer, stride: 1))
        end[0] = isTerminal ? .terminated : .ongoing
        mask?.write(signals.readOnly, count: 1, into: possible.all)
        mask?.write(nextSignals.readOnly, count: 1, into: nextPossible.all)
        action.withUnsafeBufferPointer { action in
            let paid = rewards.evaluate(
                TransitionBatch(
                    count: 1, specification: specification, signalsBefore: signals.readOnly,
                    signalsAfter: nextSignals.readOnly, actions: action, observations: observation.readOnly,
                    nextObservations: nextObservation.readOnly, ends: end.readOnly))
            replay.append(
                observation: observation.pointer, action: action.baseAddress!,
                reward: Float(rewards.blended(paid.channels, 0)), bootstrap: isTerminal ? 0 : Float(discount),
                nextObservation: nextObservation.pointer, mask: possible.pointer, nextMask: nextPossible.pointer)
        }
    }

    // MARK: State

    func save(to checkpoint: inout Checkpoint) throws { try checkpoint.store(episodes, as: "hindsight") }

    mutating func load(from checkpoint: Checkpoint) throws { episodes = try checkpoint.load(from: "hindsight") }
}
