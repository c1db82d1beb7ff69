import TelosEvaluation
import TelosLearning
import TelosNN
import TelosTensor

/// Implicit quantiles of the return of the greedy policy, or of the one that walks, learned from replayed walks.
///
/// Rewards are learned ten times as large: with a spread below the threshold of Huber's loss, quantiles would be drawn
/// to the mean.
final class QuantileLearner {
    private let grid: NoisyGrid
    private let levels: Int
    private let capacity: Int
    private let batch = 64
    private let samples = 8
    private let isGreedy: Bool
    private static let scale: Float = 10
    private let online: Parameters<QNetwork>
    private let target: Parameters<QNetwork>
    private let update: Descent<QNetwork>
    private let listing: Program
    private var replay: [(state: Int, action: Int, next: Int, reward: Float)] = []
    private var oldest = 0
    private var random: RandomStream

    init(_ grid: NoisyGrid, levels: Int, capacity: Int, isGreedy: Bool, key: RandomKey) throws {
        self.grid = grid
        self.isGreedy = isGreedy
        self.levels = levels
        self.capacity = capacity
        random = key.derived("levels").stream
        let (cells, batch) = (grid.mdp.stateCount, batch)
        let network = QNetwork(
            .implicitQuantiles(encoding: .oneHot(cells), actions: 4, hiddenSizes: [32]), key: key.derived("network"))
        online = try Parameters(network)
        target = try Parameters(network)
        let here = Tensor(placeholder: batch, 1)
        let action = Tensor(placeholder: batch)
        let next = Tensor(placeholder: batch, 1)
        let reward = Tensor(placeholder: batch)
        let drawn = [Tensor(placeholder: batch, samples), Tensor(placeholder: batch, samples)]
        func even(_ count: Int) -> Tensor { Tensor(ReturnLoss.midpoints(count), shape: [1, count]) }
        let drawnAction = Tensor(placeholder: batch)
        let best = isGreedy ? target.traced(next, levels: even(32)).mean(axis: 2).argmax() : drawnAction
        func chosen(_ quantiles: Tensor, _ action: Tensor) -> Tensor {
            (quantiles * action.oneHot(4).reshaped(batch, 4, 1)).sum(axis: 1)
        }
        let following = chosen(target.traced(next, levels: drawn[1]), best)
        let goesOn = next.reshaped(batch) .!= Tensor(Float(grid.goal))
        let targets =
            Self.scale * reward.reshaped(batch, 1)
            + Float(grid.discount) * goesOn.reshaped(batch, 1) * following
        let predicted = chosen(online.traced(here, levels: drawn[0]), action)
        let loss = ReturnLoss.quantile(predicted: predicted, levels: drawn[0], targets: targets).mean()
        update = try Descent(moving: online, inputs: [here, action, next, reward] + drawn + [drawnAction]) { _ in loss }
        let every = Tensor((0..<cells).map(Float.init), shape: [cells, 1])
        listing = try Program(
            inputs: [], outputs: [online.traced(every, levels: even(levels)) / Self.scale])
    }

    /// - policy: pi(a|s) at 4 s + a.
    func learn(from walk: GridWalk, updates: Int, policy: [Double]) {
        for row in walk.states.indices {
            let transition = (walk.states[row], walk.actions[row], walk.next[row], walk.rewards[row])
            if replay.count < capacity {
                replay.append(transition)
            } else {
                replay[oldest] = transition
                oldest = (oldest + 1) % capacity
            }
        }
        for _ in 0..<updates {
            for row in 0..<batch {
                let transition = replay[random.index(below: replay.count)]
                update.input(0)[row] = Float(transition.state)
                update.input(1)[row] = Float(transition.action)
                update.input(2)[row] = Float(transition.next)
                update.input(3)[row] = transition.reward
                if !isGreedy {
                    let choices = policy[(4 * transition.next)..<(4 * transition.next + 4)]
                    update.input(6)[row] = Float(random.index(weights: choices))
                }
            }
            random.fillUniform(update.input(4))
            random.fillUniform(update.input(5))
            update.step(learningRate: 1e-3)
        }
        target.copy(from: online)
    }

    /// Quantiles at even levels of every cell and action, [cells, actions * levels].
    func table() -> [Float] {
        listing.run()
        return Array(listing.output(0))
    }

    /// Against 4000 walks of the greedy policy from each of three cells.
    func error(using random: inout RandomStream) -> Double {
        let table = table().map(Double.init)
        func quantiles(_ state: Int, _ action: Int) -> ArraySlice<Double> {
            table[((state * 4 + action) * levels)..<((state * 4 + action + 1) * levels)]
        }
        let greedy = (0..<grid.mdp.stateCount).map { state in
            (0..<4).max { mean(of: Array(quantiles(state, $0))) < mean(of: Array(quantiles(state, $1))) }!
        }
        let cells = [0, grid.size + 1, grid.goal - 1]
        return mean(
            of: cells.map { cell in
                var returns = (0..<4000).map { _ -> Double in
                    var (state, weight, sum) = (cell, 1.0, 0.0)
                    for _ in 0..<100 where state != grid.goal {
                        let (next, paid) = grid.step(state, greedy[state], using: &random)
                        sum += weight * paid
                        weight *= grid.discount
                        state = next
                    }
                    return sum
                }
                let spread = standardDeviation(of: returns)
                returns.sort()
                let distances = quantiles(cell, greedy[cell]).enumerated().map { index, learned in
                    abs(learned - quantile((Double(index) + 0.5) / Double(levels), of: returns))
                }
                return mean(of: distances) / spread
            })
    }
}
