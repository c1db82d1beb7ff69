import CTelosKernels

/// A plan with memory: what a `Program` runs.
struct Emitted {
    var inputs: [Buffer<Float>]
    var outputs: [Buffer<Float>]
    var instructions: [telos_instruction]
    var arena: Buffer<Float>
    var owned: [AnyObject]
}

extension Plan {
    mutating func emit() -> Emitted {
        var emitter = Emitter(plan: self)
        return emitter.run()
    }
}

/// Gives every value memory and turns every step into kernel calls.
private struct Emitter {
    let plan: Plan
    var owned: [AnyObject] = []
    var instructions: [telos_instruction] = []
    /// Where each value lives, once it does.
    var place: [UnsafeMutablePointer<Float>?]
    /// The last step that reads a value; `Int.max` when it must outlive all steps.
    var lastRead: [Int]
    var readers: [[Int]]

    init(plan: Plan) {
        self.plan = plan
        place = Array(repeating: nil, count: plan.nodes.count)
        lastRead = Array(repeating: -1, count: plan.nodes.count)
        readers = Array(repeating: [], count: plan.nodes.count)
    }

    /// The values a step reads from memory, and those it writes there.
    func reads(_ step: Plan.Step) -> [Int] {
        switch step {
        case .operation(let index): return plan.inputsOf[index].map(plan.root)
        case .chain(let chain):
            return plan.chains[chain].members.flatMap { member in
                plan.inputsOf[member].map { plan.operand($0).source }.filter { plan.chainOf[$0] != chain }
            }
        }
    }

    mutating func run() -> Emitted {
        for (position, step) in plan.steps.enumerated() {
            for value in reads(step) {
                lastRead[value] = position
                readers[value].append(position)
            }
        }
        let inputs = plan.inputs.map { Buffer<Float>(count: plan.nodes[$0].count, repeating: 0) }
        let outputs = plan.outputs.map { Buffer<Float>(count: plan.nodes[$0].count, repeating: 0) }
        for (index, buffer) in zip(plan.inputs, inputs) { place[index] = buffer.pointer }
        for (index, node) in plan.nodes.enumerated() {
            if let memory = node.memory {
                place[index] = memory.pointer + node.memoryOffset
                owned.append(memory)
            }
        }
        var copies: [(from: Int, to: UnsafeMutablePointer<Float>, count: Int)] = []
        var updateCopies: [(from: Int, to: UnsafeMutablePointer<Float>, count: Int)] = []
        for (output, buffer) in zip(plan.outputs, outputs) {
            let root = plan.root(output)
            if place[root] == nil {
                place[root] = buffer.pointer
            } else {
                copies.append((root, buffer.pointer, buffer.count))
                lastRead[root] = .max
            }
        }
        var stepOfChain: [Int: Int] = [:]
        for (position, step) in plan.steps.enumerated() {
            if case .chain(let chain) = step { stepOfChain[chain] = position }
        }
        for update in plan.updates { lastRead[plan.root(update.value)] = .max }
        for update in plan.updates {
            let root = plan.root(update.value)
            let target = plan.nodes[update.variable].memory!.pointer + plan.nodes[update.variable].memoryOffset
            if place[root] == nil, let chain = plan.chainOf[root], lastRead[update.variable] != .max,
                lastRead[update.variable] <= stepOfChain[chain]!, readsDensely(chain, update.variable)
            {
                place[root] = target
            } else {
                updateCopies.append((root, target, plan.nodes[root].count))
            }
        }
        let arena = allocate(staging: updateCopies.map(\.from))
        for step in plan.steps {
            switch step {
            case .chain(let chain): emitChain(chain)
            case .operation(let index): emitOperation(index)
            }
        }
        for copy in copies { emitCopy(from: place[copy.from]!, to: copy.to, count: copy.count) }
        for copy in updateCopies { emitCopy(from: place[copy.from]!, to: copy.to, count: copy.count) }
        return Emitted(inputs: inputs, outputs: outputs, instructions: instructions, arena: arena, owned: owned)
    }

    /// Whether `chain` reads `variable` only element by element, so that it may write it in place.
    func readsDensely(_ chain: Int, _ variable: Int) -> Bool {
        plan.chains[chain].members.allSatisfy { member in
            plan.inputsOf[member].allSatisfy {
                let operand = plan.operand($0)
                return operand.source != variable || operand.pattern == .dense
            }
        }
    }

    // MARK: Memory

    /// Whether a chain's member is needed outside its chain.
    func isStored(_ member: Int) -> Bool { lastRead[member] >= 0 || place[member] != nil }

    /// Lays all remaining values out in one block, reusing the space of values that are no longer needed.
    mutating func allocate(staging: [Int]) -> Buffer<Float> {
        var free: [(offset: Int, size: Int)] = []
        var end = 0
        var offsets: [Int: Int] = [:]
        var expiring: [Int: [Int]] = [:]
        func size(_ value: Int) -> Int { (plan.nodes[value].count + 15) / 16 * 16 + 16 }
        for (position, step) in plan.steps.enumerated() {
            let written: [Int] =
                switch step {
                case .operation(let index): [index]
                case .chain(let chain): plan.chains[chain].members.filter(isStored)
                }
            for value in written where place[value] == nil {
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
                if lastRead[value] != .max { expiring[Swift.max(lastRead[value], position), default: []].append(value) }
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
        var lastUse: [Int: Int] = [:]
        for (position, member) in chain.members.enumerated() {
            for input in plan.inputsOf[member] {
                let (source, pattern) = plan.operand(input)
                if plan.chainOf[source] == number {
                    lastUse[source] = position
                    continue
                }
                let key = Source(value: source, pattern: pattern)
                guard registerOfSource[key] == nil else { continue }
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
        var nextRegister = operands.count
        var freeRegisters: [Int] = []
        var registerOfMember: [Int: Int] = [:]
        var ops: [telos_micro_op] = []
        var outputs: [telos_operand] = []
        for (position, member) in chain.members.enumerated() {
            guard case .elementwise(let function) = plan.nodes[member].operation else { continue }
            var sources: [Int] = []
            for input in plan.inputsOf[member] {
                let (source, pattern) = plan.operand(input)
                sources.append(registerOfMember[source] ?? registerOfSource[Source(value: source, pattern: pattern)]!)
            }
            let register: Int
            if let reused = freeRegisters.popLast() {
                register = reused
            } else {
                register = nextRegister
                nextRegister += 1
            }
            registerOfMember[member] = register
            ops.append(
                telos_micro_op(
                    op: function.rawValue, a: UInt8(sources[0]), b: UInt8(sources.count > 1 ? sources[1] : 0),
                    c: UInt8(sources.count > 2 ? sources[2] : 0), dst: UInt8(register)))
            if let target = place[member] {
                outputs.append(
                    telos_operand(pointer: target, outer_stride: Int64(inner), inner_stride: 1, reg: Int32(register)))
            }
            for input in Set(plan.inputsOf[member].map(plan.root)).sorted()
            where plan.chainOf[input] == number && lastUse[input] == position && place[input] == nil {
                freeRegisters.append(registerOfMember[input]!)
            }
        }
        let description = telos_chain(
            outer: Int64(outer), inner: Int64(inner), input_count: Int32(operands.count), op_count: Int32(ops.count),
            output_count: Int32(outputs.count), register_count: Int32(nextRegister), inputs: own(operands),
            ops: own(ops), outputs: own(outputs))
        var instruction = telos_instruction()
        instruction.opcode = Int32(TELOS_I_CHAIN.rawValue)
        instruction.aux = UnsafeRawPointer(own([description]))
        instructions.append(instruction)
    }

    // MARK: Other operations

    mutating func emitOperation(_ index: Int) {
        let node = plan.nodes[index]
        let sources = plan.inputsOf[index].map { place[plan.root($0)]! }
        let shapes = plan.inputsOf[index].map { plan.nodes[$0].shape }
        let target = place[index]!
        var instruction = telos_instruction()
        instruction.dst = target
        instruction.a = UnsafePointer(sources[0])
        if sources.count > 1 { instruction.b = UnsafePointer(sources[1]) }
        func finish(_ opcode: telos_opcode, _ n0: Int, _ n1: Int = 1, _ n2: Int = 1, _ n3: Int = 1) {
            instruction.opcode = Int32(opcode.rawValue)
            (instruction.n0, instruction.n1, instruction.n2, instruction.n3) = (
                Int64(n0), Int64(n1), Int64(n2), Int64(n3)
            )
        }
        switch node.operation {
        case .placeholder, .variable, .constant, .elementwise, .reshape, .stopGradient, .invalid: return
        case .broadcast:
            let strides = rowMajorStrides(shapes[0])
            let repeated = strides.indices.map { shapes[0][$0] == 1 ? 0 : strides[$0] }
            emitStrided(TELOS_I_STRIDED_COPY, from: sources[0], to: target, extents: node.shape, strides: repeated)
            return
        case .transpose(let order):
            let strides = rowMajorStrides(shapes[0])
            emitStrided(
                TELOS_I_STRIDED_COPY, from: sources[0], to: target, extents: node.shape,
                strides: order.map { strides[$0] })
            return
        case .slice(let axis, let start):
            let strides = rowMajorStrides(shapes[0])
            emitStrided(
                TELOS_I_STRIDED_COPY, from: sources[0] + start * strides[axis], to: target, extents: node.shape,
                strides: strides)
            return
        case .pad(let axis, let before):
            emitFill(target, node.count)
            let strides = rowMajorStrides(node.shape)
            emitStrided(
                TELOS_I_STRIDED_STORE, from: sources[0], to: target + before * strides[axis], extents: shapes[0],
                strides: strides)
            return
        case .concatenate(let axis):
            let strides = rowMajorStrides(node.shape)
            var start = 0
            for (source, shape) in zip(sources, shapes) {
                emitStrided(
                    TELOS_I_STRIDED_STORE, from: source, to: target + start * strides[axis], extents: shape,
                    strides: strides)
                start += shape[axis]
            }
            return
        case .sum(let axis), .maximum(let axis):
            let shape = shapes[0]
            let opcode = node.operation == .sum(axis: axis) ? TELOS_I_SUM : TELOS_I_MAX
            finish(opcode, shape[..<axis].reduce(1, *), shape[axis], shape[(axis + 1)...].reduce(1, *))
        case .argmax: finish(TELOS_I_ARGMAX, node.count, shapes[0].last!)
        case .cumulativeSum(let reverse):
            let width = node.shape.last!
            finish(TELOS_I_CUMULATIVE_SUM, width == 0 ? 0 : node.count / width, width)
            instruction.flags = reverse ? 1 : 0
        case .gatherLast: finish(TELOS_I_GATHER_LAST, node.count, shapes[0].last!)
        case .scatterLast: finish(TELOS_I_SCATTER_LAST, shapes[0].reduce(1, *), node.shape.last!)
        case .gatherRows: finish(TELOS_I_GATHER_ROWS, node.shape[0], shapes[0][0], node.shape[1])
        case .scatterRows: finish(TELOS_I_SCATTER_ROWS, shapes[0][0], node.shape[0], node.shape[1])
        case .matmul(let transposeA, let transposeB):
            let rank = node.shape.count
            let batch = rank == 3 ? node.shape[0] : 1
            let (rows, columns) = (node.shape[rank - 2], node.shape[rank - 1])
            let depth = shapes[0][transposeA ? rank - 2 : rank - 1]
            finish(TELOS_I_MATMUL, batch, rows, columns, depth)
            instruction.flags =
                (transposeA ? Int32(TELOS_TRANSPOSE_A) : 0) | (transposeB ? Int32(TELOS_TRANSPOSE_B) : 0)
            (instruction.s0, instruction.s1, instruction.s2) =
                (Int64(rows * depth), Int64(depth * columns), Int64(rows * columns))
        }
        instructions.append(instruction)
    }

    mutating func emitCopy(from source: UnsafeMutablePointer<Float>, to target: UnsafeMutablePointer<Float>, count: Int)
    {
        emitStrided(TELOS_I_STRIDED_COPY, from: source, to: target, extents: [count], strides: [1])
    }

    mutating func emitFill(_ target: UnsafeMutablePointer<Float>, _ count: Int) {
        var instruction = telos_instruction()
        instruction.opcode = Int32(TELOS_I_FILL.rawValue)
        instruction.dst = target
        instruction.n0 = Int64(count)
        instructions.append(instruction)
    }

    /// A copy with strides on one side, merging axes that are one run of memory. More than four remaining axes become
    /// several copies.
    mutating func emitStrided(
        _ opcode: telos_opcode, from source: UnsafeMutablePointer<Float>, to target: UnsafeMutablePointer<Float>,
        extents: [Int], strides: [Int]
    ) {
        guard !extents.contains(0) else { return }
        var merged: [(extent: Int, stride: Int)] = []
        for (extent, stride) in zip(extents, strides) where extent != 1 {
            if let last = merged.last, last.stride == stride * extent {
                merged[merged.count - 1] = (last.extent * extent, stride)
            } else {
                merged.append((extent, stride))
            }
        }
        if merged.count > 4 {
            let (extent, stride) = merged[0]
            let rest = merged.dropFirst()
            let block = rest.reduce(1) { $0 * $1.extent }
            for step in 0..<extent {
                let gathers = opcode == TELOS_I_STRIDED_COPY
                emitStrided(
                    opcode, from: source + step * (gathers ? stride : block),
                    to: target + step * (gathers ? block : stride),
                    extents: rest.map(\.extent), strides: rest.map(\.stride))
            }
            return
        }
        while merged.count < 4 { merged.insert((1, 0), at: 0) }
        var instruction = telos_instruction()
        instruction.opcode = Int32(opcode.rawValue)
        instruction.dst = target
        instruction.a = UnsafePointer(source)
        (instruction.n0, instruction.s0) = (Int64(merged[0].extent), Int64(merged[0].stride))
        (instruction.n1, instruction.s1) = (Int64(merged[1].extent), Int64(merged[1].stride))
        (instruction.n2, instruction.s2) = (Int64(merged[2].extent), Int64(merged[2].stride))
        (instruction.n3, instruction.s3) = (Int64(merged[3].extent), Int64(merged[3].stride))
        instructions.append(instruction)
    }

    func rowMajorStrides(_ shape: [Int]) -> [Int] {
        var strides = [Int](repeating: 1, count: shape.count)
        for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
        return strides
    }
}
