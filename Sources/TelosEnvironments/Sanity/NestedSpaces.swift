import TelosTensor

/// Space flattening: copy each part of a nested observation to the like part of a nested action.
///
/// The observation is a dictionary of `button` (3 choices), `dials` (2 and 4 choices), `level` (a number in -1 ... 1)
/// and `switches` (2 bits); the action a tuple of the same parts in another order: level, switches, button, dials. One
/// step an episode; `matched` is the mean over the six entries of 1 where they agree (for the level 1 - |difference|,
/// at least 0).
///
/// Solved: a mean return of 0.9 (random actions earn 0.42). Exposes: parts that are lost, cut at the wrong place or
/// taken in another order than the space's.
///
/// After PufferLib's `spaces`.
public struct NestedSpaces: Environment {
    public struct State: EnvironmentState, Hashable {
        /// button, dial 0, dial 1, level, switch 0, switch 1.
        public var shown: [Double]
        /// Of the last action; 0 before it.
        public var matched: Double

        public init(shown: [Double], matched: Double = 0) {
            self.shown = shown
            self.matched = matched
        }

        public init?(values: [Double]) {
            guard values.count == 7 else { return nil }
            self.init(shown: Array(values[..<6]), matched: values[6])
        }

        public var values: [Double] { shown + [matched] }
    }

    public init() {}

    public var specification: EnvironmentSpecification {
        EnvironmentSpecification(
            name: "NestedSpaces", summary: "Copy every part of a nested observation.",
            observation: .dictionary([
                "button": .discrete(3), "dials": .multiDiscrete([2, 4]), "level": .box(-1...1, count: 1),
                "switches": .binary(2),
            ]),
            action: .tuple([.box(-1...1, count: 1), .binary(2), .discrete(3), .multiDiscrete([2, 4])]),
            signals: [Signal("matched", 0...1, "Share of the last action's entries that agree with what was shown.")],
            stateNames: ["button", "dial0", "dial1", "level", "switch0", "switch1", "matched"],
            reference: "PufferLib's spaces")
    }

    public func reset(using random: inout RandomStream) -> State {
        var shown = [3, 2, 4].map { Double(random.index(below: $0)) }
        // As single precision shows it, so that what is observed is what is compared.
        shown.append(Double(Float(random.uniform(-1, 1))))
        for _ in 0..<2 { shown.append(Double(random.index(below: 2))) }
        return State(shown: shown)
    }

    public func step(_ state: inout State, action: Action, using random: inout RandomStream) -> Bool {
        // Position in the action of each shown entry but the level.
        let matches = zip([0, 1, 2, 4, 5], [3, 4, 5, 1, 2]).filter { state.shown[$0] == action[$1] }.count
        state.matched = (Double(matches) + max(0, 1 - abs(state.shown[3] - action[0]))) / 6
        return true
    }

    public func observe(_ state: State, into observation: UnsafeMutableBufferPointer<Float>) {
        for (index, value) in state.shown.enumerated() { observation[index] = Float(value) }
    }

    public func readSignals(_ state: State, into signals: SignalWriter) { signals[0] = state.matched }

    public func draw(_ state: State) -> Drawing { sanityDrawing(squares: 3, marked: Int(state.shown[0])) }
}

extension NestedSpaces {
    static let entry = EnvironmentEntry(
        name: "NestedSpaces", family: Environments.sanityFamily,
        summary: "Space flattening: copy dictionary to tuple, part by part; solved at 0.9.", horizon: nil,
        reward: "matched", build: { _ in NestedSpaces() })
}
