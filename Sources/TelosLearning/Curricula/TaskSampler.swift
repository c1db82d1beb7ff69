import TelosTensor

/// A teacher: proposes the parameters of the next task, and hears how the student did.
public protocol TaskSampler: Sendable {
    /// The parameters of a task, one number an axis.
    mutating func sample(using random: inout RandomStream) -> [Double]
    /// What the student's episode on a task returned, best scaled to about 0 to 1.
    mutating func record(_ task: [Double], outcome: Double, using random: inout RandomStream)
}

/// Tasks drawn evenly from a box, whatever came of earlier ones: domain randomisation.
public struct UniformTaskSampler: TaskSampler {
    public let bounds: [ClosedRange<Double>]

    public init(_ bounds: [ClosedRange<Double>]) { self.bounds = bounds }

    public mutating func sample(using random: inout RandomStream) -> [Double] {
        bounds.map { random.uniform($0.lowerBound, $0.upperBound) }
    }

    public mutating func record(_ task: [Double], outcome: Double, using random: inout RandomStream) {}
}

/// Absolute learning progress: how much an outcome differs from that of the nearest task tried before.
///
/// alp(p, r) = |r - r'|, (p', r') the nearest of all earlier tasks; 0 for the first few. Forgetting is progress too.
/// (Portelas, Colas, Hofmann and Oudeyer, *Teacher algorithms for curriculum learning of deep RL in continuously
/// parameterized environments*, 2019.)
public struct LearningProgress: Sendable {
    public let dimension: Int
    /// Tasks that must have been tried before there is progress.
    public var warmUp = 5
    private var tasks: [Double] = []
    private var outcomes: [Double] = []

    public init(dimension: Int) { self.dimension = dimension }

    public var count: Int { outcomes.count }

    /// The progress that an outcome is, which is then remembered.
    public mutating func record(_ task: [Double], outcome: Double) -> Double {
        precondition(task.count == dimension, "a task of \(dimension) numbers is needed, not \(task.count)")
        var (nearest, least) = (0, Double.infinity)
        tasks.withUnsafeBufferPointer { tasks in
            for index in outcomes.indices {
                var distance = 0.0
                for axis in 0..<dimension {
                    let difference = tasks[index * dimension + axis] - task[axis]
                    distance += difference * difference
                }
                if distance < least { (nearest, least) = (index, distance) }
            }
        }
        let progress = count > warmUp ? abs(outcome - outcomes[nearest]) : 0
        tasks += task
        outcomes.append(outcome)
        return progress
    }
}
