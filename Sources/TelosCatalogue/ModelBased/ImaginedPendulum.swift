import TelosEnvironments
import TelosLearning
import TelosTensor

/// A pendulum that moves as a model says, from states that were seen: cosine, sine and angular velocity.
struct ImaginedPendulum: Environment {
    let model: SparseDynamics
    private let starts: [SIMD4<Double>]

    init(model: SparseDynamics, data: DynamicsData) {
        self.model = model
        starts = (0..<data.count).map { row in
            var state = data.states[(3 * row)..<(3 * row + 3)]
            model.projection(&state)
            let first = state.startIndex
            return SIMD4(state[first], state[first + 1], state[first + 2], 0)
        }
    }

    var specification: EnvironmentSpecification {
        var specification = PendulumPlan.pendulum.specification
        specification.name = "ImaginedPendulum"
        specification.stateNames = ["cosine", "sine", "angularVelocity", "none"]
        return specification
    }

    func reset(using random: inout RandomStream) -> SIMD4<Double> { starts[random.index(below: starts.count)] }

    func step(_ state: inout SIMD4<Double>, action: Action, using random: inout RandomStream) -> Bool {
        let next = model.next([state.x, state.y, state.z], [min(max(action[0], -2), 2)])
        state = SIMD4(next[0], next[1], next[2], 0)
        return false
    }

    func observe(_ state: SIMD4<Double>, into observation: UnsafeMutableBufferPointer<Float>) {
        for index in 0..<3 { observation[index] = Float(state[index]) }
    }

    func readSignals(_ state: SIMD4<Double>, into signals: SignalWriter) {
        signals[0] = PendulumPlan.angle([state.x, state.y], 0)
        signals[1] = state.z
        signals[2] = state.x
        signals[3] = state.y
    }

    func draw(_ state: SIMD4<Double>) -> Drawing {
        PendulumPlan.pendulum.draw(SIMD2(PendulumPlan.angle([state.x, state.y], 0), state.z))
    }
}
