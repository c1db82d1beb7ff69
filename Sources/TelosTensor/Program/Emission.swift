import CTelosKernels

/// A plan with memory: what a `Program` runs.
struct Emitted {
    var inputs: [Buffer<Float>]
    var outputs: [Buffer<Float>]
    var instructions: [telos_instruction]
    var arena: Buffer<Float>
    var owned: [AnyObject]
    /// Where each value of the plan lives, if in memory.
    var place: [UnsafeMutablePointer<Float>?]
    var segments: [Segment]

    /// The instructions of one step, or of one copy after the steps, and the values they compute.
    struct Segment {
        var instructions: Range<Int>
        var members: [Int]
        var copiesTo: UnsafeMutablePointer<Float>?
    }
}

extension Plan {
    /// - keepsValues: whether, in a small program, no value takes the place of another, so that fewer steps wait.
    mutating func emit(keepsValues: Bool) -> Emitted {
        var emitter = Emitter(plan: self, keepsValues: keepsValues)
        return emitter.run()
    }
}

/// Gives every value memory and turns every step into kernel calls.
struct Emitter {
    let plan: Plan
    let keepsValues: Bool
    var owned: [AnyObject] = []
    var instructions: [telos_instruction] = []
    /// Where each value lives, once it does.
    var place: [UnsafeMutablePointer<Float>?]
    /// The last step that reads a value; `Int.max` when it must outlive all steps.
    var lastRead: [Int]
    var readers: [[Int]]
    /// Patches of windows that only products read, which take them from the pictures: never in memory.
    var unwritten: Set<Int> = []

    init(plan: Plan, keepsValues: Bool) {
        self.plan = plan
        self.keepsValues = keepsValues
        place = Array(repeating: nil, count: plan.nodes.count)
        lastRead = Array(repeating: -1, count: plan.nodes.count)
        readers = Array(repeating: [], count: plan.nodes.count)
    }

    /// The values a step reads from memory, and those it writes there.
    func reads(_ step: Plan.Step) -> [Int] {
        switch step {
        case .operation(let index):
            if unwritten.contains(index) { return [] }
            return plan.inputsOf[index].map { input in
                let source = plan.root(input)
                return unwritten.contains(source) ? plan.root(plan.inputsOf[source][0]) : source
            }
        case .chain(let chain):
            return plan.chains[chain].members.flatMap { member in
                plan.inputsOf[member].map { plan.operand($0).source }.filter { plan.chainOf[$0] != chain }
            }
        }
    }

    /// Patches, too many for the cache, that are read by nothing but products with them on the left.
    func unwrittenPatches() -> Set<Int> {
        var found = Set(
            plan.nodes.indices.filter { index in
                guard case .unfold = plan.nodes[index].operation else { return false }
                return plan.nodes[index].count >= 1 << 15 && plan.nodes[index].shape[3] <= 2048
            })
        if found.isEmpty { return found }
        found.subtract((plan.outputs + plan.updates.map(\.value)).map(plan.root))
        for step in plan.steps {
            switch step {
            case .chain: found.subtract(reads(step))
            case .operation(let index):
                var sources = plan.inputsOf[index].map(plan.root)
                if case .matmul(let transposeA, let transposeB) = plan.nodes[index].operation,
                    plan.nodes[index].shape.count == 2, !(transposeA && transposeB),
                    plan.nodes[plan.inputsOf[index][0]].shape[1] == plan.nodes[sources[0]].shape.last
                {
                    sources.removeFirst()
                }
                found.subtract(sources)
            }
        }
        return found
    }

    mutating func run() -> Emitted {
        unwritten = unwrittenPatches()
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
        var segments: [Emitted.Segment] = []
        for step in plan.steps {
            let start = instructions.count
            switch step {
            case .chain(let chain): emitChain(chain)
            case .operation(let index): emitOperation(index)
            }
            segments.append(.init(instructions: start..<instructions.count, members: plan.members(of: step)))
        }
        for copy in copies + updateCopies {
            let start = instructions.count
            emitCopy(from: place[copy.from]!, to: copy.to, count: copy.count)
            segments.append(.init(instructions: start..<instructions.count, members: [copy.from], copiesTo: copy.to))
        }
        return Emitted(
            inputs: inputs, outputs: outputs, instructions: instructions, arena: arena, owned: owned, place: place,
            segments: segments)
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

    // MARK: Other operations

    mutating func emitOperation(_ index: Int) {
        if unwritten.contains(index) { return }
        let node = plan.nodes[index]
        if case .matmul = node.operation, unwritten.contains(plan.root(plan.inputsOf[index][0])) {
            emitConvolution(index)
            return
        }
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
        case .placeholder, .variable, .constant, .elementwise, .reshape, .stopGradient, .invalid, .barrier, .checkpoint,
            .checkpointOutput:
            return
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
            let shape = node.inputs[0].shape
            let opcode = node.operation == .sum(axis: axis) ? TELOS_I_SUM : TELOS_I_MAX
            instruction.flags = plan.squaredSums.contains(index) ? Int32(TELOS_SQUARES) : 0
            finish(opcode, shape[..<axis].reduce(1, *), shape[axis], shape[(axis + 1)...].reduce(1, *))
        case .argmax: finish(TELOS_I_ARGMAX, node.count, shapes[0].last!)
        case .cumulativeSum(let reverse):
            let width = node.shape.last!
            finish(TELOS_I_CUMULATIVE_SUM, width == 0 ? 0 : node.count / width, width)
            instruction.flags = reverse ? 1 : 0
        case .unfold(let rows, let columns, let fill):
            finish(TELOS_I_UNFOLD, node.count)
            instruction.immediate = fill
            instruction.aux = UnsafeRawPointer(own([telos_window(rows, columns, picture: shapes[0])]))
        case .fold(let rows, let columns):
            finish(TELOS_I_FOLD, node.count)
            instruction.aux = UnsafeRawPointer(own([telos_window(rows, columns, picture: node.shape)]))
        case .argsort(let descending):
            let width = node.shape.last!
            finish(TELOS_I_ARGSORT, width == 0 ? 0 : node.count / width, width)
            instruction.flags = descending ? 1 : 0
            instruction.aux = UnsafeRawPointer(own([UInt64](repeating: 0, count: 2 * width)))
        case .softmax:
            let width = node.shape.last!
            finish(TELOS_I_SOFTMAX, width == 0 ? 0 : node.count / width, width)
        case .logSumExp: finish(TELOS_I_LOG_SUM_EXP, node.count, shapes[0].last!)
        case .cumulativeArgmax:
            let width = node.shape.last!
            finish(TELOS_I_CUMULATIVE_ARGMAX, width == 0 ? 0 : node.count / width, width)
        case .gatherAlong:
            finish(TELOS_I_GATHER_ALONG, node.shape.dropLast().reduce(1, *), shapes[0].last!, node.shape.last!)
        case .scatterAlong:
            finish(TELOS_I_SCATTER_ALONG, node.shape.dropLast().reduce(1, *), node.shape.last!, shapes[0].last!)
        case .linearRecurrence(let axis, let reverse):
            let shape = node.shape
            finish(
                TELOS_I_RECURRENCE, shape[..<axis].reduce(1, *), shape[axis], shape[(axis + 1)...].reduce(1, *))
            instruction.flags = reverse ? 1 : 0
            if sources.count > 2 { instruction.c = UnsafePointer(sources[2]) }
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
                | (sources.count > 2 ? Int32(TELOS_BIAS) : 0)
            if sources.count > 2 { instruction.c = UnsafePointer(sources[2]) }
            (instruction.s0, instruction.s1, instruction.s2) =
                (Int64(rows * depth), Int64(depth * columns), Int64(rows * columns))
        }
        instructions.append(instruction)
    }

    /// A product with patches on the left that are not in memory.
    mutating func emitConvolution(_ index: Int) {
        let node = plan.nodes[index]
        let patches = plan.root(plan.inputsOf[index][0])
        guard case .matmul(let transposeA, let transposeB) = node.operation,
            case .unfold(let rows, let columns, let fill) = plan.nodes[patches].operation
        else { return }
        let pictures = plan.inputsOf[patches][0]
        var instruction = telos_instruction()
        instruction.opcode = Int32(TELOS_I_CONVOLUTION.rawValue)
        instruction.flags =
            (transposeA ? Int32(TELOS_TRANSPOSE_A) : 0) | (transposeB ? Int32(TELOS_TRANSPOSE_B) : 0)
        (instruction.n0, instruction.n1, instruction.n2) = (1, Int64(node.shape[0]), Int64(node.shape[1]))
        instruction.n3 = Int64(plan.nodes[patches].count / Swift.max(1, node.shape[0]))
        instruction.dst = place[index]!
        instruction.a = UnsafePointer(place[plan.root(pictures)]!)
        instruction.b = UnsafePointer(place[plan.root(plan.inputsOf[index][1])]!)
        instruction.immediate = fill
        instruction.aux = UnsafeRawPointer(own([telos_window(rows, columns, picture: plan.nodes[pictures].shape)]))
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
