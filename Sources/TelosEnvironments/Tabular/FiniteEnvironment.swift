import TelosTensor

/// An environment whose states can be listed and whose transition probabilities are known.
///
/// Declaring `states`, `isTerminal`, `outcomes` and `startDistribution` is enough: `reset` and `step` sample from them.
/// A type that steps often may still write its own, with the same distribution.
public protocol FiniteEnvironment: Environment where State: Hashable {
    /// Every state, in a fixed order, each once.
    var states: [State] { get }
    /// The position of `state` in `states`; nil when it is not a state of this environment.
    func index(of state: State) -> Int?
    func isTerminal(_ state: State) -> Bool
    /// What `action` can lead to; probabilities sum to 1. A state may occur more than once. Not asked of terminal
    /// states.
    func outcomes(of state: State, action: Int) -> [(probability: Double, next: State)]
    /// Where an episode begins; probabilities sum to 1.
    var startDistribution: [(probability: Double, state: State)] { get }
}

extension FiniteEnvironment {
    public func index(of state: State) -> Int? { states.firstIndex(of: state) }

    public func reset(using random: inout RandomStream) -> State {
        let choices = startDistribution
        return choices[random.index(weights: choices.map(\.probability))].state
    }

    public func step(_ state: inout State, action: Action, using random: inout RandomStream) -> Bool {
        if isTerminal(state) { return true }
        let choices = outcomes(of: state, action: action.index)
        state = choices[random.index(weights: choices.map(\.probability))].next
        return isTerminal(state)
    }
}

/// The exact model of a finite environment as arrays.
public struct FiniteModel: Sendable {
    public var mdp: TabularMDP
    /// Signal k of state s at `s * signalCount + k`, in the order of the specification.
    public var signals: [Double]
    /// The flat observation of state s at `s * observationWidth`.
    public var observations: [Float]
    public var specification: EnvironmentSpecification

    public var signalCount: Int { specification.signals.count }
    public var observationWidth: Int { specification.observation.width }

    /// Lists every state of `environment`, its signals and observations, and every transition's probability.
    /// - Throws: `TabularError` when the action is not one discrete choice, when an outcome or a start is not among the
    ///   states, or when probabilities do not sum to 1.
    public init(_ environment: some FiniteEnvironment) throws {
        specification = environment.specification
        guard case .discrete(let actionCount) = specification.action else {
            throw TabularError("\(specification.name) has no tabular model: its action is not one discrete choice")
        }
        let states = environment.states
        let stateCount = states.count
        var indices: [AnyHashable: Int] = [:]
        for (index, state) in states.enumerated() {
            guard indices.updateValue(index, forKey: AnyHashable(state)) == nil else {
                throw TabularError("\(specification.name) lists the state \(state.values) twice")
            }
        }
        let terminal = states.map { environment.isTerminal($0) }
        var transitions = [Double](repeating: 0, count: stateCount * actionCount * stateCount)
        for (index, state) in states.enumerated() {
            for action in 0..<actionCount {
                let row = (index * actionCount + action) * stateCount
                if terminal[index] {
                    transitions[row + index] = 1
                    continue
                }
                for (probability, next) in environment.outcomes(of: state, action: action) {
                    guard let position = indices[AnyHashable(next)] else {
                        throw TabularError(
                            "\(specification.name): state \(state.values), action \(action) leads to \(next.values), "
                                + "which is not among its states")
                    }
                    transitions[row + position] += probability
                }
            }
        }
        var start = [Double](repeating: 0, count: stateCount)
        for (probability, state) in environment.startDistribution {
            guard let position = indices[AnyHashable(state)] else {
                throw TabularError("\(specification.name) may start in \(state.values), which is not among its states")
            }
            start[position] += probability
        }
        mdp = try TabularMDP(
            stateCount: stateCount, actionCount: actionCount, transitions: transitions, terminal: terminal,
            start: start)

        let signalCount = specification.signals.count
        let width = specification.observation.width
        let signalRows = Buffer<Double>(count: stateCount * signalCount, repeating: 0)
        let observationRows = Buffer<Float>(count: stateCount * width, repeating: 0)
        for (index, state) in states.enumerated() {
            environment.readSignals(state, into: SignalWriter(signalRows.pointer + index * signalCount, stride: 1))
            environment.observe(state, into: observationRows.rows(from: index * width, count: width))
        }
        signals = signalRows.array
        observations = observationRows.array
    }

    /// The value of the named signal in every state; nil when there is no such signal.
    public func signal(_ name: String) -> [Double]? {
        guard let position = specification.signalIndex(name) else { return nil }
        return (0..<mdp.stateCount).map { signals[$0 * signalCount + position] }
    }
}
