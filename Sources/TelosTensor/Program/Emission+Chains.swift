import CTelosKernels

extension Emitter {
    // MARK: Memory

    /// Whether a chain's member is needed outside its chain.
    func isStored(_ member: Int) -> Bool { lastRead[member] >= 0 || place[member] != nil }

    /// Floats that are kept rather than their space reused: what stays in the nearer caches.
    private static let mostKept = 1 << 18

    /// Lays all remaining values out in one block, reusing the space of values that are no longer needed.
    mutating func allocate(staging: [Int]) -> Buffer<Float> {
        var free: [(offset: Int, size: Int)] = []
        var end = 0
        var offsets: [Int: Int] = [:]
        var expiring: [Int: [Int]] = [:]
        func size(_ value: Int) -> Int { (plan.nodes[value].count + 15) / 16 * 16 + 16 }
        let written = plan.steps.map { step in
            switch step {
            case .operation(let index): unwritten.contains(index) ? [] : [index]
            case .chain(let chain): plan.chains[chain].members.filter(isStored)
            }
        }
        let count = written.joined().reduce(0) { $0 + plan.nodes[$1].count }
        let reuses = !keepsValues || count > Self.mostKept
        for position in plan.steps.indices {
            for value in written[position] where place[value] == nil {
                let needed = size(value)
                if let slot = free.indices.filter({ free[$0].size >= needed }).min(by: { free[$0].size < free[$1].size }
                ) {
                    offsets[value] = free[slot].offset
                    free[slot] = (free[slot].offset + needed, free[slot].size - needed)
                    if free[slot].size == 0 { free.remove(at: slot) }
                } else {
                    offsets[value] = end
                    end += needed
                }
                if reuses, lastRead[value] != .max {
                    expiring[Swift.max(lastRead[value], position), default: []].append(value)
                }
            }
            for value in expiring[position] ?? [] {
                free.append((offsets[value]!, size(value)))
                free.sort { $0.offset < $1.offset }
                var joined: [(offset: Int, size: Int)] = []
                for block in free {
                    if let last = joined.last, last.offset + last.size == block.offset {
                        joined[joined.count - 1].size += block.size
                    } else {
                        joined.append(block)
                    }
                }
                free = joined
            }
        }
        let arena = Buffer<Float>(count: Swift.max(end, 16), repeating: 0)
        for (value, offset) in offsets { place[value] = arena.pointer + offset }
        return arena
    }

    mutating func own<Element: BitwiseCopyable>(_ values: [Element]) -> UnsafeMutablePointer<Element> {
        let buffer = Buffer(values)
        owned.append(buffer)
        return buffer.pointer
    }

    // MARK: Chains

    mutating func emitChain(_ number: Int) {
        let chain = plan.chains[number]
        let inner = chain.inner ?? chain.count
        let outer = inner == 0 ? 0 : chain.count / inner
        var operands: [telos_operand] = []
        struct Source: Hashable {
            var value: Int
            var pattern: Pattern
        }
        var registerOfSource: [Source: Int] = [:]
        for member in chain.members {
            for input in plan.inputsOf[member] {
                let (source, pattern) = plan.operand(input)
                let key = Source(value: source, pattern: pattern)
                guard plan.chainOf[source] != number, registerOfSource[key] == nil else { continue }
                registerOfSource[key] = operands.count
                let (outerStride, innerStride): (Int, Int32) =
                    switch pattern {
                    case .dense: (inner, 1)
                    case .scalar: (0, 0)
                    case .row: (0, 1)
                    case .column: (1, 0)
                    }
                operands.append(
                    telos_operand(
                        pointer: place[source]!, outer_stride: Int64(outerStride), inner_stride: innerStride,
                        reg: Int32(operands.count)))
            }
        }
        var code = ChainCode(inputCount: operands.count)
        var resultOfMember: [Int: Int] = [:]
        for member in chain.members {
            guard case .elementwise(let function) = plan.nodes[member].operation else { continue }
            let sources = plan.inputsOf[member].map { input in
                let (source, pattern) = plan.operand(input)
                return resultOfMember[source] ?? registerOfSource[Source(value: source, pattern: pattern)]!
            }
            let result = operands.count + resultOfMember.count
            code.append(function, sources, result: result, isStored: place[member] != nil)
            resultOfMember[member] = result
        }
        code.fuse()
        code.markAdamSteps()
        let (ops, registerOf, registerCount) = code.allocated()
        let outputs = chain.members.compactMap { member in
            place[member].map {
                telos_operand(
                    pointer: $0, outer_stride: Int64(inner), inner_stride: 1,
                    reg: Int32(registerOf[resultOfMember[member]!]!))
            }
        }
        let description = telos_chain(
            outer: Int64(outer), inner: Int64(inner), input_count: Int32(operands.count), op_count: Int32(ops.count),
            output_count: Int32(outputs.count), register_count: Int32(registerCount), inputs: own(operands),
            ops: own(ops), outputs: own(outputs))
        var instruction = telos_instruction()
        instruction.opcode = Int32(TELOS_I_CHAIN.rawValue)
        instruction.aux = UnsafeRawPointer(own([description]))
        instructions.append(instruction)
    }
}
