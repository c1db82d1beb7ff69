import CTelosKernels

/// The operations of a chain before they have registers. Values below `inputCount` are what the chain reads; the others
/// are results of its operations.
struct ChainCode {
    struct Operation {
        var code: telos_elementwise
        var sources: [Int]
        var result: Int
    }

    let inputCount: Int
    private(set) var operations: [Operation] = []
    /// Results that go to memory.
    private var stored: Set<Int> = []
    private var uses: [Int: Int] = [:]

    init(inputCount: Int) { self.inputCount = inputCount }

    mutating func append(_ function: Elementwise, _ sources: [Int], result: Int, isStored: Bool) {
        operations.append(
            Operation(code: telos_elementwise(UInt32(function.rawValue)), sources: sources, result: result))
        if isStored { stored.insert(result) }
        for source in sources { uses[source, default: 0] += 1 }
    }

    /// Joins operations with the only one that reads them where one step of the interpreter does both: the same
    /// roundings, fewer passes through the cache.
    mutating func fuse() {
        var producer: [Int: Int] = [:]
        var joined: Set<Int> = []
        for position in operations.indices {
            producer[operations[position].result] = position
            while let (fused, gone) = fusion(of: operations[position], producer) {
                operations[position] = fused
                joined.formUnion(gone)
            }
        }
        operations = operations.indices.filter { !joined.contains($0) }.map { operations[$0] }
    }

    private func fusion(of last: Operation, _ producer: [Int: Int]) -> (Operation, gone: [Int])? {
        /// The operation that makes a source of `operation`, if nothing else needs its result.
        func first(_ operation: Operation, _ slot: Int) -> (Operation, Int)? {
            let value = operation.sources[slot]
            guard uses[value] == 1, !stored.contains(value), let position = producer[value] else { return nil }
            return (operations[position], position)
        }
        for slot in last.sources.indices.prefix(2) {
            guard let (inner, position) = first(last, slot) else { continue }
            if last.code == TELOS_ADD, inner.code == TELOS_SQRT, let (product, earlier) = first(inner, 0),
                product.code == TELOS_MULTIPLY
            {
                let sources = product.sources + [last.sources[1 - slot]]
                return (
                    Operation(code: TELOS_MULTIPLY_SQRT_ADD, sources: sources, result: last.result),
                    [position, earlier]
                )
            }
            if last.code == TELOS_ADD, inner.code == TELOS_SUBTRACT_MULTIPLY,
                inner.sources[1] == last.sources[1 - slot]
            {
                return (
                    Operation(code: TELOS_INTERPOLATE, sources: inner.sources, result: last.result), [position]
                )
            }
            guard inner.sources.count == 2, last.sources.count == 2,
                let code = Self.pair(inner.code, last.code, slot)
            else { continue }
            let sources = inner.sources + [last.sources[1 - slot]]
            return (Operation(code: code, sources: sources, result: last.result), [position])
        }
        return nil
    }

    private static func pair(_ inner: telos_elementwise, _ last: telos_elementwise, _ slot: Int) -> telos_elementwise? {
        switch (inner, last) {
        case (TELOS_MULTIPLY, TELOS_ADD): TELOS_MULTIPLY_ADD
        case (TELOS_MULTIPLY, TELOS_SUBTRACT): slot == 0 ? TELOS_MULTIPLY_SUBTRACT : TELOS_SUBTRACT_PRODUCT
        case (TELOS_MULTIPLY, TELOS_MULTIPLY): TELOS_MULTIPLY_MULTIPLY
        case (TELOS_MULTIPLY, TELOS_DIVIDE): slot == 0 ? TELOS_MULTIPLY_DIVIDE : nil
        case (TELOS_ADD, TELOS_ADD): TELOS_ADD_ADD
        case (TELOS_ADD, TELOS_MULTIPLY): TELOS_ADD_MULTIPLY
        case (TELOS_SUBTRACT, TELOS_MULTIPLY): TELOS_SUBTRACT_MULTIPLY
        default: nil
        }
    }

    /// Marks the six operations of each Adam step that stand together, so that they run in one pass over memory.
    mutating func markAdamSteps() {
        for start in operations.indices.dropLast(Int(TELOS_ADAM_OPERATIONS) - 1) {
            guard let step = adamStep(Array(operations[start..<start + Int(TELOS_ADAM_OPERATIONS)])) else { continue }
            operations.replaceSubrange(start..<start + step.count, with: step)
        }
    }

    /// The operations with the factors of each product in the order that `TELOS_ADAM_STEP` asks for, if they are one.
    private func adamStep(_ step: [Operation]) -> [Operation]? {
        let codes = [
            TELOS_INTERPOLATE, TELOS_MULTIPLY_SUBTRACT, TELOS_MULTIPLY_ADD, TELOS_MULTIPLY_SQRT_ADD,
            TELOS_MULTIPLY_DIVIDE, TELOS_SUBTRACT,
        ]
        guard step.map(\.code) == codes else { return nil }
        var step = step
        /// Whether the factors of a product are `value` and another; puts `value` first.
        func leads(_ value: Int, _ position: Int) -> Bool {
            if step[position].sources[1] == value { step[position].sources.swapAt(0, 1) }
            return step[position].sources[0] == value
        }
        let gradient = step[0].sources[0]
        let passing = [1, 3, 4].map { step[$0].result }
        guard passing.allSatisfy({ uses[$0] == 1 && !stored.contains($0) }),
            step[1].sources[0] == gradient, step[1].sources[1] == gradient,
            leads(step[1].result, 2), step[2].sources[2] == step[1].sources[2],
            leads(step[2].result, 3), leads(step[0].result, 4), step[4].sources[2] == step[3].result,
            step[5].sources[1] == step[4].result
        else { return nil }
        step[0].code = telos_elementwise(UInt32(TELOS_ADAM_STEP))
        return step
    }

    /// The operations on registers, the register of each stored result, and how many registers there are. Inputs have
    /// the first ones; a register is used again once its value has been read for the last time.
    func allocated() -> (operations: [telos_micro_op], registerOf: [Int: Int], count: Int) {
        var lastRead: [Int: Int] = [:]
        for (position, operation) in operations.enumerated() {
            for source in operation.sources { lastRead[source] = position }
        }
        var count = inputCount
        var free: [Int] = []
        var registerOf: [Int: Int] = [:]
        func register(_ value: Int) -> UInt8 { UInt8(value < inputCount ? value : registerOf[value]!) }
        var result: [telos_micro_op] = []
        for (position, operation) in operations.enumerated() {
            let sources = operation.sources.map(register)
            if let reused = free.popLast() {
                registerOf[operation.result] = reused
            } else {
                registerOf[operation.result] = count
                count += 1
            }
            result.append(
                telos_micro_op(
                    op: UInt8(operation.code.rawValue), a: sources[0], b: sources.count > 1 ? sources[1] : 0,
                    c: sources.count > 2 ? sources[2] : 0, dst: register(operation.result)))
            for source in Set(operation.sources).sorted()
            where source >= inputCount && lastRead[source] == position && !stored.contains(source) {
                free.append(registerOf[source]!)
            }
        }
        return (result, registerOf, count)
    }
}
