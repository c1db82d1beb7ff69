import TelosTensor

extension Program.Update {
    /// target <- target + rate (source - target) for each tensor: an exponential moving average of parameters, as for
    /// target networks (Polyak and Juditsky, *Acceleration of stochastic approximation by averaging*, 1992; Lillicrap
    /// and others, *Continuous control with deep reinforcement learning*, 2016). It forgets with a time constant of
    /// 1 / rate updates; 1 copies; 1 / (t + 1) gives the plain mean of t + 1 parameters.
    ///
    /// - Parameters:
    ///   - target: the traced model of the average's own `Parameters`, begun as a copy.
    ///   - source: the values to follow: a traced model, or what an optimiser's step makes of one.
    ///   - rate: a number in 0 ... 1; a tensor, so that it can change without compiling again.
    public static func movingAverage<Model: TensorContainer>(
        _ target: Model, of source: Model, rate: Tensor
    ) -> [Program.Update] {
        zip(target.tensors, source.tensors).map { Program.Update($0, to: $0 + rate * ($1 - $0)) }
    }

    public static func movingAverage<Model: TensorContainer>(
        _ target: Model, of source: Model, rate: Float
    ) -> [Program.Update] {
        movingAverage(target, of: source, rate: Tensor(rate))
    }
}
