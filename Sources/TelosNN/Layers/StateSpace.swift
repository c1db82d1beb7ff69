import CTelosKernels
import TelosTensor

/// A diagonal state-space layer (Gu, Gupta, Goel and Ré, *On the parameterization and initialization of diagonal state
/// space models*, 2022: S4D-Lin, zero-order hold).
///
/// For each channel, `modes` complex states s' = A s + u with A = -exp(decay) + i frequency, sampled with step D:
/// s[t] = a s[t-1] + u[t], a = exp(D A), y[t] = 2 Re sum of C (a - 1) / A s[t] + skip u[t].
///
/// Sequences without resets run as convolutions. With them the complex recurrence is two real ones: with
/// a = r exp(i w), s[t] exp(-i w (t + 1)) obeys the recurrence of r alone.
public struct DiagonalStateSpace: TensorContainer {
    /// s, [batch, channels, modes].
    public struct State: TensorContainer {
        public var real: Tensor
        public var imaginary: Tensor

        public init(real: Tensor, imaginary: Tensor) {
            self.real = real
            self.imaginary = imaginary
        }

        public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
            real.visitTensors(path.appending(part: "real"), visit)
            imaginary.visitTensors(path.appending(part: "imaginary"), visit)
        }
    }

    /// log D, [channels, 1]
    public var logStep: Tensor
    /// log(-Re A) and Im A, [channels, modes]
    public var decay: Tensor
    public var frequency: Tensor
    /// C, [channels, modes]
    public var outputReal: Tensor
    public var outputImaginary: Tensor
    /// [channels]
    public var skip: Tensor

    /// A = -1/2 + i pi n; steps log-uniform in `steps`; C standard complex normal; skip standard normal.
    public init(channels: Int, modes: Int = 16, steps: ClosedRange<Double> = 0.001...0.1, key: RandomKey) {
        var random = key.stream
        func draws(_ count: Int, _ draw: () -> Double) -> [Float] { (0..<count).map { _ in Float(draw()) } }
        let range = (telos_log64(steps.lowerBound), telos_log64(steps.upperBound))
        let shape = [channels, modes]
        logStep = Tensor(draws(channels) { random.uniform(range.0, range.1) }, shape: [channels, 1])
        decay = Tensor(Float(telos_log64(0.5))).broadcast(to: shape)
        frequency = Tensor((0..<modes).map { Float(Double.pi * Double($0)) }, shape: [modes]).broadcast(to: shape)
        outputReal = Tensor(draws(channels * modes) { random.normal() * 0.5.squareRoot() }, shape: shape)
        outputImaginary = Tensor(draws(channels * modes) { random.normal() * 0.5.squareRoot() }, shape: shape)
        skip = Tensor(draws(channels) { random.normal() }, shape: [channels])
    }

    public func initialState(batch: Int) -> State {
        let zeros = Tensor.zeros(like: decay.broadcast(to: [batch] + decay.shape))
        return State(real: zeros, imaginary: zeros)
    }

    /// One step, x [batch, channels] -> [batch, channels].
    public func callAsFunction(_ x: Tensor, state: State) -> (output: Tensor, state: State) {
        let (radius, angle) = polar
        let (real, imaginary) = (radius * cos(angle), radius * sin(angle))
        let input = x.reshaped(to: x.shape + [1])
        let next = State(
            real: real * state.real - imaginary * state.imaginary + input,
            imaginary: real * state.imaginary + imaginary * state.real)
        return (reading(next) + skip * x, next)
    }

    /// A time-major sequence [time, batch, channels] -> outputs of the same shape and the state after the last step.
    ///
    /// - resets: [time, batch], 1 where the step begins an episode and so starts from a zero state; else 0.
    public func callAsFunction(
        sequence x: Tensor, initial: State? = nil, resets: Tensor? = nil
    ) -> (outputs: Tensor, state: State) {
        guard x.rank == 3, x.shape[0] > 0, x.shape[2] == skip.shape[0] else {
            let message = "\(skip.shape[0]) channels need a sequence [time, batch, channels], not \(x.shape)"
            return (.misuse("state space", message), initial ?? initialState(batch: 1))
        }
        let (time, batch) = (x.shape[0], x.shape[1])
        if resets == nil, time <= 2 * batch * decay.shape[1] { return convolved(x, initial: initial) }
        let (radius, angle) = polar
        let steps = Tensor((1...time).map(Float.init), shape: [time, 1, 1, 1])
        let turns = angle * steps
        let (cosine, sine) = (cos(turns), sin(turns))
        let input = x.reshaped(time, batch, x.shape[2], 1)
        let factor = resets.map { radius * (1 - $0).reshaped(time, batch, 1, 1) } ?? radius
        let before = initial ?? initialState(batch: batch)
        let real = linearRecurrence(factor, input * cosine, initial: before.real)
        let imaginary = linearRecurrence(factor, -(input * sine), initial: before.imaginary)
        let states = State(real: real * cosine - imaginary * sine, imaginary: imaginary * cosine + real * sine)
        return (reading(states) + skip * x, states.mapTensors { $0.element(time - 1) })
    }

    /// Without resets the layer is a convolution of each channel with k[e] = 2 Re sum of C (a - 1) / A a^e: a product
    /// with a triangular Toeplitz matrix, which keeps no states. Cheaper while the matrix is smaller than the states.
    private func convolved(_ x: Tensor, initial: State?) -> (outputs: Tensor, state: State) {
        let (time, channels) = (x.shape[0], x.shape[2])
        let modes = decay.shape[1]
        let step = exp(logStep)
        let exponents = Tensor((0...time).map(Float.init), shape: [time + 1, 1, 1])
        let (size, turns) = (exp(-(step * exp(decay)) * exponents), step * frequency * exponents)
        let (powerReal, powerImaginary) = (size * cos(turns), size * sin(turns))
        let (real, imaginary) = coefficients
        let kernel = (powerReal * real - powerImaginary * imaginary).sum(axis: -1)
        let lags = (0..<(time * time)).map { Float($0 / time - $0 % time) }
        let toeplitz = kernel.sliced(axis: 0, 0, time).gatheringRows(Tensor(lags, shape: [time * time]))
            .reshaped(time, time, channels).transposed(2, 0, 1)
        let inputs = x.transposed(2, 0, 1)
        var outputs = matmul(toeplitz, inputs)
        // What a^(time - 1 - t) u[t] sums to.
        let backwards = Tensor((0..<time).reversed().map(Float.init), shape: [time])
        func collected(_ power: Tensor) -> Tensor {
            let rows = power.reshaped(time + 1, channels * modes).gatheringRows(backwards)
            let perChannel = rows.reshaped(time, channels, modes).transposed(1, 0, 2)
            return matmul(perChannel, inputs, transposeA: true).transposed(2, 0, 1)
        }
        var state = State(real: collected(powerReal), imaginary: collected(powerImaginary))
        if let initial {
            func later(_ values: Tensor) -> Tensor { values.sliced(axis: 0, 1, time + 1).transposed(1, 0, 2) }
            let seenReal = later(powerReal * real - powerImaginary * imaginary)
            let seenImaginary = later(powerReal * imaginary + powerImaginary * real)
            outputs =
                outputs + matmul(seenReal, initial.real.transposed(1, 2, 0))
                - matmul(seenImaginary, initial.imaginary.transposed(1, 2, 0))
            let (lastReal, lastImaginary) = (powerReal.element(time), powerImaginary.element(time))
            state.real = state.real + lastReal * initial.real - lastImaginary * initial.imaginary
            state.imaginary = state.imaginary + lastReal * initial.imaginary + lastImaginary * initial.real
        }
        return (outputs.transposed(1, 2, 0) + skip * x, state)
    }

    /// |a| and arg a, [channels, modes].
    private var polar: (radius: Tensor, angle: Tensor) {
        let step = exp(logStep)
        return (exp(-(step * exp(decay))), step * frequency)
    }

    /// 2 C (a - 1) / A, [channels, modes].
    private var coefficients: (real: Tensor, imaginary: Tensor) {
        let (radius, angle) = polar
        let (aReal, aImaginary) = (radius * cos(angle) - 1, radius * sin(angle))
        let poleReal = -exp(decay)
        let scale = 2 / (poleReal.squared + frequency.squared)
        let heldReal = (aReal * poleReal + aImaginary * frequency) * scale
        let heldImaginary = (aImaginary * poleReal - aReal * frequency) * scale
        return (
            outputReal * heldReal - outputImaginary * heldImaginary,
            outputReal * heldImaginary + outputImaginary * heldReal
        )
    }

    /// 2 Re sum over modes of C (a - 1) / A s.
    private func reading(_ state: State) -> Tensor {
        let (real, imaginary) = coefficients
        return (real * state.real - imaginary * state.imaginary).sum(axis: -1)
    }

    public mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
        logStep.visitTensors(path.appending(part: "logStep"), visit)
        decay.visitTensors(path.appending(part: "decay"), visit)
        frequency.visitTensors(path.appending(part: "frequency"), visit)
        outputReal.visitTensors(path.appending(part: "outputReal"), visit)
        outputImaginary.visitTensors(path.appending(part: "outputImaginary"), visit)
        skip.visitTensors(path.appending(part: "skip"), visit)
    }
}
