import TelosTensor

/// How -H^-1 v is approximated from Hessian-vector products alone, H being the (negative definite) Hessian of what the
/// inner problem maximises.
public enum InverseHessianMethod: Sendable, Hashable {
    /// -H^-1 v = e sum_{i = 0 ... terms} (I + e H)^i v, which needs e |H| < 1. With 0 terms it is v itself.
    case neumann(terms: Int, step: Float)
    /// Conjugate gradients on (-H + damping I) x = v (Hestenes and Stiefel, 1952).
    case conjugateGradient(iterations: Int, damping: Float)
}

/// Computes q = -H^-1 v for an objective L(parameters, inputs), by the implicit function theorem's needs.
///
/// At a maximum of L the parameters respond to a change of what L depends on by -H^-1 times the mixed derivative; so
/// a gradient v with respect to the parameters becomes q with respect to the right-hand sides. (Lorraine, Vicol and
/// Duvenaud, *Optimizing millions of hyperparameters by implicit differentiation*, 2020.)
public final class InverseHessianProduct<Model: TensorContainer> {
    /// The result, in the shape of the model; valid after `run`.
    public let solution: Parameters<Model>
    public let method: InverseHessianMethod
    private let residual: Parameters<Model>
    private let direction: Parameters<Model>
    private let energy: Parameters<Tensor>
    private let start: Program
    private let iterate: Program

    /// - Parameters:
    ///   - inputs: placeholders of the objective and of `vector`; fill both programs' copies through `fill`.
    ///   - vector: v, a graph over `parameters.traced` and `inputs`.
    ///   - objective: L, a number.
    public init(
        _ parameters: Parameters<Model>, inputs: [Tensor], vector: [Tensor], objective: Tensor,
        method: InverseHessianMethod, threads: Int = 1
    ) throws {
        self.method = method
        let blank = parameters.traced.mapTensors { Tensor.zeros(like: $0) }
        solution = try Parameters(blank)
        residual = try Parameters(blank)
        direction = try Parameters(blank)
        let energy = try Parameters(Tensor(0))
        self.energy = energy
        let theta = parameters.traced.tensors
        let (x, r, p) = (solution.traced.tensors, residual.traced.tensors, direction.traced.tensors)
        func product(_ v: [Tensor]) -> [Tensor] { hessianVectorProduct(of: objective, withRespectTo: theta, vector: v) }
        func updates(_ variables: [Tensor], _ values: [Tensor]) -> [Program.Update] {
            zip(variables, values).map { Program.Update($0, to: $1) }
        }
        switch method {
        case .neumann(let terms, let step):
            start = try Program(
                inputs: inputs, outputs: [],
                updates: updates(p, vector) + updates(x, terms == 0 ? vector : vector.map { step * $0 }),
                threads: threads)
            let next = zip(p, product(p)).map { $0 + step * $1 }
            iterate = try Program(
                inputs: inputs, outputs: [],
                updates: updates(p, next) + updates(x, zip(x, next).map { $0 + step * $1 }),
                threads: threads)
        case .conjugateGradient(_, let damping):
            func assignments(_ state: ConjugateGradientState) -> [Program.Update] {
                updates(x, state.solution) + updates(r, state.residual) + updates(p, state.direction)
                    + [Program.Update(energy.traced, to: state.energy)]
            }
            let state = ConjugateGradientState(solution: x, residual: r, direction: p, energy: energy.traced)
            start = try Program(
                inputs: inputs, outputs: [], updates: assignments(ConjugateGradientState(rightHandSide: vector)),
                threads: threads)
            // L is at a maximum, so that -H is what is positive definite.
            iterate = try Program(
                inputs: inputs, outputs: [],
                updates: assignments(state.advanced(by: { product($0).map { -$0 } }, damping: damping)),
                threads: threads)
        }
    }

    /// Copies an input's values to where both programs read them.
    public func fill(_ index: Int, from values: UnsafeBufferPointer<Float>) {
        _ = start.input(index).update(fromContentsOf: values)
        _ = iterate.input(index).update(fromContentsOf: values)
    }

    public func run() {
        start.run()
        let count =
            switch method {
            case .neumann(let terms, _): terms
            case .conjugateGradient(let iterations, _): iterations
            }
        for _ in 0..<count { iterate.run() }
    }
}
