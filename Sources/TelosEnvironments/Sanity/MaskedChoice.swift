import TelosTensor

/// Action mask: two of eight choices are possible, others every step, and only the mask tells which.
///
/// The usual reward is 1 for the possible choice with the higher number. A choice that is not possible ends the episode.
/// The observation says nothing.
///
/// Solved: a mean return of 19 over the 20 steps of an episode; any possible choice at random earns 10. Exposes: a mask
/// that is ignored when acting, in the log-probabilities that are learned from, or at evaluation.
///
/// Huang and Ontañón, *A closer look at invalid action masking in policy gradient algorithms*, 2022.
public struct MaskedChoice: Environment {
    public struct State: EnvironmentState, Hashable {
        /// The possible choices, lower < higher.
        public var lower: Int
        public var higher: Int
        /// What became of the last step: 0 nothing, 1 right, 2 impossible.
        public var outcome: Int

        public init?(values: [Double]) {
            guard values.count == 3, let lower = Int(exactly: values[0]), let higher = Int(exactly: values[1]),
                let outcome = Int(exactly: values[2]), 0 <= lower, lower < higher, higher < MaskedChoice.choices,
                (0...2).contains(outcome)
            else { return nil }
            (self.lower, self.higher, self.outcome) = (lower, higher, outcome)
        }

        init(outcome: Int, using random: inout RandomStream) {
            let first = random.index(below: MaskedChoice.choices)
            let second = (first + 1 + random.index(below: MaskedChoice.choices - 1)) % MaskedChoice.choices
            (lower, higher) = (min(first, second), max(first, second))
            self.outcome = outcome
        }

        public var values: [Double] { [Double(lower), Double(higher), Double(outcome)] }
    }

    public static let choices = 8
    public let specification: EnvironmentSpecification

    public init() {
        let possible = (0..<MaskedChoice.choices).map {
            Signal("possible\($0)", 0...1, "1 where choice \($0) is possible.")
        }
        specification = EnvironmentSpecification(
            name: "MaskedChoice", summary: "Take the higher of the two choices that are possible.",
            observation: .discrete(1), action: .discrete(MaskedChoice.choices),
            signals: possible + [
                Signal("correct", 0...1, "1 after the higher of the possible choices."),
                Signal("impossible", 0...1, "1 after a choice that was not possible."),
            ],
            maskSignals: possible.map(\.name), stateNames: ["lower", "higher", "outcome"],
            reference: "Huang and Ontañón, 2022")
    }

    public func reset(using random: inout RandomStream) -> State { State(outcome: 0, using: &random) }

    public func step(_ state: inout State, action: Action, using random: inout RandomStream) -> Bool {
        let outcome = action.index == state.higher ? 1 : action.index == state.lower ? 0 : 2
        state = State(outcome: outcome, using: &random)
        return outcome == 2
    }

    public func observe(_ state: State, into observation: UnsafeMutableBufferPointer<Float>) { observation[0] = 0 }

    public func readSignals(_ state: State, into signals: SignalWriter) {
        for choice in 0..<MaskedChoice.choices {
            signals[choice] = choice == state.lower || choice == state.higher ? 1 : 0
        }
        signals[MaskedChoice.choices] = state.outcome == 1 ? 1 : 0
        signals[MaskedChoice.choices + 1] = state.outcome == 2 ? 1 : 0
    }

    public func draw(_ state: State) -> Drawing {
        sanityDrawing(squares: MaskedChoice.choices, marked: state.higher) {
            $0 == state.lower || $0 == state.higher ? "#69db7c" : "#495057"
        }
    }
}

extension MaskedChoice {
    static let entry = EnvironmentEntry(
        name: "MaskedChoice", family: Environments.sanityFamily,
        summary: "Action mask: the higher of two possible choices out of eight; solved at 19.", horizon: 20,
        reward: "correct", build: { _ in MaskedChoice() })
}
