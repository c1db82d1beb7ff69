import TelosTensor

/// Thompson sampling for rewards from 0 to 1: each arm's mean is drawn from its beta posterior, and the largest is played.
///
/// mean_a ~ Beta(S_a + prior, F_a + prior). A reward between 0 and 1 counts as a success with that probability (Agrawal
/// and Goyal, *Analysis of Thompson sampling for the multi-armed bandit problem*, 2012); one outside counts as the nearer
/// end.
public struct BetaThompsonSampling: BanditPolicy {
    public private(set) var successes, failures: [Double]

    /// - prior: of successes and of failures, above 0; 1 is the uniform prior.
    public init(armCount: Int, prior: Double = 1) {
        precondition(prior > 0, "a beta prior needs counts above 0")
        successes = Array(repeating: prior, count: armCount)
        failures = successes
    }

    public mutating func choose(_ features: [Double], using random: inout RandomStream) -> Int {
        var best = (arm: 0, mean: -1.0)
        for arm in successes.indices {
            let success = random.gamma(shape: successes[arm])
            let mean = success / (success + random.gamma(shape: failures[arm]))
            if mean > best.mean { best = (arm, mean) }
        }
        return best.arm
    }

    public mutating func learn(
        _ reward: Double, ofArm arm: Int, _ features: [Double], using random: inout RandomStream
    ) {
        if random.uniform() < reward { successes[arm] += 1 } else { failures[arm] += 1 }
    }
}

/// Thompson sampling for normal rewards of known noise: each arm's mean is drawn from its normal posterior.
///
/// With a prior N(m, s²) and noise of standard deviation d, the posterior after n rewards has precision 1 / s² + n / d² and
/// mean (m / s² + (sum of rewards) / d²) / precision.
public struct GaussianThompsonSampling: BanditPolicy {
    /// d. Higher: longer until an arm is given up.
    public var noise: Double
    public var priorMean: Double
    public var priorDeviation: Double
    public private(set) var statistics: ArmStatistics

    public init(armCount: Int, noise: Double = 1, priorMean: Double = 0, priorDeviation: Double = 1) {
        precondition(noise > 0 && priorDeviation > 0, "noise and the prior's deviation must be positive")
        self.noise = noise
        self.priorMean = priorMean
        self.priorDeviation = priorDeviation
        statistics = ArmStatistics(armCount: armCount)
    }

    /// What is known of the mean of `arm`.
    public func posterior(ofArm arm: Int) -> (mean: Double, variance: Double) {
        let prior = 1 / (priorDeviation * priorDeviation)
        let data = 1 / (noise * noise)
        let precision = prior + Double(statistics.counts[arm]) * data
        return ((prior * priorMean + data * statistics.sums[arm]) / precision, 1 / precision)
    }

    public mutating func choose(_ features: [Double], using random: inout RandomStream) -> Int {
        var best = (arm: 0, mean: -Double.infinity)
        for arm in 0..<statistics.armCount {
            let known = posterior(ofArm: arm)
            let mean = known.mean + known.variance.squareRoot() * random.normal()
            if mean > best.mean { best = (arm, mean) }
        }
        return best.arm
    }

    public mutating func learn(
        _ reward: Double, ofArm arm: Int, _ features: [Double], using random: inout RandomStream
    ) {
        statistics.add(reward, ofArm: arm)
    }
}
