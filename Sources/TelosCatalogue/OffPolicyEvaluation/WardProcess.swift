import CTelosKernels
import TelosEnvironments
import TelosTensor

/// A random process that looks like intensive care: many states with two hidden coordinates, the first of which is severity;
/// actions move among neighbours, and episodes end sooner where severity is high.
///
/// Each state and action has 6 successors among the 25 nearest states, with Dirichlet(1) weights;
/// r(s,a) = clip(-severity / 2 + N(0, 0.1²), -2, 2); an episode ends with probability 0.02 + 0.3 sigmoid(4 (severity - 2.2))
/// a step. After the shape of ICU-Sepsis (Choudhary, Gupta and Thomas, 2024).
struct WardProcess: Sendable {
    let mdp: TabularMDP
    let reward: [Double]
    /// Of each state but the terminal one, which is the last.
    let coordinates: [[Double]]
    /// Best action values with `horizon` steps to go.
    let actionValues: [Double]

    init(states: Int, actions: Int, horizon: Int, using random: inout RandomStream) throws {
        let coordinates = (0..<states).map { _ in [random.normal(), random.normal()] }
        var transitions = [Double](repeating: 0, count: (states + 1) * actions * (states + 1))
        var reward = [Double](repeating: 0, count: (states + 1) * actions)
        for state in 0..<states {
            let here = coordinates[state]
            func distance(_ other: Int) -> Double {
                let (x, y) = (coordinates[other][0] - here[0], coordinates[other][1] - here[1])
                return x * x + y * y
            }
            let near = (0..<states).map { (distance($0), $0) }.sorted { $0 < $1 }.prefix(25).map(\.1)
            let end = 0.02 + 0.3 / (1 + telos_exp64(-4 * (here[0] - 2.2)))
            for action in 0..<actions {
                let pair = state * actions + action
                var candidates = near
                let successors = (0..<min(6, near.count)).map { _ in
                    candidates.remove(at: random.index(below: candidates.count))
                }
                let weights = successors.map { _ in random.gamma(shape: 1) }
                let sum = weights.reduce(0, +)
                for (successor, weight) in zip(successors, weights) {
                    transitions[pair * (states + 1) + successor] = (1 - end) * weight / sum
                }
                transitions[pair * (states + 1) + states] = end
                reward[pair] = min(2, max(-2, -0.5 * here[0] + 0.1 * random.normal()))
            }
        }
        for action in 0..<actions { transitions[(states * actions + action) * (states + 1) + states] = 1 }
        let weights = (0..<states).map { _ in random.gamma(shape: 0.3) }
        let sum = weights.reduce(0, +)
        mdp = try TabularMDP(
            stateCount: states + 1, actionCount: actions, transitions: transitions,
            terminal: (0...states).map { $0 == states }, start: weights.map { $0 / sum } + [0])
        var q = [Double](repeating: 0, count: reward.count)
        for _ in 0..<horizon {
            let values = (0...states).map { q[($0 * actions)..<(($0 + 1) * actions)].max() ?? 0 }
            q = try mdp.actionValues(values: values, reward: reward, discount: 1)
        }
        actionValues = q
        self.reward = reward
        self.coordinates = coordinates
    }

    /// Actions in proportion to exp(q / temperature).
    func policy(temperature: Double) -> [Double] {
        TabularPolicy.softmax(actionValues, actionCount: mdp.actionCount, temperature: temperature)
    }
}
