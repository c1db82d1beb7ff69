import TelosNN
import TelosTensor
import Testing

@testable import TelosLearning

@Suite struct InnerLoopTests {
    /// For quadratics everything is in closed form: L_i = 1/2 h_i (w - c_i)^2 leads to w_i = w - a h_i (w - c_i), and
    /// the gradient after n steps is (1 - a h_i)^n h_i (w_i - c_i), without the factor to first order.
    @Test(arguments: [1, 3]) func quadraticsAreExact(steps: Int) throws {
        let (curvatures, centers): ([Float], [Float]) = ([0.5, 2, 3], [1, -2, 0.5])
        let (w, rate): (Float, Float) = (0.7, 0.1)
        let (h, c) = (Tensor(curvatures, shape: [3, 1, 1]), Tensor(centers, shape: [3, 1, 1]))
        func loss(_ model: [Tensor]) -> Tensor { (0.5 * h * (model[0] - c).squared).sum() }
        for isFirstOrder in [false, true] {
            let start = [Tensor([w], shape: [1])]
            let adapted = unrolledDescent(
                from: start.repeated(3), steps: steps, rate: Tensor(rate), isFirstOrder: isFirstOrder
            ) { model, _ in loss(model) }
            let slope = try gradient(of: loss(adapted), withRespectTo: start)[0].evaluated()[0]
            var expected: Float = 0
            for task in 0..<3 {
                let shrink = (0..<steps).reduce(Float(1)) { power, _ in power * (1 - rate * curvatures[task]) }
                let moved = centers[task] + shrink * (w - centers[task])
                #expect(abs(try adapted[0].evaluated()[task] - moved) < 1e-6)
                expected += curvatures[task] * (moved - centers[task]) * (isFirstOrder ? 1 : shrink)
            }
            #expect(abs(slope - expected) < 1e-5)
        }
    }

    /// The meta-gradient of networks against central differences of the loss after the steps; leaving second
    /// derivatives out does not pass.
    @Test func metaGradientAgreesWithDifferences() throws {
        var random = RandomKey(seed: 4).stream
        let (tasks, points) = (3, 5)
        func table() -> Tensor {
            Tensor((0..<(tasks * points)).map { _ in Float(random.normal()) }, shape: [tasks, points, 1])
        }
        let (x, y, testX, testY) = (table(), table(), table(), table())
        func loss(_ model: MLP, _ x: Tensor, _ y: Tensor) -> Tensor { (model(x) - y).squared.sum() / Float(points) }
        let network = try Parameters(MLP([1, 6, 1], activation: .tanh, key: RandomKey(seed: 2))).traced
        func after(_ model: MLP, _ isFirstOrder: Bool) -> Tensor {
            let adapted = unrolledDescent(
                from: model.repeated(tasks), steps: 2, rate: Tensor(0.2), isFirstOrder: isFirstOrder
            ) { each, _ in loss(each, x, y) }
            return loss(adapted, testX, testY)
        }
        func direction(_ isFirstOrder: Bool) throws -> [Float] {
            try gradient(of: after(network, isFirstOrder), withRespectTo: network.tensors).flatMap {
                try $0.evaluated()
            }
        }
        let (exact, first) = (try direction(false), try direction(true))
        var differences: [Float] = []
        let tensors = network.tensors
        for (index, tensor) in tensors.enumerated() {
            let values = try tensor.evaluated()
            for position in values.indices {
                func moved(_ step: Float) throws -> Float {
                    var changed = values
                    changed[position] += step
                    var all = tensors
                    all[index] = Tensor(changed, shape: tensor.shape)
                    return try after(network.replacingTensors(all), false).evaluated()[0]
                }
                differences.append(try (moved(0.01) - moved(-0.01)) / 0.02)
            }
        }
        func error(_ a: [Float]) -> Float {
            let size = differences.reduce(0) { $0 + $1 * $1 }
            return (zip(a, differences).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / size).squareRoot()
        }
        #expect(error(exact) < 5e-3)
        #expect(error(first) > 0.05)
    }
}
