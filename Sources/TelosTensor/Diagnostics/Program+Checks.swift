import CTelosKernels

extension Program {
    /// What a program verifies while it runs. Without checks a run costs nothing extra; with them every operation is a
    /// step of its own, so that the exact one is named. The results have the same bits either way.
    public struct Checks: OptionSet, Sendable {
        public let rawValue: Int
        public init(rawValue: Int) { self.rawValue = rawValue }

        /// Every operation's result: no NaN, and no infinity made from finite operands. An infinity that was given as a
        /// constant or input may pass through.
        public static let nonFinite = Checks(rawValue: 1)

        /// `.nonFinite` where the environment variable TELOS_CHECK is set to something other than 0.
        public static var requested: Checks { telos_checks_requested() != 0 ? .nonFinite : [] }
    }

    /// One run that verifies every result, whether or not the program was compiled with `checks`.
    ///
    /// - Throws: a `TensorError` that names the first operation whose result is not finite, the element, the shapes and
    ///   the source line. The run is completed first, so outputs and variables are as `run` leaves them.
    public func runChecked() throws {
        if let found = checkedRun() { throw found }
    }

    func runReporting() {
        guard let found = checkedRun(), failure == nil else { return }
        failure = found
        telos_report("TELOS_CHECK: \(found)")
    }

    private func checkedRun() -> TensorError? {
        guard checks.isEmpty else { return steppedRun() }
        let twin: Program
        if let checkedTwin {
            twin = checkedTwin
        } else {
            twin = Program(
                plan.unfused, from: .now, instructionSet: instructionSet, threads: threads, checks: .nonFinite)
            checkedTwin = twin
        }
        twin.threads = threads
        for (own, other) in zip(inputBuffers, twin.inputBuffers) {
            other.pointer.update(from: own.pointer, count: own.count)
        }
        let found = twin.steppedRun()
        for (own, other) in zip(outputBuffers, twin.outputBuffers) {
            own.pointer.update(from: other.pointer, count: own.count)
        }
        return found
    }

    private func steppedRun() -> TensorError? {
        var found = givenNaN()
        for segment in segments {
            telos_execute(
                instructionSet.raw, code + segment.instructions.lowerBound, segment.instructions.count, Int32(threads))
            guard found == nil, segment.copiesTo == nil else { continue }
            found = segment.members.lazy.compactMap(self.nonFinite).first
        }
        return found
    }

    /// An input or variable that already holds a NaN.
    private func givenNaN() -> TensorError? {
        for (index, node) in plan.nodes.enumerated()
        where node.operation == .placeholder || node.operation == .variable {
            guard let values = place[index], let slot = firstNaN(values, node.count) else { continue }
            let name =
                plan.inputs.firstIndex(of: index).map { "input \($0)" }
                ?? node.origin.name.map { "variable '\($0)'" } ?? "variable"
            return TensorError(
                operation: name,
                message: "element \(position(slot, node.shape)) of \(node.shape) is nan before the run",
                nearby: node.location)
        }
        return nil
    }

    private func nonFinite(_ index: Int) -> TensorError? {
        let node = plan.nodes[index]
        guard let values = place[index], !node.operation.onlyMovesValues else { return nil }
        var slot = telos_first_nonfinite(values, node.count)
        guard slot < node.count else { return nil }
        if !values[slot].isNaN, !plan.inputsOf[index].allSatisfy({ isFinite($0, overwrittenBy: values) }) {
            guard let undefined = firstNaN(values, node.count) else { return nil }
            slot = undefined
        }
        let operands = plan.inputsOf[index].map { plan.nodes[$0].shape }
        var message = "element \(position(slot, node.shape)) of the result \(node.shape) is \(values[slot])"
        if case .elementwise = node.operation, let there = operandValues(index, slot) {
            message += ", from " + there.map { "\($0)" }.joined(separator: ", ")
        } else if !operands.isEmpty {
            message += "; the operands are " + operands.map { "\($0)" }.joined(separator: ", ")
        }
        return TensorError(operation: node.title, message: message, nearby: node.location)
    }

    private func firstNaN(_ values: UnsafeMutablePointer<Float>, _ count: Int) -> Int? {
        (0..<count).first { values[$0].isNaN }
    }

    private func isFinite(_ input: Int, overwrittenBy result: UnsafeMutablePointer<Float>) -> Bool {
        let source = plan.operand(input).source
        guard let values = place[source], values != result else { return true }
        return telos_first_nonfinite(values, plan.nodes[source].count) == plan.nodes[source].count
    }

    /// What an element-wise operation read for one element; nil where it was overwritten in place.
    private func operandValues(_ index: Int, _ slot: Int) -> [Float]? {
        var result: [Float] = []
        for input in plan.inputsOf[index] {
            let (source, pattern) = plan.operand(input)
            guard let values = place[source], values != place[index] else { return nil }
            switch pattern {
            case .dense: result.append(values[slot])
            case .scalar: result.append(values[0])
            case .row(let inner): result.append(values[slot % inner])
            case .column(let inner): result.append(values[slot / inner])
            }
        }
        return result
    }

    private func position(_ slot: Int, _ shape: [Int]) -> [Int] {
        var rest = slot
        return shape.reversed().map { extent in
            defer { rest /= extent }
            return rest % extent
        }.reversed()
    }
}

extension Operation {
    /// Whether every result is one of the operands or a constant, so that nothing non-finite begins here.
    var onlyMovesValues: Bool {
        switch self {
        case .elementwise(let function): [.copy, .select, .max, .min, .negate, .abs].contains(function)
        case .sum, .matmul, .scatterRows, .cumulativeSum, .fold, .scatterAlong, .linearRecurrence, .softmax, .logSumExp:
            false
        default: true
        }
    }
}
