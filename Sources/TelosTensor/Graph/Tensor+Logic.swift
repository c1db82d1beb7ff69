// Truth values are floats: 0 is false, anything else is true; results are 1 or 0, and their gradients zero.
extension Tensor {
    public static func .!= (a: Tensor, b: Tensor) -> Tensor { .!(a .== b) }

    /// 1 where `a` is 0.
    public static prefix func .! (a: Tensor) -> Tensor { a .== Tensor(0) }

    /// 1 where both are true.
    public static func .& (a: Tensor, b: Tensor) -> Tensor { select(a, truth(b), Tensor(0)) }

    /// 1 where either is true.
    public static func .| (a: Tensor, b: Tensor) -> Tensor { select(a, Tensor(1), truth(b)) }

    /// 1 where one of the two is true and the other is not.
    public static func .^ (a: Tensor, b: Tensor) -> Tensor { truth(a) .!= truth(b) }

    /// 1 where NaN, which alone differs from itself.
    public var isNaN: Tensor { self .!= self }

    private static func truth(_ x: Tensor) -> Tensor { x.isTruth ? x : select(x, Tensor(1), Tensor(0)) }

    /// Whether it is 1 or 0 by construction.
    private var isTruth: Bool {
        switch node.operation {
        case .elementwise(.less), .elementwise(.lessEqual), .elementwise(.equal): true
        case .broadcast, .reshape, .stopGradient: Tensor(node.inputs[0]).isTruth
        default: false
        }
    }
}
