/// Adam on plain numbers in double precision: `Adam` for what is too small to compile a program for.
public struct AdamVector: Sendable, Hashable, Codable {
    public var beta1: Double
    public var beta2: Double
    public var epsilon: Double
    private var means: [Double]
    private var squares: [Double]
    private var power1 = 1.0
    private var power2 = 1.0

    public init(count: Int, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8) {
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        means = Array(repeating: 0, count: count)
        squares = means
    }

    /// Moves `parameters` against `gradient` (along it with a negative `learningRate`).
    public mutating func step(_ parameters: inout [Double], gradient: [Double], learningRate: Double) {
        precondition(parameters.count == means.count && gradient.count == means.count, "one number a parameter")
        power1 *= beta1
        power2 *= beta2
        for index in means.indices {
            means[index] += (1 - beta1) * (gradient[index] - means[index])
            squares[index] += (1 - beta2) * (gradient[index] * gradient[index] - squares[index])
            let size = (squares[index] / (1 - power2)).squareRoot() + epsilon
            parameters[index] -= learningRate * means[index] / (1 - power1) / size
        }
    }
}
