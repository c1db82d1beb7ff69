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
    private var ring: ReplayRing
    private let observations: ReplayColumn
    private let actions: ReplayColumn
    private let rewards: ReplayColumn
    private let bootstraps: ReplayColumn
    private let nextObservations: ReplayColumn
    private let masks: ReplayColumn
    private let nextMasks: ReplayColumn

    var capacity: Int { ring.capacity }
    var count: Int { ring.count }

    /// - maskWidth: choices of the action that may be impossible; 0 where all always are possible.
    package init(
        capacity: Int, observationWidth: Int, actionWidth: Int, maskWidth: Int = 0, priorityExponent: Double?
    ) {
        ring = ReplayRing(capacity: capacity, priorityExponent: priorityExponent)
        observations = ReplayColumn("observations", width: observationWidth, capacity: capacity)
        nextObservations = ReplayColumn("nextObservations", width: observationWidth, capacity: capacity)
        actions = ReplayColumn("actions", width: actionWidth, capacity: capacity)
        rewards = ReplayColumn("rewards", width: 1, capacity: capacity)
        bootstraps = ReplayColumn("bootstraps", width: 1, capacity: capacity)
        masks = ReplayColumn("masks", width: maskWidth, capacity: capacity)
        nextMasks = ReplayColumn("nextMasks", width: maskWidth, capacity: capacity)
    }

    package func append(
        observation: UnsafePointer<Float>, action: UnsafePointer<Float>, reward: Float, bootstrap: Float,
        nextObservation: UnsafePointer<Float>, mask: UnsafePointer<Float>? = nil, nextMask: UnsafePointer<Float>? = nil
    ) {
        let slot = ring.claim()
        observations.pointer(slot).update(from: observation, count: observations.width)
        nextObservations.pointer(slot).update(from: nextObservation, count: nextObservations.width)
        actions.pointer(slot).update(from: action, count: actions.width)
        if let mask { masks.pointer(slot).update(from: mask, count: masks.width) }
        if let nextMask { nextMasks.pointer(slot).update(from: nextMask, count: nextMasks.width) }
        rewards.pointer(slot).pointee = reward
        bootstraps.pointer(slot).pointee = bootstrap
    }

    /// Fills `batch` with transitions drawn with replacement: uniformly, or in proportion to their priorities with
    /// weights (count P(i))^-importance, divided by the batch's largest.
    package func sample(into batch: ReplayBatch, importance: Double, using random: inout RandomStream) {
        ring.draw(batch.count, using: &random)
        copy(observations, to: batch.observations)
        copy(nextObservations, to: batch.nextObservations)
        copy(actions, to: batch.actions)
        copy(rewards, to: batch.rewards)
        copy(bootstraps, to: batch.bootstraps)
        if let target = batch.masks { copy(masks, to: target) }
        if let target = batch.nextMasks { copy(nextMasks, to: target) }
        ring.writeWeights(batch.weights, importance: importance)
    }

    private func copy(_ column: ReplayColumn, to target: UnsafeMutableBufferPointer<Float>) {
        let (base, width) = (target.baseAddress!, column.width)
        for (row, slot) in ring.sampled.enumerated() {
            (base + row * width).update(from: column.pointer(slot), count: width)
        }
    }

    /// Sets the priorities of the last sample from its absolute errors.
    func prioritize(_ errors: UnsafeBufferPointer<Float>) {
        for row in ring.sampled.indices { ring.prioritize(row, error: Double(errors[row])) }
    }

    // MARK: State

    private var columns: [ReplayColumn] {
        [observations, nextObservations, actions, rewards, bootstraps] + (masks.width > 0 ? [masks, nextMasks] : [])
    }

    func save(to checkpoint: inout Checkpoint) throws {
        for column in columns { column.save(to: &checkpoint, count: count) }
        try ring.save(to: &checkpoint)
    }

    func load(from checkpoint: Checkpoint) throws {
        var loaded = ring
        try loaded.load(from: checkpoint)
        for column in columns { try column.load(from: checkpoint, count: loaded.count) }
        ring = loaded
    }
}
