import TelosTensor

/// ALP-GMM: tasks from where the student makes progress, upwards or downwards.
///
/// Every N episodes mixtures of normals in (task, progress) are fitted to the last N of them, and the number of
/// components with the lowest Akaike criterion is kept. A task is even over the box with a probability, otherwise drawn
/// from a component chosen in proportion to its mean progress (not its weight), and clipped to the box. (Portelas and
/// others, 2019.)
public struct ALPGMMSampler: TaskSampler {
    public struct Settings: Sendable, Hashable {
        /// N, episodes between fits, and in each of them; with few, the frontier has too few samples.
        public var window = 250
        public var components = 2...10
        /// Share of tasks drawn evenly; with none, regions that were left never come back.
        public var randomShare = 0.2
        /// False shuffles progress among the tasks of a window, which shows what it is worth.
        public var usesProgress = true

        public init() {}
    }

    public let bounds: [ClosedRange<Double>]
    public let settings: Settings
    /// The last fit; nil before the first, or where none succeeded.
    public private(set) var mixture: GaussianMixtureModel?
    private var progress: LearningProgress
    private var recent: [(task: [Double], progress: Double)] = []

    public init(_ bounds: [ClosedRange<Double>], settings: Settings = Settings()) {
        self.bounds = bounds
        self.settings = settings
        progress = LearningProgress(dimension: bounds.count)
    }

    /// The mean progress of each component, not negative.
    public var componentProgress: [Double] { mixture?.means.map { max(0, $0[bounds.count]) } ?? [] }

    public mutating func sample(using random: inout RandomStream) -> [Double] {
        func even() -> [Double] { bounds.map { random.uniform($0.lowerBound, $0.upperBound) } }
        guard let mixture, random.uniform() >= settings.randomShare else { return even() }
        let weights = componentProgress
        let component =
            weights.contains { $0 > 0 } ? random.index(weights: weights) : random.index(below: weights.count)
        guard let drawn = try? mixture.sample(component: component, using: &random) else { return even() }
        return zip(drawn, bounds).map { min(max($0, $1.lowerBound), $1.upperBound) }
    }

    public mutating func record(_ task: [Double], outcome: Double, using random: inout RandomStream) {
        recent.append((task, progress.record(task, outcome: outcome)))
        guard recent.count >= settings.window else { return }
        if !settings.usesProgress {
            for position in recent.indices {
                let other = position + random.index(below: recent.count - position)
                (recent[position].progress, recent[other].progress) = (
                    recent[other].progress, recent[position].progress
                )
            }
        }
        let points = recent.flatMap { $0.task + [$0.progress] }
        var best: GaussianMixtureModel?
        for count in settings.components where count <= recent.count {
            let fitted = try? GaussianMixtureModel(
                fitting: points, dimension: bounds.count + 1, components: count, using: &random)
            guard let fitted, fitted.akaikeCriterion.isFinite else { continue }
            if fitted.akaikeCriterion < best?.akaikeCriterion ?? .infinity { best = fitted }
        }
        mixture = best ?? mixture
        recent.removeAll(keepingCapacity: true)
    }
}
