import TelosTensor

/// A time limit is no end: work earns 1 a step for ever, leaving earns 5 once and ends the episode.
///
/// Episodes are cut off after 5 steps. With a discount of 0.9 work is worth 1 / (1 - 0.9) = 10 and so better than to
/// leave, but whoever takes the time limit for an end sees a worth of 1 + 0.9 * 4/5 * 5 = 4.6 at most and leaves.
///
/// Solved: a return of 100 over 100 steps (leaving at once earns 5), trained with the time limit of 5. Exposes:
/// truncation taken for termination, a bootstrap from the next episode's first state.
///
/// Pardo, Tavakoli, Levdik and Kormushev, *Time limits in reinforcement learning*, 2018.
public struct EndlessWage: FiniteEnvironment {
    public init() {}

    public var specification: EnvironmentSpecification {
        EnvironmentSpecification(
            name: "EndlessWage", summary: "Work for ever, or leave with a bonus.", observation: .discrete(3),
            action: .discrete(2), actionNames: ["work", "leave"],
            signals: [
                Signal("worked", 0...1, "1 after a step of work."), Signal("left", 0...1, "1 after leaving."),
            ],
            stateNames: ["place"], reference: "Pardo, Tavakoli, Levdik and Kormushev, 2018")
    }

    /// 0 the beginning, 1 after work, 2 outside.
    public var states: [Int] { [0, 1, 2] }
    public func index(of state: Int) -> Int? { (0..<3).contains(state) ? state : nil }
    public func isTerminal(_ state: Int) -> Bool { state == 2 }
    public var startDistribution: [(probability: Double, state: Int)] { [(1, 0)] }
    public func outcomes(of state: Int, action: Int) -> [(probability: Double, next: Int)] { [(1, action + 1)] }

    public func observe(_ state: Int, into observation: UnsafeMutableBufferPointer<Float>) {
        observation[0] = Float(state)
    }

    public func readSignals(_ state: Int, into signals: SignalWriter) {
        signals[0] = state == 1 ? 1 : 0
        signals[1] = state == 2 ? 1 : 0
    }

    public func draw(_ state: Int) -> Drawing {
        sanityDrawing(squares: 3, marked: state) { $0 == 2 ? "#69db7c" : "#f1f3f5" }
    }
}

extension EndlessWage {
    static let entry = EnvironmentEntry(
        name: "EndlessWage", family: Environments.sanityFamily,
        summary:
            "A time limit is no end: work on or leave; trained with a discount of 0.9, solved at 100 in 100 steps.",
        horizon: 5, reward: "worked + 5 * left", build: { _ in EndlessWage() })
}
