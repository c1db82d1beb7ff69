import TelosEnvironments

/// Parts of a composed reward, with where each keeps its terms and its memory.
///
/// A composite's memory row holds its parts' rows one after the other.
struct BoundParts: Sendable {
    struct Part: Sendable {
        var reward: any BoundReward
        var termStart: Int
        var memoryStart: Int
        var termCount: Int
        var memoryWidth: Int
    }

    let parts: [Part]
    let termNames: [String]
    let memoryWidth: Int

    /// - Parameter rewards: each part and the name its terms go by, nil for their own.
    init(_ rewards: [(name: String?, reward: any BoundReward)]) {
        var parts: [Part] = []
        var names: [String] = []
        var width = 0
        for (name, reward) in rewards {
            let own = TermNames.named(name, reward.termNames)
            parts.append(
                Part(
                    reward: reward, termStart: names.count, memoryStart: width, termCount: own.count,
                    memoryWidth: reward.memoryWidth))
            names += own
            width += reward.memoryWidth
        }
        self.parts = parts
        termNames = TermNames.distinct(names)
        memoryWidth = width
    }

    func reset(memory: UnsafeMutableBufferPointer<Double>) {
        for part in parts {
            part.reward.reset(memory: .init(rebasing: memory[part.memoryStart..<(part.memoryStart + part.memoryWidth)]))
        }
    }

    /// Evaluates part `index` into `rewards` and its share of `terms`, and advances its share of `memory`.
    func evaluate(
        _ index: Int, _ transitions: TransitionBatch, memory: UnsafeMutableBufferPointer<Double>,
        rewards: UnsafeMutableBufferPointer<Double>, terms: UnsafeMutableBufferPointer<Double>
    ) {
        let part = parts[index]
        let count = transitions.count
        let own = UnsafeMutableBufferPointer(
            rebasing: terms[(part.termStart * count)..<((part.termStart + part.termCount) * count)])
        let width = part.memoryWidth
        guard width > 0, width < memoryWidth else {
            let rows = UnsafeMutableBufferPointer(rebasing: memory[0..<(width * count)])
            return part.reward.evaluate(transitions, memory: rows, rewards: rewards, terms: own)
        }
        // Several parts with memory share a row; each sees rows of its own only.
        withUnsafeTemporaryAllocation(of: Double.self, capacity: width * count) { rows in
            for e in 0..<count {
                for i in 0..<width { rows[e * width + i] = memory[e * memoryWidth + part.memoryStart + i] }
            }
            part.reward.evaluate(transitions, memory: rows, rewards: rewards, terms: own)
            for e in 0..<count {
                for i in 0..<width { memory[e * memoryWidth + part.memoryStart + i] = rows[e * width + i] }
            }
        }
    }

    /// The values of part `index`'s terms, to be changed in place.
    func terms(of index: Int, in terms: UnsafeMutableBufferPointer<Double>, count: Int)
        -> UnsafeMutableBufferPointer<Double>
    {
        let part = parts[index]
        return .init(rebasing: terms[(part.termStart * count)..<((part.termStart + part.termCount) * count)])
    }
}

/// How a reward prints inside a larger one.
func bracketed(_ reward: any Reward) -> String { "[\(reward)]" }
