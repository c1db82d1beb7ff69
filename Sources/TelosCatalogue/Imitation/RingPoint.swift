import CTelosKernels
import TelosEnvironments
import TelosLearning
import TelosRewards
import TelosTensor

/// A point mass on a plane that ought to circle the unit ring.
///
///     v' = 0.95 v + 0.2 a,  p' = p + 0.1 v',  a in [-1, 1]^2
///     score = exp(-4 (r - 1)^2) clip(v . t / 0.8, -1, 1.2),  r = |p|,  t = (-p_y, p_x) / r,  after the step
///
/// from p = (1, 0) + 0.3 N, v = 0.1 N. The observation is (p, v). Episodes of 100 steps, none of which ends early.
struct RingPoint: Environment {
    struct State: EnvironmentState, Hashable {
        /// p, v, and the score of the last step.
        var values: [Double]
        init?(values: [Double]) {
            guard values.count == 5 else { return nil }
            self.values = values
        }
        fileprivate init(_ values: [Double]) { self.values = values }
    }

    let specification = EnvironmentSpecification(
        name: "RingPoint", summary: "Circle the unit ring.",
        observation: .box(
            low: Array(repeating: -.infinity, count: 4), high: Array(repeating: .infinity, count: 4), shape: [4]),
        action: .box(-1...1, count: 2), signals: [Signal("score", -1...1.2, "Of the last step.")],
        stateNames: ["x", "y", "velocityX", "velocityY", "score"], reference: "Drawn up for this claim")

    /// The task that nobody but the judge knows.
    static func task() throws -> TaskDefinition {
        try TaskDefinition(
            EnvironmentEntry(
                name: "RingPoint", family: "catalogue", summary: "Circle the unit ring.", horizon: 100, reward: "score",
                build: { _ in RingPoint() }))
    }

    func reset(using random: inout RandomStream) -> State {
        State([
            1 + 0.3 * random.normal(), 0.3 * random.normal(), 0.1 * random.normal(), 0.1 * random.normal(), 0,
        ])
    }

    func step(_ state: inout State, action: Action, using random: inout RandomStream) -> Bool {
        for axis in 0..<2 {
            state.values[2 + axis] = 0.95 * state.values[2 + axis] + 0.2 * min(1, max(-1, action[axis]))
            state.values[axis] += 0.1 * state.values[2 + axis]
        }
        let (radius, along) = Self.place(state.values)
        state.values[4] = telos_exp64(-4 * (radius - 1) * (radius - 1)) * min(1.2, max(-1, along / 0.8))
        return false
    }

    /// |p|, and the velocity along the ring.
    private static func place(_ values: [Double]) -> (radius: Double, along: Double) {
        let radius = max((values[0] * values[0] + values[1] * values[1]).squareRoot(), 1e-9)
        return (radius, (values[0] * values[3] - values[1] * values[2]) / radius)
    }

    func observe(_ state: State, into observation: UnsafeMutableBufferPointer<Float>) {
        for index in 0..<4 { observation[index] = Float(state.values[index]) }
    }

    func readSignals(_ state: State, into signals: SignalWriter) { signals[0] = state.values[4] }

    func draw(_ state: State) -> Drawing { Drawing(width: 1, height: 1) }

    /// Steers towards the velocity 0.8 t + (1 - r) p / r: a = clip(2.5 (wanted - v)).
    final class Expert: Policy {
        func act(
            on input: PolicyInput, into actions: UnsafeMutableBufferPointer<Float>, deterministic: Bool,
            using random: inout RandomStream
        ) {
            for row in 0..<input.count {
                let values = (0..<4).map { Double(input.observations[4 * row + $0]) }
                let radius = max((values[0] * values[0] + values[1] * values[1]).squareRoot(), 1e-9)
                let outward = [values[0] / radius, values[1] / radius]
                let along = [-outward[1], outward[0]]
                for axis in 0..<2 {
                    let wanted = 0.8 * along[axis] + (1 - radius) * outward[axis]
                    actions[2 * row + axis] = Float(min(1, max(-1, 2.5 * (wanted - values[2 + axis]))))
                }
            }
        }
    }
}
