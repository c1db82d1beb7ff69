import TelosTensor

/// The gradient of a loss on a batch and products with its Hessian, as compiled programs over flat vectors: every
/// tensor's elements one after another.
///
/// H v = d/dx <dL/dx, v> (Pearlmutter, *Fast exact multiplication by the Hessian*, 1994).
public final class LossCurvature {
    /// Elements of all tensors together.
    public let size: Int
    private let shapes: [[Int]]
    private let slopes: Program
    private let products: Program
    private let inputCount: Int

    /// - Parameters:
    ///   - variables: tensors of a traced model; the loss is differentiated with respect to these.
    ///   - inputs: placeholders of the loss.
    ///   - loss: a number.
    /// - Throws: the mistake in the graph, where there is one.
    public init(of loss: Tensor, withRespectTo variables: [Tensor], inputs: [Tensor] = [], threads: Int = 1) throws {
        shapes = variables.map(\.shape)
        size = variables.reduce(0) { $0 + $1.count }
        inputCount = inputs.count
        slopes = try Program(
            inputs: inputs, outputs: TelosTensor.gradient(of: loss, withRespectTo: variables), threads: threads)
        let vector = shapes.map { Tensor(placeholder: $0) }
        products = try Program(
            inputs: inputs + vector,
            outputs: hessianVectorProduct(of: loss, withRespectTo: variables, vector: vector), threads: threads)
    }

    /// Copies an input's values to where both programs read them.
    public func fill(_ index: Int, from values: some Collection<Float>) {
        _ = slopes.input(index).update(fromContentsOf: values)
        _ = products.input(index).update(fromContentsOf: values)
    }

    /// dL/dx on the batch that was filled in.
    public func gradient() -> [Double] {
        slopes.run()
        return flattened(slopes)
    }

    /// H v on the batch that was filled in.
    public func hessianProduct(_ vector: [Double]) -> [Double] {
        precondition(vector.count == size, "a vector of \(size) elements is needed, not \(vector.count)")
        var start = 0
        for (index, shape) in shapes.enumerated() {
            let input = products.input(inputCount + index)
            for slot in 0..<shape.reduce(1, *) { input[slot] = Float(vector[start + slot]) }
            start += shape.reduce(1, *)
        }
        products.run()
        return flattened(products)
    }

    /// The span of the Hessian's first eigenvectors (see `CurvatureSubspace.Order`).
    public func subspace(
        dimension: Int, order: CurvatureSubspace.Order = .algebraic, iterations: Int? = nil, key: RandomKey
    ) throws -> CurvatureSubspace {
        try CurvatureSubspace(
            dimension: dimension, size: size, order: order, iterations: iterations, key: key, product: hessianProduct)
    }

    private func flattened(_ program: Program) -> [Double] {
        withExtendedLifetime(program) { shapes.indices.flatMap { program.output($0).map(Double.init) } }
    }
}
