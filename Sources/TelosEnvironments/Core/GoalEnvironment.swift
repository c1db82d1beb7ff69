import TelosTensor

/// An environment whose states hold a goal that might as well have been another.
///
/// Hindsight experience replay asks it what a state would have looked like under another goal; rewards are then
/// evaluated over the signals of that state, so that any reward over signals can be relabelled.
public protocol GoalEnvironment: Environment {
    /// The goal that `state` meets, whatever its own is.
    func achievedGoal(_ state: State) -> [Double]
    /// The same state with another goal.
    func pursuing(_ goal: [Double], in state: State) -> State
    /// Whether an episode ends in `state`.
    func isTerminal(_ state: State) -> Bool
}

/// States of a `GoalEnvironment` under other goals, with the environment's type erased. States are in their flat form.
public struct GoalRelabeling {
    /// The goal that a state meets.
    public let achievedGoal: (_ state: [Double]) -> [Double]
    /// Writes what a state looks like under `goal`; true where an episode would end there.
    public let describe:
        (
            _ state: [Double], _ goal: [Double], _ observation: UnsafeMutableBufferPointer<Float>,
            _ signals: SignalWriter
        ) -> Bool

    public init<Goals: GoalEnvironment>(_ environment: Goals) {
        func state(_ values: [Double]) -> Goals.State {
            guard let state = environment.state(values: values, memory: []) else {
                preconditionFailure("\(values) is not a state of \(environment.specification.name)")
            }
            return state
        }
        achievedGoal = { environment.achievedGoal(state($0)) }
        describe = { values, goal, observation, signals in
            let state = environment.pursuing(goal, in: state(values))
            environment.observe(state, into: observation)
            environment.readSignals(state, into: signals)
            return environment.isTerminal(state)
        }
    }
}
