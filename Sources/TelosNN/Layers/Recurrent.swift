import TelosTensor

/// A recurrent layer, split into what depends on the input alone and what depends on the state.
///
/// The first part runs once for all steps of a sequence, so that the loop holds only products with the state.
public protocol RecurrentCell: TensorContainer {
    associatedtype State: TensorContainer
    /// Zeros, for `batch` rows.
    func initialState(batch: Int) -> State
    /// x [rows, inputs] -> arrays [rows, width], any number of rows at once.
    func projections(_ x: Tensor) -> [Tensor]
    /// One step from projections [batch, width]: the output [batch, width] and the next state.
    func step(_ projections: [Tensor], _ state: State) -> (output: Tensor, state: State)
}

extension RecurrentCell {
    /// One step, x [batch, inputs].
    public func callAsFunction(_ x: Tensor, state: State) -> (output: Tensor, state: State) {
        step(projections(x), state)
    }

    /// A time-major sequence [time, batch, inputs] -> outputs [time, batch, width] and the state after the last step.
    ///
    /// - Parameters:
    ///   - initial: the state before the first step; zeros where nil.
    ///   - resets: [time, batch], 1 where the step begins an episode and so must start from a zero state; else 0.
    public func callAsFunction(
        sequence x: Tensor, initial: State? = nil, resets: Tensor? = nil
    ) -> (outputs: Tensor, state: State) {
        guard x.rank == 3 else {
            let error = Tensor.misuse("recurrent layer", "needs a sequence [time, batch, inputs], not \(x.shape)")
            return (error, initial ?? initialState(batch: 1))
        }
        let (time, batch) = (x.shape[0], x.shape[1])
        let projected = projections(x.reshaped(time * batch, x.shape[2])).map { $0.reshaped(time, batch, -1) }
        let keep = resets.map { [(1 - $0).reshaped(time, batch, 1)] } ?? []
        let (state, outputs) = scan(
            over: projected + keep, initial: initial ?? initialState(batch: batch)
        ) { state, inputs, _ -> (State, Tensor) in
            let before = resets == nil ? state : state.mapTensors { $0 * inputs.last! }
            let (output, next) = step(Array(inputs.prefix(projected.count)), before)
            return (next, output)
        }
        return (outputs, state)
    }
}

/// x W + h U + b before the nonlinearity of a gate, W [inputs, width], U [width, width].
///
/// Gates keep separate matrices: their pre-activations then never have to be cut out of a wider array.
public struct RecurrentGate: TensorContainer {
    public var input: Linear
    /// [width, width]
    public var hidden: Tensor

    /// Glorot's uniform input weights, orthogonal state weights, a constant bias.
    public init(_ inputs: Int, _ width: Int, bias: Float = 0, key: RandomKey) {
        input = Linear(inputs, width, initializer: .glorotUniform, key: key.derived("input"))
        input.bias = Tensor(bias).broadcast(to: [width])
        hidden = Initializer.orthogonal(gain: 1)(inputs: width, outputs: width, key: key.derived("hidden"))
    }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        input.visitTensors(path.appending(part: "input"), visit)
        hidden.visitTensors(path.appending(part: "hidden"), visit)
    }
}

/// Gated recurrent unit (Cho et al., *Learning phrase representations using RNN encoder-decoder*, 2014).
///
/// r = sigmoid(x Wr + h Ur + br), z = sigmoid(x Wz + h Uz + bz), n = tanh(x Wn + bn + r (h Un + c)),
/// h' = (1 - z) n + z h: the form of PyTorch and cuDNN, whose two biases of r and z are one here.
public struct GRUCell: RecurrentCell {
    public var reset: RecurrentGate
    public var update: RecurrentGate
    public var candidate: RecurrentGate
    /// c, inside the reset gate, [width].
    public var candidateHiddenBias: Tensor

    public init(_ inputs: Int, _ width: Int, key: RandomKey) {
        reset = RecurrentGate(inputs, width, key: key.derived("reset"))
        update = RecurrentGate(inputs, width, key: key.derived("update"))
        candidate = RecurrentGate(inputs, width, key: key.derived("candidate"))
        candidateHiddenBias = .zeros(width)
    }

    public func initialState(batch: Int) -> Tensor { .zeros(batch, reset.hidden.shape[0]) }

    public func projections(_ x: Tensor) -> [Tensor] { [reset.input(x), update.input(x), candidate.input(x)] }

    public func step(_ projections: [Tensor], _ state: Tensor) -> (output: Tensor, state: Tensor) {
        let r = sigmoid(projections[0] + matmul(state, reset.hidden))
        let z = sigmoid(projections[1] + matmul(state, update.hidden))
        let n = tanh(projections[2] + r * (matmul(state, candidate.hidden) + candidateHiddenBias))
        let next = n + z * (state - n)
        return (next, next)
    }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        reset.visitTensors(path.appending(part: "reset"), visit)
        update.visitTensors(path.appending(part: "update"), visit)
        candidate.visitTensors(path.appending(part: "candidate"), visit)
        candidateHiddenBias.visitTensors(path.appending(part: "candidateHiddenBias"), visit)
    }
}

/// Long short-term memory (Hochreiter and Schmidhuber, 1997; forget gate: Gers, Schmidhuber and Cummins, 2000).
///
/// i, f, o = sigmoid(x W + h U + b), g = tanh(x Wg + h Ug + bg), c' = f c + i g, h' = o tanh(c').
/// The forget gate's bias starts at 1.
public struct LSTMCell: RecurrentCell {
    public struct State: TensorContainer {
        /// h, [batch, width]
        public var hidden: Tensor
        /// c, [batch, width]
        public var cell: Tensor

        public init(hidden: Tensor, cell: Tensor) {
            self.hidden = hidden
            self.cell = cell
        }

        public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
            hidden.visitTensors(path.appending(part: "hidden"), visit)
            cell.visitTensors(path.appending(part: "cell"), visit)
        }
    }

    public var input: RecurrentGate
    public var forget: RecurrentGate
    public var candidate: RecurrentGate
    public var output: RecurrentGate

    public init(_ inputs: Int, _ width: Int, key: RandomKey) {
        input = RecurrentGate(inputs, width, key: key.derived("input"))
        forget = RecurrentGate(inputs, width, bias: 1, key: key.derived("forget"))
        candidate = RecurrentGate(inputs, width, key: key.derived("candidate"))
        output = RecurrentGate(inputs, width, key: key.derived("output"))
    }

    public func initialState(batch: Int) -> State {
        let zeros = Tensor.zeros(batch, input.hidden.shape[0])
        return State(hidden: zeros, cell: zeros)
    }

    public func projections(_ x: Tensor) -> [Tensor] {
        [input.input(x), forget.input(x), candidate.input(x), output.input(x)]
    }

    public func step(_ projections: [Tensor], _ state: State) -> (output: Tensor, state: State) {
        let h = state.hidden
        let i = sigmoid(projections[0] + matmul(h, input.hidden))
        let f = sigmoid(projections[1] + matmul(h, forget.hidden))
        let g = tanh(projections[2] + matmul(h, candidate.hidden))
        let o = sigmoid(projections[3] + matmul(h, output.hidden))
        let cell = f * state.cell + i * g
        let hidden = o * tanh(cell)
        return (hidden, State(hidden: hidden, cell: cell))
    }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        input.visitTensors(path.appending(part: "input"), visit)
        forget.visitTensors(path.appending(part: "forget"), visit)
        candidate.visitTensors(path.appending(part: "candidate"), visit)
        output.visitTensors(path.appending(part: "output"), visit)
    }
}
