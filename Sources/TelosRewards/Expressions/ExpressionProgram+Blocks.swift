import TelosEnvironments

extension ExpressionProgram {
    /// Calls `body` with the program's values for each block of transitions and the block's first index.
    func forEachBlock(
        _ transitions: TransitionBatch, _ body: (_ start: Int, _ values: UnsafeMutableBufferPointer<Double>) -> Void
    ) {
        withRegisters { registers in
            withUnsafeTemporaryAllocation(of: Double.self, capacity: 128) { values in
                var start = 0
                while start < transitions.count {
                    let lanes = min(Self.blockSize, transitions.count - start)
                    run(transitions, from: start, lanes: lanes, registers, into: values.baseAddress!)
                    body(start, .init(rebasing: values[0..<lanes]))
                    start += lanes
                }
            }
        }
    }
}
