import TelosTensor

/// A policy that has learned how returns are distributed, not only their means.
public protocol ReturnDistributionPolicy: Policy {
    /// Quantiles of the discounted return of each action, [count, actions, levels], as learned: nothing makes them rise
    /// with the level. Nil where the policy knows no quantiles.
    /// - Parameters:
    ///   - observations: [count, width], one row after another.
    ///   - levels: probabilities in 0 ... 1.
    func returnQuantiles(of observations: [Float], at levels: [Float]) -> [Float]?
}

extension GreedyPolicy: ReturnDistributionPolicy {
    public func returnQuantiles(of observations: [Float], at levels: [Float]) -> [Float]? {
        let model = parameters.traced
        let width = model.shape.encoding.width
        guard model.shape.model == .implicitQuantile, !levels.isEmpty, !observations.isEmpty,
            observations.count % width == 0
        else { return nil }
        let rows = Tensor(placeholder: observations.count / width, width)
        // Shapes agree by construction.
        let program = try! Program(
            inputs: [rows],
            outputs: [model(rows, noise: nil, levels: Tensor(levels, shape: [1, levels.count]))])
        observations.withUnsafeBufferPointer { program.input(0).fill($0, through: normalizer) }
        program.run()
        return withExtendedLifetime(program) { Array(program.output(0)) }
    }
}
