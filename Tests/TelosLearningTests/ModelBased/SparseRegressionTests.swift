import Foundation
import TelosTensor
import Testing

@testable import TelosLearning

@Suite struct SparseRegressionTests {
    @Test func librariesHoldWhatTheyShould() {
        let cubic = FeatureLibrary.polynomial(of: [0, 1, 2], degree: 3, variables: 3)
        #expect(cubic.count == 20 && Set(cubic.terms).count == 20)
        let small = FeatureLibrary.polynomial(of: [0, 2], degree: 2, variables: 3)
        #expect(small.names(["x", "y", "u"]) == ["1", "x", "u", "x^2", "x u", "u^2"])
        #expect(small([2, 5, 3]) == [1, 2, 3, 4, 6, 9])
        let waves = FeatureLibrary.fourier(of: [1], frequencies: 2, variables: 3)
        #expect(waves.names(["x", "y", "u"]) == ["sin(y)", "cos(y)", "sin(2 y)", "cos(2 y)"])
        #expect(zip(waves([2, 0.5, 3]), [sin(0.5), cos(0.5), sin(1), cos(1)]).allSatisfy { abs($0 - $1) < 1e-15 })
        // Joined, doubles fall away; multiplied, all pairs.
        #expect((small + small).count == 6)
        let control = FeatureLibrary.polynomial(of: [2], degree: 1, variables: 3, constant: false)
        #expect((control * waves).names(["x", "y", "u"])[3] == "u cos(2 y)")
        #expect((control * small).names(["x", "y", "u"]) == ["u", "x u", "u^2", "x^2 u", "x u^2", "u^3"])
        #expect((control * waves)([2, 0.5, 3, 1, 1, 1]).count == 8)
    }

    /// With orthonormal columns and no ridge it is hard thresholding of A'b.
    @Test func orthonormalColumnsAreThresholded() throws {
        // A 4 x 4 Hadamard matrix over 2.
        let features: [Double] = [1, 1, 1, 1, 1, -1, 1, -1, 1, 1, -1, -1, 1, -1, -1, 1].map { $0 / 2 }
        let targets = [3.0, -1, 0.5, 2]
        let products = (0..<4).map { column in (0..<4).reduce(0) { $0 + features[$1 * 4 + column] * targets[$1] } }
        for threshold in [0.0, 0.8, 1.3, 2.2, 9] {
            let fit = try SparseRegression(threshold: threshold, ridge: 0).fit(
                features: features, targets: targets, rows: 4)
            for column in 0..<4 {
                let expected = abs(products[column]) >= threshold ? products[column] : 0
                #expect(abs(fit[column] - expected) < 1e-12)
            }
        }
    }

    /// The Lorenz system's seven terms from noisy derivatives, as in the paper's first example.
    @Test func lorenzIsFound() throws {
        var random = RandomKey(seed: 5).stream
        let library = FeatureLibrary.polynomial(of: [0, 1, 2], degree: 3, variables: 3)
        var (states, rates) = ([Double](), [Double]())
        for _ in 0..<400 {
            let (x, y, z) = (random.uniform(-15, 15), random.uniform(-20, 20), random.uniform(0, 40))
            states += [x, y, z]
            let rate: [Double] = [10 * (y - x), x * (28 - z) - y, x * y - (8.0 / 3) * z]
            for value in rate { rates.append(value + random.normal()) }
        }
        let model = SparseModel(
            library: library,
            coefficients: try SparseRegression(threshold: 0.4, ridge: 0.05).fit(
                features: library(states), targets: rates, rows: 400, targetCount: 3), outputCount: 3)
        #expect(model.nonzeroCount == 7)
        let equations = model.equations(variables: ["x", "y", "z"], outputs: ["x'", "y'", "z'"], digits: 1)
        #expect(equations[0] == "x' = -10 x + 10 y" && equations[2] == "z' = -3 z + 1 x y", "\(equations)")
        let point = model([1, 2, 3])
        #expect(abs(point[0] - 10) < 0.3 && abs(point[1] - 23) < 1 && abs(point[2] + 6) < 0.3)
    }

    /// Dropped columns are refitted without: the others are then their own least squares.
    @Test func whatIsKeptIsFittedAgain() throws {
        var random = RandomKey(seed: 6).stream
        var (features, targets) = ([Double](), [Double]())
        for row in 0..<60 {
            features += [1.0, random.normal(), random.normal(), random.normal()]
            targets.append(1 + 2 * features[4 * row + 2] + 0.1 * random.normal())
        }
        let fit = try SparseRegression(threshold: 0.3, ridge: 0.5).fit(features: features, targets: targets, rows: 60)
        let kept = try leastSquares(
            matrix: (0..<60).flatMap { row -> [Double] in [features[4 * row], features[4 * row + 2]] }, rows: 60,
            columns: 2, rhs: targets,
            ridge: 0.5)
        #expect(fit == [kept[0], 0, kept[1], 0])
        let without = try SparseRegression(threshold: 0, ridge: 0.5).fit(
            features: features, targets: targets, rows: 60, candidates: [1, 3])
        #expect(without[0] == 0 && without[2] == 0 && without[1] != 0)
    }

    @Test func ensemblesHaveMediansAndVariances() throws {
        var random = RandomKey(seed: 7).stream
        let library = FeatureLibrary.polynomial(of: [0, 1], degree: 2, variables: 2)
        let inputs = (0..<80).map { _ in random.uniform(-1, 1) }
        let outputs = (0..<40).flatMap { row -> [Double] in
            let (x, y) = (inputs[2 * row], inputs[2 * row + 1])
            return [x - 2 * x * y + 0.1 * random.normal(), 3 * y * y + 0.1 * random.normal()]
        }
        var options = SparseEnsemble.Options()
        options.regression = SparseRegression(threshold: 0.3, ridge: 1e-9)
        options.memberCount = 31
        let ensemble = try SparseEnsemble(
            library, inputs: inputs, outputs: outputs, outputCount: 2, options: options, using: &random)
        #expect(ensemble.median.nonzeroCount == 3 && ensemble.inclusion[2 * 4] == 1)
        for index in 0..<12 {
            let sorted = ensemble.members.map { $0[index] }.sorted()
            #expect(ensemble.median.coefficients[index] == sorted[15])
        }
        // Var = theta Cov(Xi) theta', the covariance written out.
        let point = [0.7, -0.4]
        let theta = library(point)
        let variance = ensemble.variance(at: point)
        for output in 0..<2 {
            let rows = ensemble.members.map { member in (0..<6).map { member[2 * $0 + output] } }
            let means = (0..<6).map { j in rows.reduce(0) { $0 + $1[j] } / 31 }
            var expected = 0.0
            for i in 0..<6 {
                for j in 0..<6 {
                    let covariance = rows.reduce(0) { $0 + ($1[i] - means[i]) * ($1[j] - means[j]) } / 31
                    expected += theta[i] * covariance * theta[j]
                }
            }
            #expect(abs(variance[output] - expected) < 1e-12 && expected > 0)
        }
        // Far from the data less is known.
        #expect(ensemble.variance(at: [3, 3])[0] > 4 * variance[0])
        options.droppedTerms = 2
        let subsets = try SparseEnsemble(
            library, inputs: inputs, outputs: outputs, outputCount: 2, options: options, using: &random)
        #expect(subsets.inclusion.max()! < 1)
    }

    @Test func wrongSizesAreRefused() {
        var random = RandomKey(seed: 8).stream
        let library = FeatureLibrary.polynomial(of: [0], degree: 1, variables: 1)
        #expect(throws: LinearAlgebraError.self) {
            try SparseRegression().fit(features: [1, 2, 3], targets: [1, 2], rows: 2)
        }
        #expect(throws: LinearAlgebraError.self) {
            try SparseEnsemble(library, inputs: [1, 2], outputs: [1], outputCount: 1, using: &random)
        }
        var options = SparseEnsemble.Options()
        options.droppedTerms = 2
        #expect(throws: LinearAlgebraError.self) {
            try SparseEnsemble(library, inputs: [1], outputs: [1], outputCount: 1, options: options, using: &random)
        }
        let empty = SparseModel(library: library, coefficients: [0, -0.25], outputCount: 1)
        #expect(empty.equations(variables: ["x"], outputs: ["y"]) == ["y = -0.25 x"])
    }
}
