import CTelosKernels
import TelosEnvironments
import TelosLearning
import TelosTensor

/// A pendulum to swing up, seen as (cosine, sine, angular velocity), and value iteration with any model of it.
///
/// V(s) <- max over u of r(s,u) + g V(f(s,u)) on 61 x 61 angles and velocities with bilinear interpolation, 9 torques,
/// r = -(angle² + 0.1 velocity² + 0.001 u²).
struct PendulumPlan {
    typealias Model = (_ states: [Double], _ actions: [Double]) throws -> [Double]

    static let pendulum = Pendulum()
    static let discount = 0.99
    private static let size = 61
    private static let torques = (0..<9).map { -2 + 0.5 * Double($0) }
    private let values: [Double]

    /// The pendulum itself.
    static func truth(_ states: [Double], _ actions: [Double]) -> [Double] {
        var random = RandomKey(seed: 0).stream
        return actions.indices.flatMap { row -> [Double] in
            var state = SIMD2(angle(states, row), states[3 * row + 2])
            withUnsafePointer(to: Float(actions[row])) {
                _ = pendulum.step(&state, action: Action($0), using: &random)
            }
            return [telos_cos64(state.x), telos_sin64(state.x), state.y]
        }
    }

    /// Cosine and sine back on the circle, the velocity within its limits.
    static let projection: @Sendable (inout ArraySlice<Double>) -> Void = { state in
        let first = state.startIndex
        let radius = (state[first] * state[first] + state[first + 1] * state[first + 1]).squareRoot()
        if radius > 1e-6 {
            state[first] /= radius
            state[first + 1] /= radius
        }
        state[first + 2] = min(max(state[first + 2], -pendulum.maximumSpeed), pendulum.maximumSpeed)
    }

    static func angle(_ states: [Double], _ row: Int) -> Double { telos_atan2_64(states[3 * row + 1], states[3 * row]) }

    static func reward(_ states: [Double], _ actions: [Double]) -> [Double] {
        actions.indices.map { row in
            let (angle, speed) = (angle(states, row), states[3 * row + 2])
            return -(angle * angle + 0.1 * speed * speed + 0.001 * actions[row] * actions[row])
        }
    }

    /// Where a state lies between grid points, and how much of each: four of them.
    private struct Place {
        var indices = SIMD4<Int>(repeating: 0)
        var weights = SIMD4<Double>(repeating: 0)

        init(_ states: [Double], _ row: Int) {
            let size = PendulumPlan.size
            let turn = (PendulumPlan.angle(states, row) / (2 * Double.pi) + 0.5) * Double(size)
            let limit = PendulumPlan.pendulum.maximumSpeed
            let height = (states[3 * row + 2] + limit) / (2 * limit) * Double(size - 1)
            let (i, j) = (min(Int(turn), size - 1), min(max(Int(height), 0), size - 2))
            let (a, b) = (turn - Double(i), height - Double(j))
            let (left, right) = (i % size * size + j, (i + 1) % size * size + j)
            indices = SIMD4(left, left + 1, right, right + 1)
            weights = SIMD4((1 - a) * (1 - b), (1 - a) * b, a * (1 - b), a * b)
        }

        func value(_ values: [Double]) -> Double {
            weights[0] * values[indices[0]] + weights[1] * values[indices[1]] + weights[2] * values[indices[2]]
                + weights[3] * values[indices[3]]
        }
    }

    /// Rewards and places after each torque, for each row.
    private static func outlook(_ states: [Double], _ model: Model) throws -> (rewards: [Double], places: [Place]) {
        let rows = states.count / 3
        let repeated = (0..<rows).flatMap { row in torques.flatMap { _ in states[(3 * row)..<(3 * row + 3)] } }
        let actions = (0..<rows).flatMap { _ in torques }
        let next = try model(repeated, actions)
        return (reward(repeated, actions), actions.indices.map { Place(next, $0) })
    }

    init(_ model: Model, sweeps: Int = 250) throws {
        let size = Self.size
        let grid = (0..<size).flatMap { i in
            (0..<size).flatMap { j -> [Double] in
                let angle = (Double(i) / Double(size) - 0.5) * 2 * Double.pi
                let limit = Self.pendulum.maximumSpeed
                return [
                    telos_cos64(angle), telos_sin64(angle), -limit + 2 * limit * Double(j) / Double(size - 1),
                ]
            }
        }
        let (rewards, places) = try Self.outlook(grid, model)
        var values = [Double](repeating: 0, count: size * size)
        for _ in 0..<sweeps {
            values = values.indices.map { state in
                var best = -Double.infinity
                for index in (state * Self.torques.count)..<((state + 1) * Self.torques.count) {
                    best = max(best, rewards[index] + Self.discount * places[index].value(values))
                }
                return best
            }
        }
        self.values = values
    }

    /// What the plan does in each state, looking one step ahead with the model.
    func actions(_ states: [Double], _ model: Model) throws -> [Double] {
        let (rewards, places) = try Self.outlook(states, model)
        let count = Self.torques.count
        return (0..<(states.count / 3)).map { row in
            let outcomes = (0..<count).map {
                rewards[row * count + $0] + Self.discount * places[row * count + $0].value(values)
            }
            return Self.torques[outcomes.indices.max { (outcomes[$0], $1) < (outcomes[$1], $0) }!]
        }
    }

    /// Mean return on the pendulum itself from the same 64 states, of 200 steps of a policy.
    static func score(_ policy: (_ states: [Double]) throws -> [Double]) rethrows -> Double {
        var random = RandomKey(seed: 64).derived("starts").stream
        var states = (0..<64).flatMap { _ -> [Double] in
            let state = pendulum.reset(using: &random)
            return [telos_cos64(state.x), telos_sin64(state.x), state.y]
        }
        var sum = 0.0
        for _ in 0..<200 {
            let actions = try policy(states)
            sum += reward(states, actions).reduce(0, +)
            states = truth(states, actions)
        }
        return sum / 64
    }

    /// Steps under random torques, each held for five, from a new start every `episode`; what is seen has normal noise.
    static func data(count: Int, episode: Int, noise: Double, using random: inout RandomStream) -> DynamicsData {
        var data = DynamicsData(stateCount: 3, actionCount: 1)
        var (state, seen, torque) = ([Double](), [Double](), 0.0)
        func look() { seen = state.map { $0 + noise * random.normal() } }
        for step in 0..<count {
            if step % episode == 0 {
                let start = pendulum.reset(using: &random)
                state = [telos_cos64(start.x), telos_sin64(start.x), start.y]
                look()
            }
            if step % 5 == 0 { torque = random.uniform(-2, 2) }
            let before = seen
            state = truth(state, [torque])
            look()
            data.append(before, [torque], next: seen)
        }
        return data
    }
}
