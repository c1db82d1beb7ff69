import CTelosKernels
import TelosEnvironments
import TelosLearning
import TelosRewards
import TelosTensor

/// A point on a plane of `axes` dimensions, pushed towards the origin, and seen in units that do not fit together.
///
///     v' = 0.95 v + 0.2 u,  p' = p + 0.2 v',  u in [-1, 1],  cost = (|p'|^2 + 0.1 |v'|^2 + 0.01 |u|^2) / axes
///
/// from p, v ~ N(0, 1). The observation is (p, v), each element times a scale of its own.
struct ScaledPoint: Environment {
    struct State: EnvironmentState, Hashable {
        /// p, then v, then the cost of the last step.
        var values: [Double]
        init?(values: [Double]) {
            guard values.count % 2 == 1 else { return nil }
            self.values = values
        }
        fileprivate init(_ values: [Double]) { self.values = values }
    }

    let axes: Int
    private let scales: [Float]

    /// - spread: the scales are spread, 1 / spread, 1, spread^(2/3), spread^(-2/3), 1 and so on, over p and v.
    init(axes: Int, spread: Double) {
        self.axes = axes
        let power = telos_exp64(telos_log64(spread) * 2 / 3)
        let cycle = [spread, 1 / spread, 1, power, 1 / power, 1]
        scales = (0..<(2 * axes)).map { Float(cycle[$0 % cycle.count]) }
    }

    var specification: EnvironmentSpecification {
        let infinity = [Float](repeating: .infinity, count: 2 * axes)
        return EnvironmentSpecification(
            name: "ScaledPoint", summary: "Push a point to the origin.",
            observation: .box(low: infinity.map { -$0 }, high: infinity, shape: [2 * axes]),
            action: .box(-1...1, count: axes),
            signals: [Signal("cost", 0...Double.infinity, "Of the last step.")],
            stateNames: (0..<axes).map { "position\($0)" } + (0..<axes).map { "velocity\($0)" } + ["cost"],
            reference: "Drawn up for this claim")
    }

    /// 50 steps that earn minus the cost.
    func task() throws -> TaskDefinition {
        try TaskDefinition(
            EnvironmentEntry(
                name: "ScaledPoint", family: "catalogue", summary: specification.summary, horizon: 50, reward: "-cost",
                build: { _ in self }))
    }

    func reset(using random: inout RandomStream) -> State {
        State((0..<(2 * axes)).map { _ in random.normal() } + [0])
    }

    func step(_ state: inout State, action: Action, using random: inout RandomStream) -> Bool {
        var cost = 0.0
        for axis in 0..<axes {
            let push = min(1, max(-1, action[axis]))
            let velocity = 0.95 * state.values[axes + axis] + 0.2 * push
            let position = state.values[axis] + 0.2 * velocity
            state.values[axes + axis] = velocity
            state.values[axis] = position
            cost += position * position + 0.1 * velocity * velocity + 0.01 * push * push
        }
        state.values[2 * axes] = cost / Double(axes)
        return false
    }

    func observe(_ state: State, into observation: UnsafeMutableBufferPointer<Float>) {
        for index in scales.indices { observation[index] = scales[index] * Float(state.values[index]) }
    }

    func readSignals(_ state: State, into signals: SignalWriter) { signals[0] = state.values[2 * axes] }

    func draw(_ state: State) -> Drawing { Drawing(width: 1, height: 1) }
}
