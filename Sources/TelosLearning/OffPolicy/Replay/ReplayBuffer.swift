import TelosTensor

/// Where a sampled batch is written: the inputs of an update, row i of each being one transition.
package struct ReplayBatch {
    package var observations: UnsafeMutableBufferPointer<Float>
    package var actions: UnsafeMutableBufferPointer<Float>
    /// The (n-step) reward R and the factor c of what follows: the target of a value is R + c V(next observation).
    package var rewards: UnsafeMutableBufferPointer<Float>
    package var bootstraps: UnsafeMutableBufferPointer<Float>
    package var nextObservations: UnsafeMutableBufferPointer<Float>
    /// Importance weights; 1 where sampling is uniform.
    package var weights: UnsafeMutableBufferPointer<Float>
    /// Which choices are possible in the observation and in the next; nil where that is not read.
    package var masks: UnsafeMutableBufferPointer<Float>?
    package var nextMasks: UnsafeMutableBufferPointer<Float>?
    package var count: Int { rewards.count }

    package init(
        observations: UnsafeMutableBufferPointer<Float>, actions: UnsafeMutableBufferPointer<Float>,
        rewards: UnsafeMutableBufferPointer<Float>, bootstraps: UnsafeMutableBufferPointer<Float>,
        nextObservations: UnsafeMutableBufferPointer<Float>, weights: UnsafeMutableBufferPointer<Float>,
        masks: UnsafeMutableBufferPointer<Float>? = nil, nextMasks: UnsafeMutableBufferPointer<Float>? = nil
    ) {
        self.observations = observations
        self.actions = actions
        self.rewards = rewards
        self.bootstraps = bootstraps
        self.nextObservations = nextObservations
        self.weights = weights
        self.masks = masks
        self.nextMasks = nextMasks
    }
}

/// Transitions in a ring, column by column; the oldest are overwritten.
package final class ReplayBuffer {
    let capacity: Int
    private(set) var count = 0
    private var next = 0
    private let observationWidth: Int
    private let actionWidth: Int
    private let observations: Buffer<Float>
    private let actions: Buffer<Float>
    private let rewards: Buffer<Float>
    private let bootstraps: Buffer<Float>
    private let nextObservations: Buffer<Float>
    private let maskWidth: Int
    private let masks: Buffer<Float>
    private let nextMasks: Buffer<Float>
    /// Present where sampling is by priority.
    private var priorities: PriorityTree?
    private(set) var sampled: [Int] = []

    /// - maskWidth: choices of the action that may be impossible; 0 where all always are possible.
    package init(
        capacity: Int, observationWidth: Int, actionWidth: Int, maskWidth: Int = 0, priorityExponent: Double?
    ) {
        self.capacity = capacity
        self.observationWidth = observationWidth
        self.actionWidth = actionWidth
        observations = Buffer(count: capacity * observationWidth, repeating: 0)
        nextObservations = Buffer(count: capacity * observationWidth, repeating: 0)
        actions = Buffer(count: capacity * actionWidth, repeating: 0)
        rewards = Buffer(count: capacity, repeating: 0)
        bootstraps = Buffer(count: capacity, repeating: 0)
        self.maskWidth = maskWidth
        masks = Buffer(count: capacity * maskWidth, repeating: 0)
        nextMasks = Buffer(count: capacity * maskWidth, repeating: 0)
        priorities = priorityExponent.map { PriorityTree(capacity: capacity, exponent: $0) }
    }

    package func append(
        observation: UnsafePointer<Float>, action: UnsafePointer<Float>, reward: Float, bootstrap: Float,
        nextObservation: UnsafePointer<Float>, mask: UnsafePointer<Float>? = nil, nextMask: UnsafePointer<Float>? = nil
    ) {
        (observations.pointer + next * observationWidth).update(from: observation, count: observationWidth)
        (nextObservations.pointer + next * observationWidth).update(from: nextObservation, count: observationWidth)
        (actions.pointer + next * actionWidth).update(from: action, count: actionWidth)
        if let mask { (masks.pointer + next * maskWidth).update(from: mask, count: maskWidth) }
        if let nextMask { (nextMasks.pointer + next * maskWidth).update(from: nextMask, count: maskWidth) }
        rewards[next] = reward
        bootstraps[next] = bootstrap
        priorities?.setToLargest(next)
        next = (next + 1) % capacity
        count = min(capacity, count + 1)
    }

    /// Fills `batch` with transitions drawn with replacement: uniformly, or in proportion to their priorities with
    /// weights (count P(i))^-importance, divided by the batch's largest.
    package func sample(into batch: ReplayBatch, importance: Double, using random: inout RandomStream) {
        sampled.removeAll(keepingCapacity: true)
        for row in 0..<batch.count {
            if let priorities {
                // One draw from each of equal shares of the total mass (Schaul and others, 2016).
                let mass = priorities.total * (Double(row) + random.uniform()) / Double(batch.count)
                sampled.append(min(count - 1, priorities.index(at: mass)))
            } else {
                sampled.append(random.index(below: count))
            }
        }
        for (row, index) in sampled.enumerated() {
            (batch.observations.baseAddress! + row * observationWidth).update(
                from: observations.pointer + index * observationWidth, count: observationWidth)
            (batch.nextObservations.baseAddress! + row * observationWidth).update(
                from: nextObservations.pointer + index * observationWidth, count: observationWidth)
            (batch.actions.baseAddress! + row * actionWidth).update(
                from: actions.pointer + index * actionWidth, count: actionWidth)
            batch.rewards[row] = rewards[index]
            batch.bootstraps[row] = bootstraps[index]
        }
        for (source, target) in [(masks, batch.masks), (nextMasks, batch.nextMasks)] {
            guard let target = target?.baseAddress else { continue }
            for (row, index) in sampled.enumerated() {
                (target + row * maskWidth).update(from: source.pointer + index * maskWidth, count: maskWidth)
            }
        }
        guard let priorities else {
            batch.weights.update(repeating: 1)
            return
        }
        var largest: Float = 0
        for (row, index) in sampled.enumerated() {
            batch.weights[row] = priorities.weight(of: index, count: count, exponent: importance)
            largest = max(largest, batch.weights[row])
        }
        for row in sampled.indices { batch.weights[row] /= largest }
    }

    /// Sets the priorities of the last sample from its absolute errors.
    func prioritize(_ errors: UnsafeBufferPointer<Float>) {
        for (row, index) in sampled.enumerated() { priorities?.set(index, error: Double(errors[row])) }
    }

    // MARK: State

    private struct Position: Codable {
        var count: Int
        var next: Int
        var priorities: PriorityTree?
    }

    func save(to checkpoint: inout Checkpoint) throws {
        func store(_ buffer: Buffer<Float>, _ width: Int, _ name: String) {
            checkpoint.arrays["replay/\(name)"] = .init(
                shape: [count, width], values: Array(buffer.rows(from: 0, count: count * width)))
        }
        store(observations, observationWidth, "observations")
        store(nextObservations, observationWidth, "nextObservations")
        store(actions, actionWidth, "actions")
        store(rewards, 1, "rewards")
        store(bootstraps, 1, "bootstraps")
        if maskWidth > 0 {
            store(masks, maskWidth, "masks")
            store(nextMasks, maskWidth, "nextMasks")
        }
        try checkpoint.store(Position(count: count, next: next, priorities: priorities), as: "replay")
    }

    func load(from checkpoint: Checkpoint) throws {
        let position: Position = try checkpoint.load(from: "replay")
        guard position.count <= capacity, position.next < capacity, (position.priorities == nil) == (priorities == nil)
        else { throw CheckpointError("its replay of \(position.count) transitions does not fit one of \(capacity)") }
        func read(_ buffer: Buffer<Float>, _ width: Int, _ name: String) throws {
            let values = try checkpoint.array("replay/\(name)", count: position.count * width)
            _ = buffer.rows(from: 0, count: values.count).update(fromContentsOf: values)
        }
        try read(observations, observationWidth, "observations")
        try read(nextObservations, observationWidth, "nextObservations")
        try read(actions, actionWidth, "actions")
        try read(rewards, 1, "rewards")
        try read(bootstraps, 1, "bootstraps")
        if maskWidth > 0 {
            try read(masks, maskWidth, "masks")
            try read(nextMasks, maskWidth, "nextMasks")
        }
        count = position.count
        next = position.next
        priorities = position.priorities
    }
}
