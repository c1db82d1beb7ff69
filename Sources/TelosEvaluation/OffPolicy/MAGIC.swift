import TelosTensor

/// MAGIC: a blend of weighted doubly robust estimates that trust a model from step j + 1 on, for several j.
///
///     g_j  = sum over episodes and t <= j of discount^t (u_t (r_t - q(s_t, a_t)) + u_(t-1) v(s_t))
///            + sum over episodes of discount^(j+1) u_j v(s_(j+1))
///
/// j = -1 is the model alone, the longest j the weighted doubly robust estimate. The blend x minimises
/// x' (C + b b') x over x >= 0, sum x = 1, with C the covariance of the g_j over episodes and b_j the distance of g_j from a
/// bootstrap interval of the longest: an estimate of the mean squared error.
///
/// (Thomas and Brunskill, *Data-efficient off-policy policy evaluation for reinforcement learning*, 2016.)
public struct MAGIC: Sendable {
    /// How many j there are, evenly spaced from -1 to the longest. More: a finer blend, noisier.
    public var lengths = 8
    /// The level of the interval. Lower: biases are seen sooner, and less is left to the model.
    public var level = 0.5
    public var replicates = 100

    public init() {}

    /// The estimate of the policy's expected return, and the weight of each j.
    /// - Throws: `StatisticsError` for no episodes, lengths that differ, or episodes without a model's values.
    public func estimate(
        _ episodes: [LoggedEpisode], discount: Double = 1, key: RandomKey
    ) throws -> (value: Double, blend: [Double], lengths: [Int]) {
        try checkEpisodes(episodes, needModel: true)
        let longest = (episodes.map(\.length).max() ?? 0) - 1
        let count = max(2, min(lengths, longest + 2))
        let steps = (0..<count).map { -1 + ($0 * (longest + 1)) / (count - 1) }
        let parts = contributions(episodes, steps, discount)
        let estimates = parts.map { $0.reduce(0, +) }
        let size = Double(episodes.count)
        // Of sums of n parts, hence times n.
        var matrix = [Double](repeating: 0, count: count * count)
        for i in 0..<count {
            for j in 0..<count {
                let (a, b) = (estimates[i] / size, estimates[j] / size)
                let products = zip(parts[i], parts[j]).reduce(0) { $0 + ($1.0 - a) * ($1.1 - b) }
                matrix[i * count + j] = products * size / max(1, size - 1)
            }
        }
        let interval = try bootstrapInterval(
            resampling: episodes, replicates: replicates, level: level, key: key.derived("magic")
        ) { try TrajectoryEstimator.weightedDoublyRobust.estimate($0, discount: discount) }
        let bias = estimates.map { max(0, $0 - interval.upper) - max(0, interval.lower - $0) }
        for i in 0..<count { for j in 0..<count { matrix[i * count + j] += bias[i] * bias[j] } }
        let blend = leastOnSimplex(matrix, count)
        return (zip(blend, estimates).reduce(0) { $0 + $1.0 * $1.1 }, blend, steps)
    }

    /// Each episode's part of g_j, a list a j.
    private func contributions(_ episodes: [LoggedEpisode], _ steps: [Int], _ discount: Double) -> [[Double]] {
        let weights = StepWeights(episodes, normalized: true)
        return steps.map { last in
            episodes.indices.map { index in
                let episode = episodes[index]
                var sum = 0.0
                var power = 1.0
                for step in 0..<min(last + 1, episode.length) {
                    let weight = weights[index, step]
                    sum +=
                        power
                        * (weight * (episode.rewards[step] - episode.actionValues[step])
                            + weights[index, step - 1] * episode.stateValues[step])
                    power *= discount
                }
                guard last + 1 < episode.length else { return sum }
                return sum + power * weights[index, last] * episode.stateValues[last + 1]
            }
        }
    }
}

/// The x >= 0, sum x = 1, that minimises x' M x for positive semidefinite M, by moving weight between the two entries
/// that violate optimality most (Platt's sequential minimal optimisation, 1998).
func leastOnSimplex(_ matrix: [Double], _ count: Int) -> [Double] {
    var x = [Double](repeating: 1 / Double(count), count: count)
    let scale = (0..<count).map { matrix[$0 * count + $0] }.max() ?? 0
    for _ in 0..<10_000 {
        let slopes = (0..<count).map { i in (0..<count).reduce(0) { $0 + matrix[i * count + $1] * x[$1] } }
        let into = slopes.indices.min { slopes[$0] < slopes[$1] } ?? 0
        let from = slopes.indices.filter { x[$0] > 0 }.max { slopes[$0] < slopes[$1] } ?? 0
        let gain = slopes[from] - slopes[into]
        guard gain > 1e-12 * scale else { break }
        let curvature =
            matrix[from * count + from] + matrix[into * count + into] - 2 * matrix[from * count + into]
        let step = curvature > 0 ? min(x[from], gain / curvature) : x[from]
        x[from] -= step
        x[into] += step
    }
    return x
}
