import CTelosKernels
import TelosTensor
import Testing

@testable import TelosLearning

@Suite struct PreferenceObjectiveTests {
    private static let divergences: [FDivergence] = [
        .reverseKL, .forwardKL, .jensenShannon, .alpha(0.2), .alpha(0.5), .alpha(0.9),
    ]

    private func losses(
        _ objective: some PreferenceObjective, _ first: [Float], _ second: [Float], _ target: [Float]
    ) throws -> [Float] {
        func column(_ values: [Float]) -> Tensor { Tensor(values, shape: [values.count]) }
        return try objective.losses(column(first), column(second), target: column(target)).evaluated()
    }

    /// f(1) = 0, f is convex, and `derivative` is its slope but for a constant.
    @Test(arguments: divergences) func derivativesAreSlopes(divergence: FDivergence) throws {
        #expect(abs(divergence.value(1)) < 1e-12)
        let ratios = [0.05, 0.3, 0.8, 1, 1.7, 6]
        let slopes = ratios.map { (divergence.value($0 * 1.0001) - divergence.value($0 * 0.9999)) / ($0 * 0.0002) }
        let v = Tensor(ratios.map { Float(telos_log64($0)) }, shape: [ratios.count])
        let derivatives = try divergence.derivative(v).evaluated().map(Double.init)
        for index in ratios.indices {
            let (slope, given) = (slopes[index] - slopes[3], derivatives[index] - derivatives[3])
            #expect(abs(slope - given) < 1e-4 * max(1, abs(slope)), "\(ratios[index])")
            if index > 0 { #expect(slopes[index] > slopes[index - 1]) }
        }
        // Far out nothing overflows.
        #expect(try divergence.derivative(Tensor([-200, 80], shape: [2])).evaluated().allSatisfy(\.isFinite))
    }

    /// No other policy has a larger E[r] - beta D, and alpha comes to the two Kullback-Leibler divergences at its ends.
    @Test(arguments: divergences) func optimaAreBest(divergence: FDivergence) {
        var random = RandomKey(seed: 3).stream
        let reward = (0..<6).map { _ in random.normal() }
        let weights = (0..<6).map { _ in random.uniform(0.1, 1) }
        let reference = weights.map { $0 / weights.reduce(0, +) }
        for beta in [0.05, 0.7, 5] {
            let best = divergence.optimum(reward: reward, reference: reference, beta: beta)
            #expect(abs(best.reduce(0, +) - 1) < 1e-12 && best.allSatisfy { $0 > 0 })
            func value(_ policy: [Double]) -> Double {
                zip(policy, reward).reduce(0) { $0 + $1.0 * $1.1 } - beta * divergence(policy, reference)
            }
            for _ in 0..<200 {
                let moved = best.map { $0 * telos_exp64(0.1 * random.normal()) }
                #expect(value(moved.map { $0 / moved.reduce(0, +) }) <= value(best) + 1e-9)
            }
        }
        for (alpha, end) in [(1e-6, FDivergence.reverseKL), (1 - 1e-6, .forwardKL)] {
            let near = FDivergence.alpha(alpha).optimum(reward: reward, reference: reference, beta: 1)
            let limit = end.optimum(reward: reward, reference: reference, beta: 1)
            #expect(zip(near, limit).allSatisfy { abs($0 - $1) < 1e-4 })
        }
    }

    @Test func lossesAreTheirEquations() throws {
        let (first, second): ([Float], [Float]) = ([0.5, -1, 2], [-0.25, 0.5, 1.5])
        let margins: [Double] = [0.75, -1.5, 0.5]
        let direct = try losses(DirectPreference(beta: 0.3), first, second, [1, 0, 0.25])
        for (index, share) in [1, 0, 0.25].enumerated() {
            let p = 1 / (1 + telos_exp64(-0.3 * margins[index]))
            let expected = -share * telos_log64(p) - (1 - share) * telos_log64(1 - p)
            #expect(abs(Double(direct[index]) - expected) < 1e-6)
        }
        let forward = try losses(DirectPreference(beta: 0.3, divergence: .forwardKL), first, second, [1, 1, 1])
        let slope = 0.3 * (-telos_exp64(-0.5) + telos_exp64(0.25))
        #expect(abs(Double(forward[0]) - telos_log64(1 + telos_exp64(-slope))) < 1e-6)
        let identity = try losses(IdentityPreference(tau: 0.5), first, second, [1, 0, 0.5])
        #expect(abs(identity[0] - 0.0625) < 1e-6 && abs(identity[1] - 0.25) < 1e-6 && abs(identity[2] - 1.25) < 1e-6)
        let calibration = try losses(LikelihoodCalibration(delta: 1), first, second, [1, 0, 0])
        #expect(abs(calibration[0] - 0.25) < 1e-6 && calibration[1] == 0 && abs(calibration[2] - 1.5) < 1e-6)
        let regression = try losses(RelativeRewardRegression(eta: 2), first, second, [0.5, -1, 0])
        #expect(abs(regression[0] - 0.0625) < 1e-6 && abs(regression[1] - 0.25) < 1e-6)
        #expect(abs(regression[2] - 0.25) < 1e-6)
    }

    /// Before the policy has moved, a regression's loss is the mean of eta^2 (r - r')^2 and its slope that of a
    /// two-sample policy gradient, -2 eta (r - r').
    @Test func regressionBeginsAsAPolicyGradient() throws {
        let v = [Tensor(placeholder: 3), Tensor(placeholder: 3)]
        let difference: [Float] = [1, -0.5, 2]
        let losses = RelativeRewardRegression(eta: 0.5).losses(v[0], v[1], target: Tensor(difference, shape: [3]))
        let program = try Program(
            inputs: v, outputs: [losses] + gradient(of: losses.sum(), withRespectTo: v))
        program.run()
        for index in 0..<3 {
            #expect(abs(program.output(0)[index] - 0.25 * difference[index] * difference[index]) < 1e-6)
            #expect(abs(program.output(1)[index] + difference[index]) < 1e-6)
            #expect(abs(program.output(2)[index] - difference[index]) < 1e-6)
        }
    }

    @Test func groupsAreComparedWithin() {
        let right = GroupBaseline.standardized.advantages([1, 0, 0, 0, 1, 0, 0, 0])
        #expect(abs(right[0] - 3.0.squareRoot()) < 1e-12 && abs(right[1] + (1.0 / 3).squareRoot()) < 1e-12)
        let rewards = [0.3, -1, 2, 0.5]
        let others = GroupBaseline.leaveOneOut.advantages(rewards)
        for (index, reward) in rewards.enumerated() {
            #expect(abs(others[index] - (reward - (1.8 - reward) / 3)) < 1e-12)
        }
        let centred = GroupBaseline.centred.advantages(rewards)
        #expect(zip(centred, others).allSatisfy { abs($0 * 4 / 3 - $1) < 1e-12 })
        for baseline in GroupBaseline.allCases {
            #expect(abs(baseline.advantages(rewards).reduce(0, +)) < 1e-12)
            #expect(baseline.advantages([0.1, 0.1, 0.1]) == [0, 0, 0])
            #expect(baseline.advantages([4]) == [0] && baseline.advantages([]).isEmpty)
        }
    }
}
