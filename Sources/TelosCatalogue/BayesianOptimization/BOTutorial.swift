import TelosEvaluation
import TelosTensor

extension Catalogue {
    /// Equations: `GaussianProcess` (posterior), `expectedImprovement`, `knowledgeGradients` and
    /// `noisyExpectedImprovements` (KG, and the noisy EI of decision theory, by the envelope of lines).
    ///
    /// All tests but that of the size passed with noise of 1 on eight of ten ranges of 150 fresh seeds: once 20 seeds left
    /// the knowledge gradient 0.12 of random search's regret without noise, once the interval of what it saves reached 0.
    /// They passed with length scale 0.3 and an 8 x 8 grid too. The noisy EI, which may only choose what was observed, is
    /// nearly as good.
    static let boTutorial = CatalogueEntry(
        slug: "bo-tutorial",
        title: "A Tutorial on Bayesian Optimization",
        family: .bayesianOptimization, kind: .survey, scope: .adjacent,
        reference: CatalogueReference(
            authors: "Peter I. Frazier", year: 2018, venue: "arXiv", link: "https://arxiv.org/abs/1807.02811"),
        idea: """
            A Gaussian process says what is known of an expensive function; the next evaluation is where an acquisition \
            function is largest. Each acquisition function is the value of one more evaluation for a final choice: \
            expected improvement if only what was observed without noise may be chosen, the knowledge gradient if any \
            point may be chosen by its posterior mean.
            """,
        claim: """
            For functions drawn from the prior on a grid, expected improvement and the knowledge gradient leave less than a \
            tenth of random search's regret where evaluations are exact. Where noise is half of the function's spread, \
            the knowledge gradient and the expected improvement that allows for noise each leave less regret than expected \
            improvement over the best observation or over the best posterior mean, the knowledge gradient at most 0.6 of it.
            """,
        parameters: [
            ClaimParameter(
                "noise", default: 0.5,
                "Standard deviation of an evaluation's noise; the function's is 1. Lower: less to gain, more seeds needed.",
                in: 0.05...2),
            ClaimParameter(
                "lengthScale", default: 0.2, "How far values are alike, in sides of the square.", in: 0.1...0.5),
            ClaimParameter("grid", default: 10, "Points along a side of the square.", in: 5...15, whole: true),
            ClaimParameter("evaluations", default: 34, "Evaluations under noise.", in: 8...60, whole: true),
            ClaimParameter(
                "exactEvaluations", default: 24, "Evaluations without noise, on the first 20 seeds.", in: 8...60,
                whole: true),
        ],
        defaultSeeds: 0..<150,
        disputed: """
            Over 400 seeds the knowledge gradient left 0.70 of the better EI's regret at noise 0.5 and 0.66 at noise 1, not \
            the 0.6 that was fixed beforehand from a trial of 60 seeds (0.39). That it leaves less is beyond doubt, by how \
            much depends on few functions that are not optimised, and the tutorial states no size.
            """,
        run: { try BOTutorialExperiment($0).outcome() })
}

/// How the next point is chosen and how, at the end, the one to keep.
enum BOMethod: String, Sendable, CaseIterable {
    case random = "random search"
    case bestObserved = "EI over the best observation"
    case plugIn = "EI over the best posterior mean"
    case noisy = "noisy EI"
    case knowledgeGradient = "knowledge gradient"
}

/// Simple regret on functions drawn from the process that is assumed, so that acquisition is all that differs.
struct BOTutorialExperiment {
    let context: ClaimContext
    /// What is run in place of the knowledge gradient.
    let method: BOMethod
    static let initial = 4
    static let exactGrid = 15
    static let exactSeeds = 20

    init(_ context: ClaimContext, method: BOMethod = .knowledgeGradient) {
        self.context = context
        self.method = method
    }

    func outcome() throws -> ClaimOutcome {
        let noisyMethods: [BOMethod] = [.random, .bestObserved, .plugIn, .noisy, method]
        let exactMethods: [BOMethod] = [.random, .bestObserved, method]
        let noisy = try regrets(
            of: noisyMethods, seeds: context.seeds, side: context.whole("grid"), noise: context["noise"],
            evaluations: context.whole("evaluations"), purpose: "noise")
        let exact = try regrets(
            of: exactMethods, seeds: Array(context.seeds.prefix(Self.exactSeeds)), side: Self.exactGrid, noise: 0,
            evaluations: context.whole("exactEvaluations"), purpose: "no noise")
        // Means, not medians: most functions are optimised, and the rest is what a method costs.
        let (noisyMeans, exactMeans) = (noisy.map { mean(of: $0.values) }, exact.map { mean(of: $0.values) })
        let better = noisyMeans[1] <= noisyMeans[2] ? noisy[1] : noisy[2]
        /// By how much less regret than the better EI, with the interval over the same functions.
        func gain(_ index: Int) throws -> Interval {
            try bootstrapInterval(
                of: .mean, zip(better.values, noisy[index].values).map { $0 - $1 },
                key: RandomKey(seed: 0).derived("bo-tutorial statistics", index))
        }
        let tests = [
            ClaimTest("no noise: EI's mean regret over random search's", exactMeans[1] / exactMeans[0], .below, 0.1),
            ClaimTest(
                "no noise: the knowledge gradient's over random search's", exactMeans[2] / exactMeans[0], .below, 0.1),
            ClaimTest(
                "noise: regret the knowledge gradient saves of the better EI's, lower bound", try gain(4).lower, .above,
                0),
            ClaimTest(
                "noise: the knowledge gradient's mean regret over the better EI's",
                noisyMeans[4] / mean(of: better.values), .atMost, 0.6),
            ClaimTest("noise: regret noisy EI saves of the better EI's, lower bound", try gain(3).lower, .above, 0),
            ClaimTest(
                "noise: the better EI's mean regret over random search's", mean(of: better.values) / noisyMeans[0],
                .below, 1),
        ]
        let means = zip(noisyMethods, noisyMeans).map { "\($0.rawValue) \(shortNumber($1))" }
        return ClaimOutcome(
            arms: noisy + exact, tests: tests,
            notes: ["Mean regret under noise: " + means.joined(separator: ", ") + "."])
    }

    /// An arm a method: the regret of each seed.
    private func regrets(
        of methods: [BOMethod], seeds: [Int], side: Int, noise: Double, evaluations: Int, purpose: String
    ) throws -> [ClaimArm] {
        let prior = try Prior(side: side, lengthScale: context["lengthScale"])
        let part = ClaimContext(
            slug: context.slug, parameters: context.parameters, seeds: seeds, threads: context.threads)
        let values = try part.perSeed { _, key in
            try methods.map {
                try prior.regret(of: $0, noise: noise, evaluations: evaluations, key: key.derived(purpose))
            }
        }
        return methods.enumerated().map { index, name in
            ClaimArm(
                "\(name.rawValue), \(purpose)", index == methods.count - 1 || name == .noisy ? .method : .baseline,
                metric: "simple regret, low is good", values: values.map { $0[index] })
        }
    }
}

/// Functions on a grid over the unit square, with the process they are drawn from.
private struct Prior: Sendable {
    let points: [[Double]]
    let lengthScale: Double
    private let factorization: CholeskyFactorization

    init(side: Int, lengthScale: Double) throws {
        let step = 1 / Double(side - 1)
        points = (0..<(side * side)).map { [step * Double($0 / side), step * Double($0 % side)] }
        self.lengthScale = lengthScale
        let count = points.count
        var covariance = [Double](repeating: 0, count: count * count)
        for row in 0..<count {
            for column in 0..<count {
                covariance[row * count + column] = GaussianProcess.Kernel.squaredExponential.correlation(
                    points[row], points[column], lengthScales: [lengthScale, lengthScale])
            }
            covariance[row * count + row] += 1e-8
        }
        factorization = try CholeskyFactorization(covariance)
    }

    /// max f - f(the point kept): the best observed for EI over the best observation, the observed one of the best mean for
    /// noisy EI, else that of the best mean. Functions, first points and noise are those of the key, whatever the method.
    func regret(of method: BOMethod, noise: Double, evaluations: Int, key: RandomKey) throws -> Double {
        var functionRandom = key.derived("function").stream
        var noiseRandom = key.derived("noise").stream
        var random = key.derived("points").stream
        let values = factorization.multiplyFactor(points.map { _ in functionRandom.normal() })
        let parameters = GaussianProcess.Parameters(
            lengthScales: [lengthScale, lengthScale], noise: max(noise * noise, 1e-8), kernel: .squaredExponential)
        var chosen: [Int] = []
        var observations: [Double] = []
        func process() throws -> GaussianProcess {
            try GaussianProcess(parameters, points: chosen.map { points[$0] }, values: observations)
        }
        func best(_ scores: [Double]) -> Int { scores.indices.max { scores[$0] < scores[$1] } ?? 0 }
        while chosen.count < evaluations {
            let next =
                chosen.count < BOTutorialExperiment.initial || method == .random
                ? random.index(below: points.count)
                : best(try scores(of: method, try process(), chosen, observations))
            chosen.append(next)
            observations.append(values[next] + noise * noiseRandom.normal())
        }
        let largest = values.max() ?? 0
        if method == .bestObserved { return largest - values[chosen[best(observations)]] }
        let means = try process().means(at: points)
        if method == .noisy { return largest - values[chosen[best(chosen.map { means[$0] })]] }
        return largest - values[best(means)]
    }

    private func scores(
        of method: BOMethod, _ process: GaussianProcess, _ chosen: [Int], _ observations: [Double]
    ) throws -> [Double] {
        switch method {
        case .knowledgeGradient: return try process.knowledgeGradients(of: points)
        case .noisy: return try process.noisyExpectedImprovements(of: points, observed: chosen)
        case .random, .bestObserved, .plugIn:
            let known = try points.map { try process.posterior(at: $0) }
            let best = method == .plugIn ? chosen.map { known[$0].mean }.max() : observations.max()
            return known.map { expectedImprovement(mean: $0.mean, variance: $0.variance, over: best ?? 0) }
        }
    }
}
