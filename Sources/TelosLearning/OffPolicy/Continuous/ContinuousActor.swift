import TelosNN
import TelosTensor

/// Maps [-1, 1] to a box's bounds and back, element by element.
struct ActionScale: Hashable {
    let low: [Float]
    let high: [Float]

    var width: Int { low.count }
    private var middle: Tensor { Tensor(zip(low, high).map { ($0 + $1) / 2 }, shape: [width]) }
    private var half: Tensor { Tensor(zip(low, high).map { ($1 - $0) / 2 }, shape: [width]) }

    func toEnvironment(_ actions: Tensor) -> Tensor { middle + half * actions }
    func fromEnvironment(_ actions: Tensor) -> Tensor { ((actions - middle) / half).clipped(-1, 1) }
}

/// A policy over [-1, 1]^d: a squashed Gaussian, or one action.
struct ContinuousActor: TensorContainer {
    var network: MLP
    let encoding: ObservationEncoding
    let width: Int
    let isStochastic: Bool

    init(
        encoding: ObservationEncoding, width: Int, isStochastic: Bool, hiddenSizes: [Int], activation: Activation,
        key: RandomKey
    ) {
        self.encoding = encoding
        self.width = width
        self.isStochastic = isStochastic
        network = MLP(
            [encoding.features] + hiddenSizes + [isStochastic ? 2 * width : width], activation: activation,
            hidden: .uniformFanIn, output: .uniformFanIn, key: key)
    }

    mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        network.visitTensors(path, visit)
    }

    /// Log deviations are kept in -20 ... 2.
    func distribution(_ observations: Tensor) -> SquashedGaussian {
        let outputs = network(encoding(observations))
        return SquashedGaussian(
            mean: outputs.sliced(axis: 1, 0, width),
            logDeviation: outputs.sliced(axis: 1, width, 2 * width).clipped(-20, 2))
    }

    /// The action without noise, [batch, width].
    func mode(_ observations: Tensor) -> Tensor {
        isStochastic ? distribution(observations).mode : tanh(network(encoding(observations)))
    }
}

/// Several independent networks for Q(s, a), a in [-1, 1]^d.
struct CriticEnsemble: TensorContainer {
    var networks: [MLP]
    let encoding: ObservationEncoding

    init(
        count: Int, encoding: ObservationEncoding, actionWidth: Int, hiddenSizes: [Int], activation: Activation,
        key: RandomKey
    ) {
        self.encoding = encoding
        networks = (0..<count).map {
            MLP(
                [encoding.features + actionWidth] + hiddenSizes + [1], activation: activation, hidden: .uniformFanIn,
                output: .uniformFanIn, key: key.derived("critic", $0))
        }
    }

    mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        networks.visitTensors(path, visit)
    }

    /// [batch] from each network.
    func callAsFunction(_ observations: Tensor, _ actions: Tensor) -> [Tensor] {
        let joint = Tensor.concatenate([encoding(observations), actions], axis: 1)
        return networks.map { $0(joint).reshaped(observations.shape[0]) }
    }
}

/// An actor by itself.
final class ContinuousPolicy: Policy {
    let parameters: Parameters<ContinuousActor>
    let scale: ActionScale
    let noise: Float
    private var programs: [Int: Program] = [:]

    /// - noise: standard deviation of what a deterministic actor's actions are varied by, where they are not to be
    ///   deterministic.
    init(copying actor: ContinuousActor, scale: ActionScale, noise: Double) {
        // A copy of parameters that are already compiled elsewhere; there is nothing left to get wrong.
        parameters = try! Parameters(actor)
        self.scale = scale
        self.noise = Float(noise)
    }

    func act(
        on observations: UnsafeBufferPointer<Float>, count: Int, into actions: UnsafeMutableBufferPointer<Float>,
        deterministic: Bool, using random: inout RandomStream
    ) {
        let program = self.program(count)
        _ = program.input(0).update(fromContentsOf: observations)
        if deterministic { program.input(1).update(repeating: 0) } else { random.fillNormal(program.input(1)) }
        program.run()
        _ = actions.update(fromContentsOf: program.output(0))
    }

    private func program(_ count: Int) -> Program {
        if let program = programs[count] { return program }
        let observations = Tensor(placeholder: count, parameters.traced.encoding.width)
        let normal = Tensor(placeholder: count, scale.width)
        let program = try! Program(
            inputs: [observations, normal],
            outputs: [scale.toEnvironment(Self.draw(parameters.traced, observations, normal, noise))])
        programs[count] = program
        return program
    }

    /// The actor's action varied by standard normal numbers, in [-1, 1]^d.
    static func draw(_ actor: ContinuousActor, _ observations: Tensor, _ normal: Tensor, _ noise: Float) -> Tensor {
        actor.isStochastic
            ? actor.distribution(observations).sample(noise: normal)
            : (actor.mode(observations) + noise * normal).clipped(-1, 1)
    }
}
