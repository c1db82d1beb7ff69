import TelosNN
import TelosTensor

/// What a network is built as.
public enum NetworkArchitecture: String, Sendable, Codable, CaseIterable {
    /// A multi-layer perceptron.
    case mlp
    /// SimBa's residual blocks, one for each hidden size (Lee and others, *SimBa: simplicity bias for scaling up
    /// parameters in deep reinforcement learning*, 2025).
    case simba
    /// A multi-layer perceptron of what a gated recurrent unit remembers.
    case gru
    /// The same of a long short-term memory.
    case lstm
    /// The same of a diagonal state-space layer.
    case s4d

    /// What remembers earlier observations.
    var memory: NetworkKind { NetworkKind(rawValue: rawValue) ?? .mlp }
}

/// A network of an actor or a critic: SimBa's, or hidden layers activation(norm(dropout(x W + b))) and a linear head.
struct FeedForward: TensorContainer {
    /// What all networks of an agent have in common.
    struct Shape {
        var architecture: NetworkArchitecture
        var hiddenSizes: [Int]
        var activation: Activation
        var layerNorm = false
        var dropout = 0.0
        var batchRenormalization = false

        private var memoryWidth: Int? { architecture.memory.isRecurrent ? hiddenSizes.first : nil }

        /// What reads observations before the hidden layers, as wide as the first of them; nil for no memory.
        ///
        /// Actions are joined to what it gives, so that a critic's memory values every action at once. Critics have one
        /// in common: Ni, Eysenbach and Salakhutdinov, *Recurrent model-free RL can be a strong baseline for many
        /// POMDPs*, 2022.
        func memory(_ encoding: ObservationEncoding, key: RandomKey) -> Trunk? {
            memoryWidth.map {
                Trunk(
                    architecture.memory, inputs: encoding.features, sizes: [$0], activation: activation, gain: 1,
                    key: key.derived("memory"))
            }
        }

        /// Width of the rows that hidden layers read, without actions.
        func inputs(_ encoding: ObservationEncoding) -> Int { memoryWidth ?? encoding.features }
    }

    /// What a pass makes use of besides the parameters.
    enum Mode {
        /// Uniform numbers for each hidden layer that drops units; none drops nothing.
        case plain(dropout: [Tensor] = [])
        /// Batch renormalisation by these running moments.
        case evaluation([BatchRenorm.Moments])
        /// Batch renormalisation by the batch's own.
        case training([BatchRenorm.Moments])
    }

    private var hidden: [Linear] = []
    private var layerNorms: [LayerNorm] = []
    private var batchNorms: [BatchRenorm] = []
    private var head: Linear?
    private var residual: ResidualMLP?
    private let activation: Activation
    private let dropout: Dropout

    init(_ inputs: Int, _ outputs: Int, _ shape: Shape, key: RandomKey) {
        activation = shape.activation
        dropout = Dropout(rate: Float(shape.dropout))
        if case .simba = shape.architecture {
            residual = ResidualMLP(
                inputs, outputs, width: shape.hiddenSizes.first ?? inputs, blocks: shape.hiddenSizes.count,
                activation: shape.activation, key: key)
            return
        }
        let sizes = [inputs] + shape.hiddenSizes
        hidden = shape.hiddenSizes.indices.map {
            Linear(sizes[$0], sizes[$0 + 1], key: key.derived("layer", $0))
        }
        head = Linear(sizes.last!, outputs, key: key.derived("layer", sizes.count - 1))
        if shape.layerNorm { layerNorms = shape.hiddenSizes.map { LayerNorm($0) } }
        if shape.batchRenormalization { batchNorms = sizes.map { BatchRenorm($0) } }
    }

    /// First running moments of `batchNorms`: of the input and of every hidden layer.
    static func moments(_ inputs: Int, _ shape: Shape) -> [BatchRenorm.Moments] {
        shape.batchRenormalization ? ([inputs] + shape.hiddenSizes).map { BatchRenorm.Moments($0) } : []
    }

    mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        hidden.visitTensors(path.appending(part: "hidden"), visit)
        layerNorms.visitTensors(path.appending(part: "layerNorms"), visit)
        batchNorms.visitTensors(path.appending(part: "batchNorms"), visit)
        head.visitTensors(path.appending(part: "head"), visit)
        residual.visitTensors(path.appending(part: "residual"), visit)
    }

    /// x [batch, inputs] -> [batch, outputs], with the running moments after a pass in training.
    func callAsFunction(_ x: Tensor, _ mode: Mode = .plain()) -> (outputs: Tensor, moments: [BatchRenorm.Moments]) {
        if let residual { return (residual(x), []) }
        var following: [BatchRenorm.Moments] = []
        func normalized(_ x: Tensor, _ index: Int) -> Tensor {
            switch mode {
            case .plain: return x
            case .evaluation(let moments): return batchNorms[index](x, moments: moments[index])
            case .training(let moments):
                let (output, next) = batchNorms[index].training(x, moments: moments[index])
                following.append(next)
                return output
            }
        }
        var value = normalized(x, 0)
        for (index, layer) in hidden.enumerated() {
            value = layer(value)
            if case .plain(let uniforms) = mode, !uniforms.isEmpty { value = dropout(value, uniform: uniforms[index]) }
            if !layerNorms.isEmpty { value = layerNorms[index](value) }
            value = normalized(activation(value), index + 1)
        }
        return (head!(value), following)
    }
}

extension ActorInput {
    /// Encoded rows as they are, or what a memory makes of them, with the memory after the last step.
    func read(through trunk: Trunk?, _ encoding: ObservationEncoding) -> (rows: Tensor, memory: Tensor?) {
        let encoded = encoding(observations)
        guard let trunk else { return (encoded, nil) }
        let (rows, after) = trunk(encoded, memory: memory, resets: resets, time: time)
        return (rows, after.first)
    }
}
