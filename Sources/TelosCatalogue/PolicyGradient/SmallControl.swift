import TelosEnvironments
import TelosTensor

/// A control task with one real action u, clipped to [-1, 1], and episodes of 200 steps.
enum SmallTask: Sendable, Hashable {
    /// Push a cart with 10 u newtons; 1 a step until the pole falls.
    case balance
    /// Turn a pendulum upright with `torque` times u; minus a tenth of Pendulum's usual cost a step.
    case upright(torque: Double)

    static let horizon = 200
    /// Elements of an observation.
    var width: Int { self == .balance ? 4 : 3 }
    var discount: Double { self == .balance ? 0.98 : 0.95 }
    /// Passes over a rollout.
    var epochs: Int { self == .balance ? 4 : 10 }

    /// What a policy that solves it returns at least: 180 of 200 steps, or four fifths of the way from what doing
    /// nothing earns to `best`.
    func solved(best: Double) -> Double { self == .balance ? 180 : -120 + 0.8 * (best + 120) }
}

/// Copies of a `SmallTask` side by side.
struct SmallControl {
    let task: SmallTask
    private(set) var states: [SIMD4<Double>] = []
    private var elapsed: [Int]
    private var random: RandomStream
    private let pendulum: Pendulum

    init(_ task: SmallTask, count: Int, key: RandomKey) {
        self.task = task
        if case .upright(let torque) = task {
            pendulum = Pendulum(maximumTorque: torque)
        } else {
            pendulum = Pendulum()
        }
        random = key.stream
        elapsed = Array(repeating: 0, count: count)
        for _ in 0..<count { states.append(start()) }
    }

    private mutating func start() -> SIMD4<Double> {
        if task == .balance { return CartPole().reset(using: &random) }
        let state = pendulum.reset(using: &random)
        return SIMD4(state.x, state.y, 0, 0)
    }

    /// x, x', angle in tenths of a radian, angular velocity; or cosine, sine, angular velocity in eighths. A row a copy.
    func write(into observations: UnsafeMutableBufferPointer<Float>) {
        for (index, state) in states.enumerated() {
            let row = UnsafeMutableBufferPointer(
                rebasing: observations[(task.width * index)..<(task.width * (index + 1))])
            if task == .balance {
                for column in 0..<4 { row[column] = Float(state[column] * (column == 2 ? 10 : 1)) }
            } else {
                pendulum.observe(SIMD2(state.x, state.y), into: row)
                row[2] /= 8
            }
        }
    }

    /// Rewards and ends; a new episode begins only in `restart`.
    mutating func step(_ actions: some RandomAccessCollection<Float>) -> (rewards: [Float], ends: [EpisodeEnd]) {
        var rewards: [Float] = []
        var ends: [EpisodeEnd] = []
        for (index, action) in zip(states.indices, actions) {
            let (reward, fell) = act(index, Double(min(1, max(-1, action))))
            elapsed[index] += 1
            rewards.append(Float(reward))
            ends.append(fell ? .terminated : elapsed[index] == SmallTask.horizon ? .truncated : .ongoing)
        }
        return (rewards, ends)
    }

    private mutating func act(_ index: Int, _ u: Double) -> (reward: Double, fell: Bool) {
        if task == .balance {
            // To the right with any force, also one below 0.
            return [Float(1)].withUnsafeBufferPointer {
                let pole = CartPole(forceMagnitude: 10 * u)
                return (1, pole.step(&states[index], action: Action($0.baseAddress!), using: &random))
            }
        }
        var state = SIMD2(states[index].x, states[index].y)
        let angle = state.x.remainder(dividingBy: 2 * Double.pi)
        let torque = pendulum.maximumTorque * u
        let cost = angle * angle + 0.1 * state.y * state.y + 0.001 * torque * torque
        [Float(torque)].withUnsafeBufferPointer {
            _ = pendulum.step(&state, action: Action($0.baseAddress!), using: &random)
        }
        states[index] = SIMD4(state.x, state.y, 0, 0)
        return (-0.1 * cost, false)
    }

    mutating func restart(where ends: [EpisodeEnd]) {
        for index in states.indices where ends[index] != .ongoing {
            states[index] = start()
            elapsed[index] = 0
        }
    }
}
