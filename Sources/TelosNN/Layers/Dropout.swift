import TelosTensor

/// In training, each element is zero with probability `rate` and otherwise divided by 1 - rate; off, y = x.
/// (Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, *Dropout*, 2014.)
public struct Dropout: Sendable, Hashable {
    /// In 0 ..< 1.
    public var rate: Float

    public init(rate: Float) { self.rate = rate }

    /// - uniform: numbers uniform in (0, 1) of the shape of `x`, drawn by the caller for each run; nil is off.
    public func callAsFunction(_ x: Tensor, uniform: Tensor?) -> Tensor {
        guard let uniform, rate > 0 else { return x }
        return x * ((Tensor(rate) .<= uniform) * (1 / (1 - rate)))
    }
}
