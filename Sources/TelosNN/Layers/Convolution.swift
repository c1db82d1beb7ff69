import TelosTensor

/// Two-dimensional convolution with a bias: x [n, height, width, inputs] -> [n, rows, columns, outputs], where
/// rows = (height + padding - kernel) / stride + 1 (see `convolution2D`).
public struct Convolution2D: TensorContainer {
    /// [kernel, kernel, inputs, outputs]
    public var weight: Tensor
    /// [outputs]
    public var bias: Tensor
    public var stride: Int
    public var padding: Padding

    public init(
        _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Padding = .none,
        initializer: Initializer = .orthogonal(gain: 1.414_213_6), key: RandomKey
    ) {
        weight = initializer(inputs: kernel * kernel * inputs, outputs: outputs, key: key)
            .reshaped(kernel, kernel, inputs, outputs)
        bias = .zeros(outputs)
        self.stride = stride
        self.padding = padding
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        convolution2D(x, weight, stride: stride, padding: padding) + bias
    }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        weight.visitTensors(path.appending(part: "weight"), visit)
        bias.visitTensors(path.appending(part: "bias"), visit)
    }
}

/// The encoder of Atari agents: convolutions 8x8 by 4 to 32 channels, 4x4 by 2 to 64, 3x3 by 1 to 64, and a linear
/// layer, each followed by ReLU (Mnih et al., *Human-level control through deep reinforcement learning*, 2015).
public struct AtariEncoder: TensorContainer {
    public var convolutions: [Convolution2D]
    public var linear: Linear

    /// - Parameters:
    ///   - size: height and width of the pictures, at least 36.
    ///   - channels: stacked frames.
    public init(size: Int = 84, channels: Int = 4, features: Int = 512, key: RandomKey) {
        convolutions = [
            Convolution2D(channels, 32, kernel: 8, stride: 4, key: key.derived("convolution", 0)),
            Convolution2D(32, 64, kernel: 4, stride: 2, key: key.derived("convolution", 1)),
            Convolution2D(64, 64, kernel: 3, key: key.derived("convolution", 2)),
        ]
        let extent = ((size - 8) / 4 + 1 - 4) / 2 + 1 - 2
        linear = Linear(
            extent * extent * 64, features, initializer: .orthogonal(gain: 1.414_213_6), key: key.derived("linear"))
    }

    /// x [n, size, size, channels], usually bytes divided by 255 -> [n, features].
    public func callAsFunction(_ x: Tensor) -> Tensor {
        let pictures = convolutions.reduce(x) { relu($1($0)) }
        return relu(linear(pictures.reshaped(x.shape.first ?? 1, -1)))
    }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        convolutions.visitTensors(path.appending(part: "convolutions"), visit)
        linear.visitTensors(path.appending(part: "linear"), visit)
    }
}
