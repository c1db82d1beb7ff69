extension Tensor {
    /// What a layer returns where it is given something it cannot work with: a tensor that carries the error, which
    /// compiling anything that depends on it throws.
    public static func misuse(
        _ operation: String, _ message: String, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor { invalid(operation, message, file, line) }
}
