import TelosTensor
import Testing

@testable import TelosLearning

@Suite struct CurriculaTests {
    /// Two separated clouds are found: weights, means and covariances, and the criterion prefers two to one or five.
    @Test func mixturesAreRecovered() throws {
        var random = RandomKey(seed: 1).stream
        var points: [Double] = []
        for index in 0..<900 {
            let (a, b) = (random.normal(), random.normal())
            points += index % 3 == 0 ? [4 + 0.5 * a, 4 + 0.2 * b] : [a, 0.8 * a + 0.6 * b]
        }
        var criteria: [Double] = []
        for count in [1, 2, 5] {
            criteria.append(
                try GaussianMixtureModel(fitting: points, dimension: 2, components: count, using: &random)
                    .akaikeCriterion)
        }
        #expect(criteria[1] < criteria[0] && criteria[1] < criteria[2] + 10)
        let mixture = try GaussianMixtureModel(fitting: points, dimension: 2, components: 2, using: &random)
        let wide = mixture.weights[0] > mixture.weights[1] ? 0 : 1
        #expect(abs(mixture.weights[wide] - 2.0 / 3) < 0.02)
        let expected = [([0.0, 0.0], [1, 0.8, 0.8, 1]), ([4, 4], [0.25, 0, 0, 0.04])]
        for (k, (mean, covariance)) in zip([wide, 1 - wide], expected) {
            for axis in 0..<2 { #expect(abs(mixture.means[k][axis] - mean[axis]) < 0.12) }
            for entry in 0..<4 { #expect(abs(mixture.covariances[k][entry] - covariance[entry]) < 0.15) }
        }
        // The likelihood is the sum of the density's logarithms, and the density integrates to 1.
        let sum = try stride(from: 0, to: points.count, by: 2).reduce(0.0) {
            $0 + (try mixture.logDensity(of: [points[$1], points[$1 + 1]]))
        }
        #expect(abs(sum - mixture.logLikelihood) < 0.01 * abs(sum))
        #expect(mixture.parameterCount == 2 * 5 + 1)
        let draws = try (0..<2000).map { _ in try mixture.sample(component: 1 - wide, using: &random) }
        let mean = draws.reduce(0) { $0 + $1[0] } / 2000
        #expect(abs(mean - mixture.means[1 - wide][0]) < 0.05)
        #expect(throws: LinearAlgebraError.self) {
            try GaussianMixtureModel(fitting: [1, 2], dimension: 1, components: 3, using: &random)
        }
    }

    /// One normal has the closed form of a normal's likelihood.
    @Test func oneNormalIsExact() throws {
        var random = RandomKey(seed: 3).stream
        let points = (0..<50).map { _ in 2 + random.normal() }
        let mixture = try GaussianMixtureModel(
            fitting: points, dimension: 1, components: 1, ridge: 0, using: &random)
        let mean = points.reduce(0, +) / 50
        let variance = points.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 50
        #expect(abs(mixture.means[0][0] - mean) < 1e-8 && abs(mixture.covariances[0][0] - variance) < 1e-8)
        // log 2 pi.
        let expected = -25 * (1.837_877_066_409_345 + 1) - 25 * logarithm(variance)
        #expect(abs(mixture.logLikelihood - expected) < 1e-6)
    }

    /// By Newton's method on exp's Taylor series: shares nothing with the library.
    private func logarithm(_ x: Double) -> Double {
        var y = 0.0
        for _ in 0..<50 {
            var (term, sum) = (1.0, 1.0)
            for k in 1..<60 {
                term *= y / Double(k)
                sum += term
            }
            y += x / sum - 1
        }
        return y
    }

    @Test func progressIsTheDifferenceToTheNearest() {
        var progress = LearningProgress(dimension: 2)
        for index in 0..<6 { #expect(progress.record([Double(index), 0], outcome: Double(index)) == 0) }
        #expect(progress.record([2.2, 0.1], outcome: 5) == 3)
        #expect(progress.record([2.2, 0.2], outcome: 4) == 1)
        #expect(progress.count == 8)
    }

    /// Where outcomes change only in one corner, tasks come from there; with progress shuffled they do not.
    @Test func teachersFollowProgress() {
        var random = RandomKey(seed: 5).stream
        func share(usesProgress: Bool) -> Double {
            var settings = ALPGMMSampler.Settings()
            settings.usesProgress = usesProgress
            var teacher = ALPGMMSampler([0...1, -2...2], settings: settings)
            var (inside, total) = (0.0, 0.0)
            for episode in 0..<2000 {
                let task = teacher.sample(using: &random)
                #expect((0...1).contains(task[0]) && (-2...2).contains(task[1]))
                let isCorner = task[0] > 0.75 && task[1] > 1
                teacher.record(task, outcome: isCorner ? random.uniform() : 0.3, using: &random)
                if episode >= 500 {
                    inside += isCorner ? 1 : 0
                    total += 1
                }
            }
            return inside / total
        }
        #expect(share(usesProgress: true) > 0.4)
        #expect(share(usesProgress: false) < 0.25)
        var uniform = UniformTaskSampler([0...1, 5...6])
        let tasks = (0..<1000).map { _ in uniform.sample(using: &random) }
        #expect(abs(tasks.reduce(0) { $0 + $1[1] } / 1000 - 5.5) < 0.03)
        #expect(tasks.allSatisfy { (0...1).contains($0[0]) && (5...6).contains($0[1]) })
    }
}
