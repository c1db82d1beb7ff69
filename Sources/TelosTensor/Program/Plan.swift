import CTelosKernels

/// How a value is laid out as seen by an element-wise chain over `outer x inner` elements.
enum Pattern: Hashable {
    case dense
    case scalar
    /// One value a column, repeated over rows of `inner`.
    case row(inner: Int)
    /// One value a row of `inner`.
    case column(inner: Int)

    var inner: Int? {
        switch self {
        case .dense, .scalar: nil
        case .row(let inner), .column(let inner): inner
        }
    }
}

/// A schedule of steps for a graph: common subexpressions merged, element-wise operations gathered into chains,
/// reshapes turned into views.
struct Plan {
    struct Chain {
        var count: Int
        var inner: Int?
        var members: [Int] = []
        var inputCount = 0
    }

    enum Step {
        case chain(Int)
        case operation(Int)
    }

    /// Nodes after merging, inputs before users.
    var nodes: [Node] = []
    var inputsOf: [[Int]] = []
    private var indexOf: [ObjectIdentifier: Int] = [:]
    var chains: [Chain] = []
    var chainOf: [Int?] = []
    /// Broadcasts that some consumer needs written out.
    var materialised: Set<Int> = []
    /// Element-wise operations that another step does, and the value of that step; and the reverse.
    var absorbed: [Int: Int] = [:]
    var held: [Int: Int] = [:]
    /// Sums that add squares of what they read.
    var squaredSums: Set<Int> = []
    var steps: [Step] = []
    let inputs: [Int]
    let outputs: [Int]
    let updates: [(variable: Int, value: Int)]
    var strayPlaceholder: Node?

    /// - fuses: whether element-wise operations are gathered; otherwise each is a step of its own.
    init(inputs: [Node], outputs: [Node], updates: [(Node, Node)], fuses: Bool = true) {
        memberLimit = fuses ? 40 : 1
        var nodes: [Node] = []
        var inputsOf: [[Int]] = []
        var indexOf: [ObjectIdentifier: Int] = [:]
        var merged: [Key: Int] = [:]
        for node in topologicalOrder(of: inputs + outputs + updates.flatMap { [$0.0, $0.1] }) {
            let sources = node.inputs.map { indexOf[ObjectIdentifier($0)]! }
            // Without anything to wait for, a barrier is its input.
            if node.operation == .barrier, sources.count == 1 {
                indexOf[ObjectIdentifier(node)] = sources[0]
                continue
            }
            let key = Key(node, sources)
            if let key, let existing = merged[key] {
                indexOf[ObjectIdentifier(node)] = existing
                continue
            }
            if let key { merged[key] = nodes.count }
            indexOf[ObjectIdentifier(node)] = nodes.count
            nodes.append(node)
            inputsOf.append(sources)
        }
        self.nodes = nodes
        self.inputsOf = inputsOf
        self.indexOf = indexOf
        self.inputs = inputs.map { indexOf[ObjectIdentifier($0)]! }
        self.outputs = outputs.map { indexOf[ObjectIdentifier($0)]! }
        self.updates = updates.map { (indexOf[ObjectIdentifier($0.0)]!, indexOf[ObjectIdentifier($0.1)]!) }
        let known = Set(self.inputs)
        strayPlaceholder = nodes.indices.first { nodes[$0].operation == .placeholder && !known.contains($0) }.map {
            nodes[$0]
        }
        chainOf = Array(repeating: nil, count: nodes.count)
        if fuses { absorb() }
        gather()
        schedule()
    }

    /// What makes two nodes the same computation.
    private struct Key: Hashable {
        var operation: Operation
        var inputs: [Int]
        var shape: [Int]
        var constant: UInt32

        init?(_ node: Node, _ inputs: [Int]) {
            switch node.operation {
            case .placeholder, .variable: return nil
            case .constant:
                guard node.count == 1 else { return nil }
                constant = node.memory![0].bitPattern
            default: constant = 0
            }
            operation = node.operation
            self.inputs = inputs
            shape = node.shape
        }
    }

    /// The node whose memory `index` is a view of: reshapes and stopped gradients are free.
    func root(_ index: Int) -> Int {
        var index = index
        while true {
            switch nodes[index].operation {
            case .reshape, .stopGradient, .barrier: index = inputsOf[index][0]
            case .checkpointOutput(let position): index = inputsOf[inputsOf[index][0]][position]
            case .elementwise(.add):
                guard let holder = absorbed[index] else { return index }
                index = holder
            default: return index
            }
        }
    }

    /// What must be computed before a step that reads `index` through barriers.
    func barriers(_ index: Int) -> [Int] {
        var index = index
        var result: [Int] = []
        while true {
            switch nodes[index].operation {
            case .barrier:
                for control in inputsOf[index].dropFirst() {
                    result += barriers(control)
                    var source = root(control)
                    while nodes[source].operation == .broadcast { source = root(inputsOf[source][0]) }
                    result.append(source)
                }
                index = inputsOf[index][0]
            case .reshape, .stopGradient, .broadcast: index = inputsOf[index][0]
            case .checkpointOutput(let position): index = inputsOf[inputsOf[index][0]][position]
            default: return result
            }
        }
    }

    /// How a chain over `count` elements can read `index` without its being written out, if it is broadcast.
    func reading(_ index: Int) -> (source: Int, pattern: Pattern) {
        var index = root(index)
        var pattern = Pattern.dense
        while nodes[index].operation == .broadcast {
            let source = inputsOf[index][0]
            guard let next = Self.pattern(from: nodes[source].shape, to: nodes[index].shape) else { break }
            switch (pattern, next) {
            case (.dense, _): pattern = next
            case (.scalar, _): break
            case (_, .scalar): pattern = .scalar
            default: return (index, pattern)
            }
            index = root(source)
        }
        if nodes[index].count == 1, pattern == .dense { return (index, .dense) }
        return (index, nodes[index].count == 1 ? .scalar : pattern)
    }

    static func pattern(from source: [Int], to target: [Int]) -> Pattern? {
        let real = target.indices.filter { target[$0] != 1 }
        let repeated = real.map { source[$0] == 1 }
        if !repeated.contains(false) { return .scalar }
        guard let change = repeated.indices.dropFirst().first(where: { repeated[$0] != repeated[$0 - 1] }) else {
            return .dense
        }
        guard !repeated[change...].contains(where: { $0 != repeated[change] }) else { return nil }
        let inner = real[change...].reduce(1) { $0 * target[$1] }
        return repeated[0] ? .row(inner: inner) : .column(inner: inner)
    }

    // MARK: Gathering element-wise operations into chains

    private mutating func gather() {
        var dependencies: [Set<Int>] = []
        /// Chains that `node` needs, following views and other operations back to the nearest chains.
        var nearest: [[Int]] = Array(repeating: [], count: nodes.count)
        for index in nodes.indices {
            var found: Set<Int> = []
            for input in inputsOf[index] {
                if let chain = chainOf[input] { found.insert(chain) } else { found.formUnion(nearest[input]) }
            }
            nearest[index] = found.sorted()
            guard case .elementwise = nodes[index].operation, absorbed[index] == nil else { continue }
            let inner = requiredInner(index)
            func joins(_ chain: Int) -> Bool {
                accepts(chain, index, inner) && !reachesIndirectly(chain, index, dependencies, nearest)
            }
            let chosen =
                nearest[index].reversed().first(where: joins)
                ?? chains.indices.suffix(8).reversed().first { sharesInput($0, index) && joins($0) }
            let chain =
                chosen
                ?? {
                    chains.append(Chain(count: nodes[index].count, inner: nil))
                    dependencies.append([])
                    return chains.count - 1
                }()
            chains[chain].members.append(index)
            chains[chain].inner = chains[chain].inner ?? inner
            chains[chain].inputCount += inputsOf[index].count
            chainOf[index] = chain
            for other in nearest[index] where other != chain { dependencies[chain].insert(other) }
        }
    }

    private let memberLimit: Int

    /// Whether `index` runs over the same elements as `chain` and fits in it.
    private func accepts(_ chain: Int, _ index: Int, _ inner: Int?) -> Bool {
        let chain = chains[chain]
        return chain.count == nodes[index].count && chain.members.count < memberLimit
            && chain.inputCount + inputsOf[index].count <= 56
            && (chain.inner == nil || inner == nil || chain.inner == inner)
    }

    private func sharesInput(_ chain: Int, _ index: Int) -> Bool {
        let sources = Set(inputsOf[index].map { reading($0).source })
        return chains[chain].members.contains { member in
            inputsOf[member].contains { sources.contains(reading($0).source) }
        }
    }

    /// The row length that the broadcast operands of `index` agree on. Where they do not agree, the later ones are
    /// written out in full.
    private mutating func requiredInner(_ index: Int) -> Int? {
        var inner: Int?
        for input in inputsOf[index] {
            guard let required = operand(input).pattern.inner else { continue }
            if inner == nil { inner = required }
            if inner != required { materialised.insert(root(input)) }
        }
        return inner
    }

    /// Whether an operand of `index` that is not in `chain` itself needs `chain` first, which would make a cycle.
    private func reachesIndirectly(
        _ chain: Int, _ index: Int, _ dependencies: [Set<Int>], _ nearest: [[Int]]
    ) -> Bool {
        var stack: [Int] = []
        for input in inputsOf[index] {
            if let other = chainOf[input] {
                if other != chain { stack.append(other) }
            } else if isViewOf(chain, input) {
                continue
            } else {
                if nearest[input].contains(chain) { return true }
                stack += nearest[input]
            }
        }
        var seen: Set<Int> = []
        while let next = stack.popLast() {
            if next == chain { return true }
            if seen.insert(next).inserted { stack += dependencies[next] }
        }
        return false
    }

    /// Whether `input` is a dense view of a member of `chain`, which the chain can read from a register.
    private func isViewOf(_ chain: Int, _ input: Int) -> Bool {
        chainOf[root(input)] == chain && barriers(input).isEmpty
    }

    // MARK: Order of execution

    private mutating func schedule() {
        var placed = Array(repeating: false, count: nodes.count)
        var chainPlaced = Array(repeating: false, count: chains.count)
        var steps: [Step] = []

        /// Places everything `root` needs, then `root` itself; iterative, since graphs are deep.
        func place(_ start: Int) {
            var stack: [(index: Int, needs: [Int], next: Int)] = []
            func enter(_ index: Int) {
                guard !placed[index] else { return }
                if let chain = chainOf[index] {
                    guard !chainPlaced[chain] else { return }
                    var needs: [Int] = []
                    for member in chains[chain].members {
                        for input in inputsOf[member] {
                            let source = operand(input).source
                            needs += barriers(input)
                            if chainOf[source] != chain { needs.append(source) }
                        }
                    }
                    stack.append((index, needs, 0))
                } else {
                    stack.append((index, inputsOf[index].flatMap { barriers($0) + [root($0)] }, 0))
                }
            }
            enter(start)
            while let (index, needs, next) = stack.last {
                if next < needs.count {
                    stack[stack.count - 1].next += 1
                    let need = needs[next]
                    if !placed[need] { enter(need) }
                    continue
                }
                stack.removeLast()
                guard !placed[index] else { continue }
                if let chain = chainOf[index] {
                    guard !chainPlaced[chain] else { continue }
                    chainPlaced[chain] = true
                    for member in chains[chain].members { placed[member] = true }
                    steps.append(.chain(chain))
                } else {
                    placed[index] = true
                    switch nodes[index].operation {
                    case .placeholder, .variable, .constant, .reshape, .stopGradient, .invalid, .barrier, .checkpoint,
                        .checkpointOutput:
                        break
                    default: steps.append(.operation(index))
                    }
                }
            }
        }
        for index in reductionsByDepth() { place(index) }
        for output in outputs { place(root(output)) }
        for update in updates { place(root(update.value)) }
        self.steps = steps
    }

    /// The operations that outputs and updates read through chains, nearest to the inputs first.
    ///
    /// The gradients of the last layer thereby come before those of the first, and what only they need is not kept; the
    /// updates themselves wait until nothing reads the variables any more.
    private func reductionsByDepth() -> [Int] {
        var depth = [Int](repeating: 0, count: nodes.count)
        for index in nodes.indices { depth[index] = (inputsOf[index].lazy.map { depth[$0] }.max() ?? -1) + 1 }
        var found: Set<Int> = []
        var visited: Set<Int> = []
        var stack = (outputs + updates.map(\.value)).map(root)
        while let index = stack.popLast() {
            guard let chain = chainOf[index] else {
                found.insert(index)
                continue
            }
            guard visited.insert(chain).inserted else { continue }
            for member in chains[chain].members {
                stack += inputsOf[member].map { operand($0).source }.filter { chainOf[$0] != chain }
            }
        }
        return found.sorted { (depth[$0], $0) < (depth[$1], $1) }
    }

    /// The same computation with every element-wise operation a step of its own.
    var unfused: Plan {
        Plan(
            inputs: inputs.map { nodes[$0] }, outputs: outputs.map { nodes[$0] },
            updates: updates.map { (nodes[$0.variable], nodes[$0.value]) }, fuses: false)
    }

    /// The values that a step computes, in order.
    func members(of step: Step) -> [Int] {
        switch step {
        case .operation(let index): held[index].map { [Swift.min(index, $0), Swift.max(index, $0)] } ?? [index]
        case .chain(let chain): chains[chain].members
        }
    }

    /// What a chain reads for `input`: a broadcast is read through unless it had to be written out.
    func operand(_ input: Int) -> (source: Int, pattern: Pattern) {
        let direct = root(input)
        return materialised.contains(direct) ? (direct, .dense) : reading(input)
    }
}
