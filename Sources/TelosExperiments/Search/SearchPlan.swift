/// How an experiment's settings are searched: the `search` section of its file.
public struct SearchPlan: Sendable, Hashable {
    public enum Method: String, Sendable, CaseIterable {
        /// Every candidate drawn from the space, each trained in full.
        case random
        /// Candidates drawn from the space, all trained a little, the better ones further (Jamieson and Talwalkar,
        /// *Non-stochastic best arm identification and hyperparameter optimization*, 2016).
        case halving
        /// Candidates where a Gaussian process expects the largest improvement, each trained in full.
        case gaussianProcess = "gaussian-process"

        public var summary: String {
            switch self {
            case .random: "every candidate drawn from the space, each trained in full"
            case .halving: "candidates drawn from the space, all trained a little, the better ones further"
            case .gaussianProcess: "candidates where a Gaussian process expects the largest improvement"
            }
        }
    }

    public static let defaultTrials = 30
    /// Apart from the seeds by which results are judged, 0 and up.
    public static let defaultSeeds = [300, 301, 302]

    public var method = Method.random
    /// Candidates in all.
    public var trials = SearchPlan.defaultTrials
    /// The seeds each candidate is trained with.
    public var seeds = SearchPlan.defaultSeeds
    /// What the candidates are drawn with.
    public var seed = 0
    /// For `halving`: one in so many candidates goes on, for so many times the steps.
    public var reduction = 3
    /// For `gaussian-process`: candidates proposed at once. More of them keep more cores busy and know less.
    public var batch = 2
    public var space: SearchSpace

    public init(space: SearchSpace) { self.space = space }
}

/// The rungs of successive halving: how many candidates are trained to how many steps.
public struct HalvingSchedule: Sendable, Hashable {
    public struct Rung: Sendable, Hashable {
        public var candidates: Int
        /// Steps each of them has taken at the end of the rung, earlier rungs included.
        public var steps: Int
    }

    public let rungs: [Rung]

    /// Rung k of 0 ... s holds floor(candidates / reduction^k) of them, trained to ceil(steps / reduction^(s - k)) steps,
    /// with s the largest for which the last rung holds at least one and the first trains at least a step.
    public init(candidates: Int, steps: Int, reduction: Int) {
        let (candidates, reduction) = (max(1, candidates), max(2, reduction))
        var powers = [1]
        while let last = powers.last, last <= candidates / reduction, last * reduction <= max(1, steps) {
            powers.append(last * reduction)
        }
        rungs = zip(powers, powers.reversed()).map { power, rest in
            Rung(candidates: candidates / power, steps: (steps + rest - 1) / rest)
        }
    }

    /// Environment steps of all candidates, a seed: each continues where the rung before left it.
    public var totalSteps: Int {
        var total = 0
        var before = 0
        for rung in rungs {
            total += rung.candidates * (rung.steps - before)
            before = rung.steps
        }
        return total
    }
}
