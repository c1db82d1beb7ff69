import CTelosKernels
import TelosEnvironments
import TelosTensor
import Testing

@testable import TelosLearning

@Suite struct ConstraintTests {
    /// max -(x - 2)^2 - (y - 3)^2 subject to x <= 1 and y <= 5: lambda = (2, 0), x = 1, y = 3, by the
    /// Karush-Kuhn-Tucker conditions. The primal is solved exactly: x = 2 - lambda_1 / 2.
    @Test(arguments: [
        LagrangeMultipliers.Gains(integral: 0.2), .init(proportional: 0.5, integral: 0.2, derivative: 0.1),
    ])
    func multipliersFindTheSaddle(_ gains: LagrangeMultipliers.Gains) {
        var multipliers = LagrangeMultipliers(count: 2, gains: gains)
        var (x, y) = (2.0, 3.0)
        for _ in 0..<400 {
            multipliers.update(violations: [x - 1, y - 5])
            (x, y) = (2 - multipliers.values[0] / 2, 3 - multipliers.values[1] / 2)
        }
        #expect(abs(multipliers.values[0] - 2) < 1e-9 && multipliers.values[1] == 0)
        #expect(abs(x - 1) < 1e-9 && y == 3)
        #expect(abs(multipliers.penalized(5, costs: [1, 7]) - 3) < 1e-8)
        #expect(abs(multipliers.penalized(5, costs: [1, 7], normalized: true) - 1) < 1e-8)
    }

    /// Where the primal lags, integral control alone overshoots and the proportional part damps it.
    @Test func proportionalControlDamps() {
        func overshoot(_ gains: LagrangeMultipliers.Gains) -> Double {
            var multipliers = LagrangeMultipliers(count: 1, gains: gains)
            var (x, worst) = (2.0, 0.0)
            for _ in 0..<3000 {
                multipliers.update(violations: [x - 1])
                x += 0.02 * (-2 * (x - 2) - multipliers.values[0])
                worst = max(worst, 1 - x)
            }
            return worst
        }
        #expect(overshoot(.init(proportional: 4, integral: 0.1)) < 0.3 * overshoot(.init(integral: 0.1)))
    }

    @Test func stepsAreThoseOfTheFormula() {
        var multipliers = LagrangeMultipliers(
            count: 1, gains: .init(proportional: 2, integral: 0.5, derivative: 3), ceiling: 4)
        var expected: [Double] = []
        var (integral, previous) = (0.0, nil as Double?)
        for violation in [0.4, 1, -0.2, -3, 0.1, 5] {
            multipliers.update(violations: [violation])
            integral = min(max(integral + 0.5 * violation, 0), 4)
            let rise = max(0, violation - (previous ?? violation))
            expected.append(min(max(2 * violation + integral + 3 * rise, 0), 4))
            previous = violation
            #expect(abs(multipliers.values[0] - expected.last!) < 1e-12)
        }
        #expect(expected.contains(0) && expected.contains(4))
    }

    /// max x subject to x <= 1 behind a barrier: x* = 1 - 1/t, where the gradient vanishes.
    @Test(arguments: [5.0, 20, 200]) func barriersStopShortOfTheWall(_ sharpness: Double) {
        let barrier = InteriorPointBarrier(sharpness: sharpness)
        var x = 0.0
        for _ in 0..<200_000 { x += 1e-2 / sharpness * (1 - barrier.weights(slacks: [1 - x])[0]) }
        #expect(abs(x - (1 - 1 / sharpness)) < 1e-6)
        // From beyond the wall it comes back.
        #expect(barrier.weights(slacks: [-0.3])[0] == 1 / (sharpness * 1e-3))
    }

    @Test func barrierWeightsAreTheGradient() {
        let barrier = InteriorPointBarrier(sharpness: 30, floor: 0.01)
        for slacks in [[0.5, 0.02], [0.3, -0.2], [0.004, 1]] {
            let weights = barrier.weights(slacks: slacks)
            for index in slacks.indices {
                var (up, down) = (slacks, slacks)
                up[index] += 1e-7
                down[index] -= 1e-7
                let slope = (barrier.value(slacks: up) - barrier.value(slacks: down)) / 2e-7
                #expect(abs(slope - weights[index]) < 1e-3 * weights[index])
            }
        }
    }

    /// No policy on a grid over the simplex is better than the closed form, by the objective it is said to maximise.
    @Test func anchoredImprovementIsTheMaximum() {
        var random = RandomKey(seed: 6).stream
        for _ in 0..<5 {
            let advantages = (0..<3).map { _ in random.normal() }
            let anchors = (0..<2).map { _ in
                TabularPolicy.softmax((0..<3).map { _ in random.normal() }, actionCount: 3)
            }
            let multipliers = [random.uniform(0.1, 1), random.uniform(0.1, 1)]
            func objective(_ policy: [Double]) -> Double {
                policy.indices.filter { policy[$0] > 0 }.reduce(0) { sum, action in
                    var term = advantages[action]
                    for (anchor, multiplier) in zip(anchors, multipliers) {
                        term -= multiplier * (telos_log64(policy[action]) - telos_log64(anchor[action]))
                    }
                    return sum + policy[action] * term
                }
            }
            let improvement = AnchoredImprovement(multipliers: multipliers)
            let policy = TabularPolicy.softmax(
                improvement.logits(advantages: advantages, anchors: anchors), actionCount: 3)
            let best = objective(policy)
            var largest = -Double.infinity
            for i in 0...60 {
                for j in 0...(60 - i) {
                    let point = [Double(i) / 60, Double(j) / 60, Double(60 - i - j) / 60]
                    largest = max(largest, objective(point))
                }
            }
            #expect(best >= largest && best - largest < 0.01)
            // Weighted likelihood of what beta was logged to do has this policy as its best: pi ~ beta w.
            let behavior = [0.2, 0.5, 0.3]
            let weights = improvement.weights(advantages: advantages, anchors: anchors, behavior: behavior)
            let shares = zip(behavior, weights).map { $0 * $1 }
            for action in 0..<3 { #expect(abs(shares[action] / shares.reduce(0, +) - policy[action]) < 1e-9) }
            let clipped = improvement.weights(
                advantages: advantages, anchors: anchors, behavior: behavior, clip: 0.5)
            #expect(clipped == weights.map { min($0, 0.5) })
        }
    }

    /// One anchor: the proximal step of an entropy-regularised policy.
    @Test func oneAnchorIsAProximalStep() {
        let (advantages, anchor) = ([0.3, -0.2, 0.9], [0.5, 0.3, 0.2])
        let policy = TabularPolicy.softmax(
            AnchoredImprovement(multipliers: [0.4]).logits(advantages: advantages, anchors: [anchor]), actionCount: 3)
        let shares = (0..<3).map { anchor[$0] * telos_exp64(advantages[$0] / 0.4) }
        for action in 0..<3 { #expect(abs(policy[action] - shares[action] / shares.reduce(0, +)) < 1e-12) }
    }
}
