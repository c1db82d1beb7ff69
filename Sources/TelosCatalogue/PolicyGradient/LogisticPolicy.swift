import CTelosKernels
import TelosLearning
import TelosNN
import TelosTensor

/// How a policy moves on a batch of experience.
enum PolicyStep: Sendable, Hashable {
    /// Along the natural gradient to a mean divergence of `divergence`, halved until the surrogate improves and the
    /// divergence is at most `tolerance` times that.
    case trustRegion(divergence: Double, tolerance: Double = 1)
    /// w <- w + rate F^-1 g.
    case naturalGradient(rate: Double)
    /// w <- w + rate g.
    case gradient(rate: Double)
}

/// pi(1|x) = sigmoid(w . x) over two actions, starting at w = 0, with the steps that improve it.
///
/// Surrogate: mean of pi(a|x) / pi_old(a|x) A. Divergence: mean KL(pi_old || pi). Batches of any length are padded with
/// rows x = 0, A = 0 to one of few compiled sizes.
final class LogisticPolicy {
    private let weights: Parameters<Tensor>
    private let features: Int
    private let damping: Float
    private let iterations: Int
    private var programs: [Int: Steps] = [:]

    /// Gives g, x with (F + damping) x = g, and the factor that takes x to the edge of a trust region of 1/2; and what a
    /// move gains and how far it goes.
    private struct Steps {
        var solving: Program
        var judging: Program
    }

    init(features: Int, damping: Float = 0, iterations: Int = 20) throws {
        self.features = features
        self.damping = damping
        self.iterations = iterations
        weights = try Parameters(Tensor.zeros(features, 1))
    }

    var values: [Float] {
        get { Array(weights.values(0)) }
        set { _ = weights.values(0).update(fromContentsOf: newValue) }
    }

    /// pi(1|x).
    func probability(_ x: UnsafeBufferPointer<Float>) -> Double {
        let w = weights.values(0)
        var logit = 0.0
        for index in 0..<features { logit += Double(w[index]) * Double(x[index]) }
        return 1 / (1 + telos_exp64(-logit))
    }

    /// Takes one step on a batch: row r of `x` in `features` floats, action (0 or 1) and advantage each a float.
    /// - Returns: the divergence of the step taken, nil where none was.
    func improve(_ x: [Float], actions: [Float], advantages: [Float], by step: PolicyStep) throws -> Double? {
        let programs = try programs(rows: actions.count)
        for program in [programs.solving, programs.judging] {
            fill(program.input(0), x)
            fill(program.input(1), actions)
            fill(program.input(2), advantages)
            program.input(3)[0] = 1 / Float(actions.count)
        }
        programs.solving.run()
        let direction: [Float]
        let scale: Double
        switch step {
        case .trustRegion(let divergence, _):
            direction = Array(programs.solving.output(1))
            scale = Double(programs.solving.output(2)[0]) * (2 * divergence).squareRoot()
        case .naturalGradient(let rate):
            direction = Array(programs.solving.output(1))
            scale = rate
        case .gradient(let rate):
            direction = Array(programs.solving.output(0))
            scale = rate
        }
        func judge(_ size: Double) -> (gain: Double, divergence: Double) {
            let move = programs.judging.input(4)
            for index in 0..<features { move[index] = Float(size * scale) * direction[index] }
            programs.judging.run()
            return (Double(programs.judging.output(0)[0]), Double(programs.judging.output(1)[0]))
        }
        var taken: Double?
        if case .trustRegion(let divergence, let tolerance) = step {
            taken = trustRegionLineSearch(divergence: tolerance * divergence, tries: 10, judge: judge)?.divergence
        } else {
            taken = judge(1).divergence
        }
        guard taken != nil else { return nil }
        for index in 0..<features { weights.values(0)[index] += programs.judging.input(4)[index] }
        return taken
    }

    private func fill(_ target: UnsafeMutableBufferPointer<Float>, _ values: [Float]) {
        _ = target.update(fromContentsOf: values)
        target[values.count...].update(repeating: 0)
    }

    private func programs(rows: Int) throws -> Steps {
        let size = paddedCount(rows)
        if let programs = programs[size] { return programs }
        let x = Tensor(placeholder: size, features)
        let actions = Tensor(placeholder: size, 1)
        let advantages = Tensor(placeholder: size)
        let share = Tensor(placeholder: [])
        let inputs = [x, actions, advantages, share]
        let w = weights.traced
        let now = Bernoulli(logits: matmul(x, w))
        let before = now.mapTensors { $0.stoppingGradient }
        func gain(_ policy: Bernoulli) -> Tensor {
            (expm1(policy.logProbability(actions) - before.logProbability(actions)) * advantages).sum() * share
        }
        let g = gradient(of: gain(now), withRespectTo: [w])
        let step = trustRegionStep(
            gradient: g,
            product: { vector in
                // The mean is over padded rows too, which contribute nothing.
                fisherVectorProduct(of: now, withRespectTo: [w], vector: vector).map { $0 * (Float(size) * share) }
            }, divergence: 0.5, iterations: iterations, damping: damping)
        let move = Tensor(placeholder: features, 1)
        let moved = Bernoulli(logits: matmul(x, w + move))
        let steps = Steps(
            solving: try Program(inputs: inputs, outputs: [g[0], step.direction[0], step.scale]),
            judging: try Program(
                inputs: inputs + [move], outputs: [gain(moved), before.divergence(from: moved).sum() * share]))
        programs[size] = steps
        return steps
    }
}

/// The number of rows a program for `rows` rows is compiled for.
func paddedCount(_ rows: Int) -> Int {
    var count = 64
    while count < rows { count *= 2 }
    return count
}
