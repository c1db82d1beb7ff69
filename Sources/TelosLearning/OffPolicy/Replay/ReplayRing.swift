import TelosTensor

/// Which slots of a ring are filled, the oldest overwritten first, and which are drawn: uniformly or by priority.
struct ReplayRing {
    let capacity: Int
    private(set) var count = 0
    private var next = 0
    /// Present where drawing is by priority.
    private var priorities: PriorityTree?
    /// The last draw.
    private(set) var sampled: [Int] = []

    init(capacity: Int, priorityExponent: Double?) {
        self.capacity = capacity
        priorities = priorityExponent.map { PriorityTree(capacity: capacity, exponent: $0) }
    }

    /// The slot of a new entry.
    mutating func claim() -> Int {
        let slot = next
        priorities?.setToLargest(slot)
        next = (next + 1) % capacity
        count = min(capacity, count + 1)
        return slot
    }

    /// Draws `size` slots with replacement into `sampled`: uniformly, or in proportion to their priorities.
    mutating func draw(_ size: Int, using random: inout RandomStream) {
        sampled.removeAll(keepingCapacity: true)
        for row in 0..<size {
            if let priorities {
                // One draw from each of equal shares of the total mass (Schaul and others, 2016).
                let mass = priorities.total * (Double(row) + random.uniform()) / Double(size)
                sampled.append(min(count - 1, priorities.index(at: mass)))
            } else {
                sampled.append(random.index(below: count))
            }
        }
    }

    /// (count P(i))^-importance of what was drawn, divided by the draw's largest; 1 where drawing is uniform.
    func writeWeights(_ weights: UnsafeMutableBufferPointer<Float>, importance: Double) {
        guard let priorities else {
            weights.update(repeating: 1)
            return
        }
        var largest: Float = 0
        for (row, index) in sampled.enumerated() {
            weights[row] = priorities.weight(of: index, count: count, exponent: importance)
            largest = max(largest, weights[row])
        }
        for row in sampled.indices { weights[row] /= largest }
    }

    /// Sets the priority of the last draw's entry `row` from its absolute error.
    mutating func prioritize(_ row: Int, error: Double) { priorities?.set(sampled[row], error: error) }

    // MARK: State

    private struct Position: Codable {
        var count: Int
        var next: Int
        var priorities: PriorityTree?
    }

    func save(to checkpoint: inout Checkpoint) throws {
        try checkpoint.store(Position(count: count, next: next, priorities: priorities), as: "replay")
    }

    mutating func load(from checkpoint: Checkpoint) throws {
        let position: Position = try checkpoint.load(from: "replay")
        guard position.count <= capacity, position.next < capacity, (position.priorities == nil) == (priorities == nil)
        else { throw CheckpointError("its replay of \(position.count) entries does not fit one of \(capacity)") }
        (count, next, priorities) = (position.count, position.next, position.priorities)
    }
}

/// One column of a replay: `width` floats a slot.
struct ReplayColumn {
    let name: String
    let width: Int
    private let buffer: Buffer<Float>

    init(_ name: String, width: Int, capacity: Int) {
        self.name = name
        self.width = width
        buffer = Buffer(count: capacity * width, repeating: 0)
    }

    func pointer(_ slot: Int) -> UnsafeMutablePointer<Float> { buffer.pointer + slot * width }

    func save(to checkpoint: inout Checkpoint, count: Int) {
        checkpoint.arrays["replay/\(name)"] = .init(
            shape: [count, width], values: Array(buffer.rows(from: 0, count: count * width)))
    }

    func load(from checkpoint: Checkpoint, count: Int) throws {
        let values = try checkpoint.array("replay/\(name)", count: count * width)
        _ = buffer.rows(from: 0, count: values.count).update(fromContentsOf: values)
    }
}
