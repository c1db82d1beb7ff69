import TelosTensor

/// y = (x - mean) / sqrt(variance + epsilon) * gain + bias over the last axis, x [..., width].
/// (Ba, Kiros and Hinton, *Layer normalization*, 2016.)
public struct LayerNorm: TensorContainer {
    public var gain: Tensor
    public var bias: Tensor
    public var epsilon: Float

    public init(_ width: Int, epsilon: Float = 1e-5) {
        gain = Tensor(1).broadcast(to: [width])
        bias = .zeros(width)
        self.epsilon = epsilon
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        let centred = x - x.mean(axis: -1, keepingAxis: true)
        let variance = centred.squared.mean(axis: -1, keepingAxis: true)
        return centred * (1 / sqrt(variance + epsilon)) * gain + bias
    }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        gain.visitTensors(path.appending(part: "gain"), visit)
        bias.visitTensors(path.appending(part: "bias"), visit)
    }
}

/// y = x / sqrt(mean(x^2) + epsilon) * gain over the last axis, x [..., width].
/// (Zhang and Sennrich, *Root mean square layer normalization*, 2019.)
public struct RMSNorm: TensorContainer {
    public var gain: Tensor
    public var epsilon: Float

    public init(_ width: Int, epsilon: Float = 1e-5) {
        gain = Tensor(1).broadcast(to: [width])
        self.epsilon = epsilon
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        x * (1 / sqrt(x.squared.mean(axis: -1, keepingAxis: true) + epsilon)) * gain
    }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        gain.visitTensors(path.appending(part: "gain"), visit)
    }
}
