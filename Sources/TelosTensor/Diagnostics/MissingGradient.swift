extension Tensor {
    /// Stands for the gradients of parameters that nothing reaches: names them all, and says of the first why and where
    /// it was built.
    static func missingGradient(
        of loss: Tensor, withRespectTo parameters: [(name: String?, index: Int, tensor: Tensor)], _ file: StaticString,
        _ line: UInt
    ) -> Tensor {
        func title(_ parameter: (name: String?, index: Int, tensor: Tensor)) -> String {
            let name = parameter.tensor.node.origin.name ?? parameter.name
            return (name.map { "'\($0)'" } ?? "parameter \(parameter.index)") + " of shape \(parameter.tensor.shape)"
        }
        let first = parameters[0]
        let isUsed = topologicalOrder(of: [loss.node]).contains { $0 === first.tensor.node }
        let built = first.tensor.node.location.map { " (built at \($0))" } ?? ""
        let reason =
            first.tensor.node.constantValue != nil
            ? "\(title(first))\(built) is a constant, which simplification may remove; differentiate with respect to "
                + "the tensors of Parameters(model).traced"
            : isUsed
                ? "the loss depends on \(title(first))\(built) only through operations without a gradient "
                    + "(stoppingGradient, comparisons, indices)"
                : "the loss does not depend on \(title(first))\(built)"
        let others = parameters.dropFirst().map(title).joined(separator: ", ")
        return .invalid(
            "gradient",
            reason + (others.isEmpty ? "" : "; no gradient reaches \(others) either")
                + "; pass allowingUnused: true where zero gradients are meant", file, line)
    }
}
