import TelosTensor
import Testing

@testable import TelosLearning

@Suite struct SampleDropoutTests {
    /// Var[X] = (n - 1) / n^2 sum X_i^2 - 1 / n^2 sum phi_i.
    @Test func varianceIsWhatTheCrossTermsSay() {
        var random = RandomKey(seed: 1).stream
        for count in [2, 7, 64] {
            let x = (0..<count).map { _ in random.normal() + 0.5 }
            let n = Double(count)
            let sum = x.reduce(0, +)
            let square = x.reduce(0) { $0 + $1 * $1 }
            let phi = x.reduce(0) { $0 + $1 * (sum - $1) }
            let variance = square / n - sum / n * sum / n
            #expect(abs(variance - ((n - 1) / (n * n) * square - phi / (n * n))) < 1e-10)
        }
    }

    /// Against sorting by hand. With a positive sum the smallest positive and the most negative samples go.
    @Test(arguments: [0.8, 0.5, 0.25, 1])
    func keepsTheLargestOfEachGroup(share: Double) throws {
        var random = RandomKey(seed: 4).stream
        for shift in [0.6, -0.6] {
            let x = (0..<41).map { _ in Float(random.normal() + shift) }
            let kept = try SampleDropout.kept(Tensor(x, shape: [41]), share: Float(share)).evaluated()
            let sum = x.reduce(0, +)
            func phi(_ index: Int) -> Float { x[index] * (sum - x[index]) }
            for group in [x.indices.filter { phi($0) >= 0 }, x.indices.filter { phi($0) < 0 }] {
                let size = Int((share * Double(group.count) + 0.5).rounded(.down))
                let best = Set(group.sorted { phi($0) > phi($1) }.prefix(size))
                for index in group { #expect(kept[index] == (best.contains(index) ? 1 : 0)) }
            }
            if shift > 0, share == 0.8 {
                let dropped = x.indices.filter { kept[$0] == 0 }.map { x[$0] }
                let left = x.indices.filter { kept[$0] == 1 }.map { x[$0] }
                #expect(dropped.filter { $0 > 0 }.max()! <= left.filter { $0 > 0 }.min()!)
                #expect(dropped.filter { $0 < 0 }.max()! <= left.filter { $0 < 0 }.min()!)
            }
        }
    }

    /// Leaving samples out is the loss of the others; leaving none out is the loss itself, to the bit.
    @Test func lossCountsTheKeptAlone() throws {
        let new = Tensor([-0.2, -1.0, -0.7, -2.0], shape: [4])
        let old = Tensor([-0.3, -0.8, -0.7, -1.0], shape: [4])
        let advantages = Tensor([1.0, -2.0, 0.5, 3.0], shape: [4])
        let objective = ClippedObjective(clipRange: 0.2)
        let all = try objective.loss(logProbability: new, oldLogProbability: old, advantages: advantages).evaluated()
        let every = try objective.loss(
            logProbability: new, oldLogProbability: old, advantages: advantages, kept: Tensor([1, 1, 1, 1], shape: [4])
        ).evaluated()
        #expect(abs(all[0] - every[0]) < 1e-6)
        let two = try objective.loss(
            logProbability: new, oldLogProbability: old, advantages: advantages, kept: Tensor([0, 1, 0, 1], shape: [4])
        ).evaluated()
        func slice(_ x: Tensor) -> Tensor { x.gatheringRows(Tensor([1, 3], shape: [2])) }
        let expected = try objective.loss(
            logProbability: slice(new.reshaped(4, 1)).reshaped(2),
            oldLogProbability: slice(old.reshaped(4, 1)).reshaped(2),
            advantages: slice(advantages.reshaped(4, 1)).reshaped(2)
        ).evaluated()
        #expect(abs(two[0] - expected[0]) < 1e-6)
    }
}
