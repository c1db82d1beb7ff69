import TelosTensor

/// Minimises a smooth loss of few batches and many parameters by limited-memory BFGS: a quasi-Newton direction from the
/// last `history` steps (the two-loop recursion of Nocedal, *Updating quasi-Newton matrices with limited storage*,
/// 1980), then a backtracking line search to Armijo's condition.
///
/// Loss and gradient are one compiled program in float32; the recursion runs on the host in double precision. The
/// history is kept between calls of `minimize`, and forgotten by `reset`.
public final class LBFGS<Model: TensorContainer> {
    public struct Options: Sendable, Hashable {
        /// Steps remembered. More follow curvature better and cost memory of 16 bytes a parameter each.
        public var history = 10
        /// Stops when no element of the gradient is larger.
        public var gradientTolerance = 1e-6
        /// The share of the predicted decrease that a step must reach.
        public var sufficientDecrease = 1e-4
        /// Halvings before a direction is given up.
        public var maximumBacktracks = 30

        public init() {}
    }

    public enum Outcome: String, Sendable, Hashable {
        /// No element of the gradient exceeds the tolerance.
        case converged
        /// All allowed iterations were made.
        case iterationLimit
        /// No step along the direction lowers the loss: usually float32 can tell no better point apart.
        case stalled
        /// The loss or its gradient is not finite at the start.
        case notFinite
    }

    public struct Result: Sendable, Hashable {
        public var loss: Double
        /// The largest element of the gradient.
        public var gradient: Double
        public var iterations: Int
        public var evaluations: Int
        public var outcome: Outcome
    }

    public let options: Options
    private let parameters: Parameters<Model>
    private let program: Program
    private var steps: [(move: [Double], change: [Double], inverse: Double)] = []

    /// - Parameters:
    ///   - inputs: placeholders of the loss; fill them through `input`.
    ///   - loss: a number, a graph over `parameters.traced` and `inputs`.
    /// - Throws: the `TensorError` of the first mistake in the loss.
    public init(
        _ parameters: Parameters<Model>, inputs: [Tensor] = [], loss: Tensor, options: Options = Options(),
        threads: Int = 1
    ) throws {
        self.parameters = parameters
        self.options = options
        program = try Program(
            inputs: inputs, outputs: [loss] + gradient(of: loss, withRespectTo: parameters.traced.tensors),
            threads: threads)
    }

    public func input(_ index: Int) -> UnsafeMutableBufferPointer<Float> { program.input(index) }

    /// Forgets curvature: after the data behind the loss changed.
    public func reset() { steps = [] }

    /// Moves the parameters to a lower loss; they hold the best point found.
    public func minimize(iterations limit: Int) -> Result {
        var point = self.point
        var (loss, slope) = evaluate()
        var result = Result(
            loss: loss, gradient: largest(slope), iterations: 0, evaluations: 1, outcome: .iterationLimit)
        guard loss.isFinite, result.gradient.isFinite else {
            result.outcome = .notFinite
            return result
        }
        while result.gradient > options.gradientTolerance {
            guard result.iterations < limit else { return result }
            guard let next = search(from: point, loss, slope, &result.evaluations) else {
                point.withUnsafeBufferPointer { move(to: $0) }
                guard steps.isEmpty else {
                    // The remembered curvature no longer describes this place; steepest descent has the last word.
                    steps = []
                    continue
                }
                result.outcome = .stalled
                return result
            }
            remember(move: zip(next.point, point).map { $0 - $1 }, change: zip(next.slope, slope).map { $0 - $1 })
            (point, loss, slope) = next
            result.iterations += 1
            result.loss = loss
            result.gradient = largest(slope)
        }
        result.outcome = .converged
        return result
    }

    /// The first point along the direction, halving or interpolating back from a full step, that decreases enough.
    private func search(
        from point: [Double], _ loss: Double, _ slope: [Double], _ evaluations: inout Int
    ) -> (point: [Double], loss: Double, slope: [Double])? {
        let direction = self.direction(slope)
        let descent = product(direction, slope)
        guard descent < 0 else { return nil }
        // Without curvature the scale is unknown: the first step moves no element by more than 1.
        var size = steps.isEmpty ? min(1, 1 / largest(direction)) : 1
        for _ in 0..<options.maximumBacktracks {
            // Rounded, because the parameters are float32 and the recursion must see where they really are.
            let candidate = zip(point, direction).map { Double(Float($0 + size * $1)) }
            candidate.withUnsafeBufferPointer { move(to: $0) }
            let (value, gradient) = evaluate()
            evaluations += 1
            if value <= loss + options.sufficientDecrease * size * descent, candidate != point,
                gradient.allSatisfy(\.isFinite)
            {
                return (candidate, value, gradient)
            }
            // The minimum of the parabola through both values and the slope, kept away from both ends.
            let interpolated = -descent * size * size / (2 * (value - loss - descent * size))
            size = interpolated.isFinite ? min(max(interpolated, 0.1 * size), 0.5 * size) : 0.1 * size
        }
        return nil
    }

    /// -H g, H the approximate inverse Hessian.
    private func direction(_ slope: [Double]) -> [Double] {
        var q = slope.map { -$0 }
        guard let last = steps.last else { return q }
        var shares: [Double] = []
        for step in steps.reversed() {
            let share = step.inverse * product(step.move, q)
            shares.append(share)
            for index in q.indices { q[index] -= share * step.change[index] }
        }
        let scale = 1 / (last.inverse * product(last.change, last.change))
        for index in q.indices { q[index] *= scale }
        for (step, share) in zip(steps, shares.reversed()) {
            let correction = share - step.inverse * product(step.change, q)
            for index in q.indices { q[index] += correction * step.move[index] }
        }
        return q
    }

    /// Keeps a step of positive curvature, which keeps the approximation positive definite.
    private func remember(move: [Double], change: [Double]) {
        let curvature = product(move, change)
        guard curvature > 1e-10 * (product(move, move) * product(change, change)).squareRoot() else { return }
        steps.append((move, change, 1 / curvature))
        if steps.count > options.history { steps.removeFirst() }
    }

    private func evaluate() -> (loss: Double, gradient: [Double]) {
        program.run()
        var gradient: [Double] = []
        gradient.reserveCapacity(parameters.count)
        for index in parameters.shapes.indices { gradient += program.output(index + 1).lazy.map { Double($0) } }
        return (Double(program.output(0)[0]), gradient)
    }

    private var point: [Double] {
        parameters.shapes.indices.flatMap { index in parameters.values(index).map { Double($0) } }
    }

    private func move(to point: UnsafeBufferPointer<Double>) {
        var next = 0
        for index in parameters.shapes.indices {
            let values = parameters.values(index)
            for slot in values.indices { values[slot] = Float(point[next + slot]) }
            next += values.count
        }
    }

    private func largest(_ values: [Double]) -> Double {
        // A NaN must not be overlooked by a comparison.
        values.reduce(0) { $0.isNaN || $1.isNaN ? .nan : max($0, abs($1)) }
    }

    private func product(_ a: [Double], _ b: [Double]) -> Double {
        var sum = 0.0
        for index in a.indices { sum += a[index] * b[index] }
        return sum
    }
}
