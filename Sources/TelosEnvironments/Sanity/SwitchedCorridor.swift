import TelosTensor

/// A stochastic policy is needed: three squares that look alike, and in the second left and right change places.
///
/// Starts in square 0; square 3 ends the episode; left in square 0 goes nowhere. The usual reward is -1 a step. Every
/// deterministic policy is stuck until the time limit; going right with probability 0.59 earns -11.6, the best there is,
/// and e-greedy policies earn -44 (always right) or -82 (always left) at e = 0.1.
///
/// Solved: a mean return of -14, acting as in training. Exposes: a policy made deterministic while it learns, sampling
/// that does not follow the policy's probabilities, exploration that collapses.
///
/// Sutton and Barto, *Reinforcement learning: an introduction*, second edition, 2018, example 13.1.
public struct SwitchedCorridor: Environment {
    public init() {}

    public var specification: EnvironmentSpecification {
        EnvironmentSpecification(
            name: "SwitchedCorridor", summary: "Leave a corridor whose squares look alike.",
            observation: .discrete(1), action: .discrete(2), actionNames: ["left", "right"],
            signals: [Signal("square", 0...3, "Where the walker is; 3 is outside.")],
            stateNames: ["square"], reference: "Sutton and Barto, 2018, example 13.1")
    }

    public func reset(using random: inout RandomStream) -> Int { 0 }

    public func step(_ state: inout Int, action: Action, using random: inout RandomStream) -> Bool {
        let right = (action.index == 1) != (state == 1)
        state = min(max(state + (right ? 1 : -1), 0), 3)
        return state == 3
    }

    public func observe(_ state: Int, into observation: UnsafeMutableBufferPointer<Float>) { observation[0] = 0 }

    public func readSignals(_ state: Int, into signals: SignalWriter) { signals[0] = Double(state) }

    public func draw(_ state: Int) -> Drawing {
        sanityDrawing(squares: 4, marked: state) { ["#f1f3f5", "#e5dbff", "#f1f3f5", "#69db7c"][$0] }
    }
}

extension SwitchedCorridor {
    static let entry = EnvironmentEntry(
        name: "SwitchedCorridor", family: Environments.sanityFamily,
        summary: "Stochastic policy needed: a corridor of squares that look alike; solved at -14.", horizon: 200,
        reward: "-1", build: { _ in SwitchedCorridor() })
}
