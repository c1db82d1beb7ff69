import CTelosKernels
import TelosEnvironments
import TelosFeedback
import TelosNN
import TelosTensor

/// A walk round a ring of 11 cells from cell 0: 20 steps back, on the spot or forth, a tenth of them at random.
struct RingWalk: Sendable {
    static let cells = 11
    static let length = 20
    /// Before each step and after the last.
    var positions = [0]
    /// What was chosen: 0 to 2 for -1 to 1.
    var actions: [Int] = []

    /// The share of the steps that led to the three cells opposite the start.
    var shareInZone: Double {
        Double(positions.dropFirst().filter { (4...6).contains($0) }.count) / Double(Self.length)
    }

    /// What the cells that steps led to pay.
    var payment: Double {
        let payments = [0, 0, 0.1, 0.2, 0.4, 1, 0.3, 0.2, 0.1, 0, 0]
        return positions.dropFirst().reduce(0) { $0 + payments[$1] }
    }
}

/// A policy for the ring, softmax over a table of logits by time and cell, moved by REINFORCE.
struct RingPolicy {
    /// At `(t * 11 + cell) * 3 + action`.
    private var logits = [Double](repeating: 0, count: RingWalk.length * RingWalk.cells * 3)

    private func row(_ step: Int, _ cell: Int) -> Int { (step * RingWalk.cells + cell) * 3 }

    private func probabilities(_ row: Int) -> [Double] {
        TabularPolicy.softmax(Array(logits[row..<(row + 3)]), actionCount: 3)
    }

    func walk(using random: inout RandomStream) -> RingWalk {
        var walk = RingWalk()
        for step in 0..<RingWalk.length {
            let cell = walk.positions[step]
            let action = random.index(weights: probabilities(row(step, cell)))
            let done = random.uniform() < 0.1 ? random.index(below: 3) : action
            walk.actions.append(action)
            walk.positions.append((cell + done + RingWalk.cells - 1) % RingWalk.cells)
        }
        return walk
    }

    /// logits += rate mean over walks of sum over t of grad log pi(a_t|s_t) advantage_t.
    mutating func improve(_ walks: [RingWalk], advantages: [[Double]], rate: Double) {
        var moved = logits
        for (walk, advantages) in zip(walks, advantages) {
            for step in 0..<RingWalk.length {
                let row = row(step, walk.positions[step])
                let share = rate * advantages[step] / Double(walks.count)
                for (action, probability) in probabilities(row).enumerated() {
                    moved[row + action] += share * ((action == walk.actions[step] ? 1 : 0) - probability)
                }
            }
        }
        logits = moved
    }
}

/// A reward model of the ring: a reward for each cell and action, fitted to comparisons of walks by the sum, on batches of
/// the latest ones.
struct RingRewardModel {
    private var rewards = [Double](repeating: 0, count: RingWalk.cells * 3)
    private var optimizer = AdamVector(count: RingWalk.cells * 3)
    private var replay: OpponentQueue<(difference: [Double], target: Double)>
    private let learningRate: Double

    init(capacity: Int, learningRate: Double) {
        replay = OpponentQueue(capacity: capacity)
        self.learningRate = learningRate
    }

    private static func counts(_ walk: RingWalk) -> [Double] {
        var counts = [Double](repeating: 0, count: RingWalk.cells * 3)
        for (cell, action) in zip(walk.positions, walk.actions) { counts[cell * 3 + action] += 1 }
        return counts
    }

    mutating func append(_ preference: Preference<RingWalk>) {
        replay.append(
            (zip(Self.counts(preference.first), Self.counts(preference.second)).map { $0 - $1 }, preference.target))
    }

    mutating func fit(steps: Int, batch: Int, using random: inout RandomStream) {
        for _ in 0..<steps {
            var gradient = [Double](repeating: 0, count: rewards.count)
            for _ in 0..<batch {
                let (difference, target) = replay.draw(using: &random)
                let margin = zip(rewards, difference).reduce(0) { $0 + $1.0 * $1.1 }
                let error = (logistic(margin) - target) / Double(batch)
                for index in rewards.indices { gradient[index] += error * difference[index] }
            }
            optimizer.step(&rewards, gradient: gradient, learningRate: learningRate)
        }
    }

    /// What is still to be earned from each step on.
    func rewardsToGo(_ walk: RingWalk) -> [Double] {
        var result = [Double](repeating: 0, count: RingWalk.length)
        var sum = 0.0
        for step in (0..<RingWalk.length).reversed() {
            sum += rewards[walk.positions[step] * 3 + walk.actions[step]]
            result[step] = sum
        }
        return result
    }
}
