import TelosFeedback
import TelosTensor

/// Eight by eight cells seen from above: food pays 1 and reappears at a random free cell, a hazard costs 1 and ends the
/// episode; up, right, down, left, and walls stop. Pictures have a channel each for the agent, food and hazards.
struct FoodGrid: Sendable {
    static let size = 8
    static let shape = [size, size, 3]
    static let horizon = 40
    private static let food = 3
    let hazards: Int

    /// The agent's cell, then food, then hazards; all different.
    struct Layout {
        var agent: Int
        var food: [Int]
        var hazards: [Int]
    }

    func layout(using random: inout RandomStream) -> Layout {
        var free = Array(0..<(Self.size * Self.size))
        let cells = (0..<(1 + Self.food + hazards)).map { _ in free.remove(at: random.index(below: free.count)) }
        return Layout(agent: cells[0], food: Array(cells[1...Self.food]), hazards: Array(cells[(1 + Self.food)...]))
    }

    /// The reward, and whether the episode is over.
    func step(_ layout: inout Layout, action: Int, using random: inout RandomStream) -> (reward: Double, ends: Bool) {
        let (row, column) = (layout.agent / Self.size, layout.agent % Self.size)
        let (down, right) = [(-1, 0), (0, 1), (1, 0), (0, -1)][action]
        layout.agent =
            min(Self.size - 1, max(0, row + down)) * Self.size + min(Self.size - 1, max(0, column + right))
        if layout.hazards.contains(layout.agent) { return (-1, true) }
        guard let eaten = layout.food.firstIndex(of: layout.agent) else { return (0, false) }
        let taken = layout.food + layout.hazards
        let free = (0..<(Self.size * Self.size)).filter { !taken.contains($0) }
        layout.food[eaten] = free[random.index(below: free.count)]
        return (1, false)
    }

    func write(_ layout: Layout, into picture: UnsafeMutableBufferPointer<Float>) {
        picture.update(repeating: 0)
        picture[layout.agent * 3] = 1
        for cell in layout.food { picture[cell * 3 + 1] = 1 }
        for cell in layout.hazards { picture[cell * 3 + 2] = 1 }
    }

    private func picture(_ layout: Layout) -> [Float] {
        var values = [Float](repeating: 0, count: Self.shape.reduce(1, *))
        values.withUnsafeMutableBufferPointer { write(layout, into: $0) }
        return values
    }

    /// Random actions, each in a random layout of its own.
    func transitions(count: Int, key: RandomKey) throws -> TransitionDataset {
        var random = key.stream
        var data = TransitionDataset(observationWidth: Self.shape.reduce(1, *))
        for _ in 0..<count {
            var layout = layout(using: &random)
            let before = picture(layout)
            let action = random.index(below: 4)
            let (reward, ends) = step(&layout, action: action, using: &random)
            try data.append(
                LoggedTransition(
                    observation: before, action: [Float(action)], reward: Float(reward),
                    nextObservation: picture(layout), end: ends ? .terminated : .truncated))
        }
        return data
    }

    /// Mean undiscounted return of episodes side by side, of at most `horizon` steps.
    /// - policy: an action for each picture; a share `epsilon` of actions is random instead.
    func meanReturn(
        episodes: Int, epsilon: Double, key: RandomKey, policy: ([Float]) -> [Int]
    ) -> Double {
        var random = key.stream
        var layouts = (0..<episodes).map { _ in layout(using: &random) }
        var running = [Bool](repeating: true, count: episodes)
        let width = Self.shape.reduce(1, *)
        var pictures = [Float](repeating: 0, count: episodes * width)
        var sum = 0.0
        for _ in 0..<Self.horizon {
            pictures.withUnsafeMutableBufferPointer {
                for index in 0..<episodes {
                    write(layouts[index], into: .init(rebasing: $0[(index * width)..<((index + 1) * width)]))
                }
            }
            let greedy = policy(pictures)
            for index in 0..<episodes where running[index] {
                let action = random.uniform() < epsilon ? random.index(below: 4) : greedy[index]
                let (reward, ends) = step(&layouts[index], action: action, using: &random)
                sum += reward
                running[index] = !ends
            }
        }
        return sum / Double(episodes)
    }
}
