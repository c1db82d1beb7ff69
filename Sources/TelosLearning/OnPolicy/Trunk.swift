import TelosNN
import TelosTensor

/// What the hidden layers of a policy are made of.
public enum NetworkKind: String, Sendable, Codable, CaseIterable {
    case mlp
    /// The last hidden layer is a gated recurrent unit.
    case gru
    /// The last hidden layer is a long short-term memory.
    case lstm
    /// A diagonal state-space layer follows the hidden layers.
    case s4d

    public var isRecurrent: Bool { self != .mlp }
}

/// Hidden layers whose last one may remember: rows of a sequence in, rows of the same sequence out.
///
/// Memory is one flat row a sequence, zeros where an episode begins.
struct Trunk: TensorContainer {
    private var layers: [Linear]
    private var gru: GRUCell?
    private var lstm: LSTMCell?
    private var stateSpace: StateSpaceBlock?
    private let activation: Activation
    let memoryWidth: Int

    init(_ kind: NetworkKind, inputs: Int, sizes: [Int], activation: Activation, gain: Float, key: RandomKey) {
        self.activation = activation
        let isCell = kind == .gru || kind == .lstm
        let extents = [inputs] + (isCell ? Array(sizes.dropLast()) : sizes)
        layers = extents.indices.dropLast().map {
            Linear(
                extents[$0], extents[$0 + 1], initializer: .orthogonal(gain: gain), key: key.derived("layer", $0))
        }
        let (before, width) = (extents.last ?? inputs, sizes.last ?? inputs)
        switch kind {
        case .mlp: memoryWidth = 0
        case .gru:
            gru = GRUCell(before, width, key: key.derived("gru"))
            memoryWidth = width
        case .lstm:
            lstm = LSTMCell(before, width, key: key.derived("lstm"))
            memoryWidth = 2 * width
        case .s4d:
            let block = StateSpaceBlock(width, key: key.derived("s4d"))
            stateSpace = block
            memoryWidth = 2 * block.layer.frequency.count
        }
    }

    mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        layers.visitTensors(path.appending(part: "layers"), visit)
        gru.visitTensors(path.appending(part: "gru"), visit)
        lstm.visitTensors(path.appending(part: "lstm"), visit)
        stateSpace.visitTensors(path.appending(part: "s4d"), visit)
    }

    /// - Parameters:
    ///   - rows: [time * sequences, inputs], time-major.
    ///   - memory: before the first step, [sequences, memoryWidth].
    ///   - resets: [time, sequences], 1 where the step begins an episode; nil for none.
    /// - Returns: [time * sequences, width], and the memory after the last step (empty without memory).
    func callAsFunction(_ rows: Tensor, memory: Tensor?, resets: Tensor?, time: Int) -> (rows: Tensor, memory: [Tensor])
    {
        let hidden = layers.reduce(rows) { activation($1($0)) }
        if let gru { return remember(gru, hidden, memory, resets, time) }
        if let lstm { return remember(lstm, hidden, memory, resets, time) }
        if let stateSpace {
            let sequences = hidden.shape[0] / max(1, time)
            let before = unpacked(memory, like: stateSpace.layer.initialState(batch: sequences))
            let (read, after) =
                time == 1
                ? stateSpace.layer(hidden, state: before)
                : stateSpace.sequence(hidden.reshaped(time, sequences, -1), initial: before, resets: resets)
            return (stateSpace.mixed(hidden, read.reshaped(to: hidden.shape)), [packed(after)])
        }
        return (hidden, [])
    }

    private func remember<Cell: RecurrentCell>(
        _ cell: Cell, _ rows: Tensor, _ memory: Tensor?, _ resets: Tensor?, _ time: Int
    ) -> (rows: Tensor, memory: [Tensor]) {
        let sequences = rows.shape[0] / max(1, time)
        let before = unpacked(memory, like: cell.initialState(batch: sequences))
        if time == 1 {
            let (output, after) = cell(rows, state: before)
            return (output, [packed(after)])
        }
        let (outputs, after) = cell(sequence: rows.reshaped(time, sequences, -1), initial: before, resets: resets)
        return (outputs.reshaped(time * sequences, -1), [packed(after)])
    }

    private func packed(_ state: some TensorContainer) -> Tensor {
        .concatenate(state.tensors.map { $0.reshaped($0.shape[0], -1) }, axis: -1)
    }

    private func unpacked<State: TensorContainer>(_ memory: Tensor?, like template: State) -> State {
        guard let memory else { return template }
        var start = 0
        return template.mapTensors { part in
            let width = part.count / max(1, part.shape[0])
            defer { start += width }
            return memory.sliced(axis: -1, start, start + width).reshaped(to: part.shape)
        }
    }
}

/// y = x + W gelu(S(x)), S a diagonal state-space layer over time: the block of Gu, Goel and Ré, *Efficiently modeling
/// long sequences with structured state spaces*, 2022, without its normalisation.
private struct StateSpaceBlock: TensorContainer {
    var layer: DiagonalStateSpace
    var mix: Linear

    /// Steps from 1/100 to 1/2, so that memories of two to a hundred steps are there from the start.
    init(_ channels: Int, key: RandomKey) {
        layer = DiagonalStateSpace(channels: channels, modes: 8, steps: 0.01...0.5, key: key.derived("layer"))
        mix = Linear(channels, channels, key: key.derived("mix"))
    }

    func sequence(
        _ x: Tensor, initial: DiagonalStateSpace.State, resets: Tensor?
    ) -> (output: Tensor, state: DiagonalStateSpace.State) {
        let (outputs, state) = layer(sequence: x, initial: initial, resets: resets)
        return (outputs, state)
    }

    func mixed(_ x: Tensor, _ read: Tensor) -> Tensor { x + mix(Activation.gelu(read)) }

    mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        layer.visitTensors(path.appending(part: "layer"), visit)
        mix.visitTensors(path.appending(part: "mix"), visit)
    }
}
