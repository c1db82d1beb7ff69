import TelosTensor
import Testing

@testable import TelosEnvironments

@Suite struct OccupancyDivergenceTests {
    private func occupancies(_ seed: Int) throws -> (p: [Double], q: [Double]) {
        var random = RandomKey(seed: seed).stream
        let mdp = try TabularMDP.garnet(states: 6, actions: 3, branching: 2, using: &random)
        func policy() -> [Double] {
            TabularPolicy.softmax((0..<18).map { _ in random.normal() }, actionCount: 3)
        }
        return (
            try mdp.occupancy(policy: policy(), discount: 0.9), try mdp.occupancy(policy: policy(), discount: 0.9)
        )
    }

    /// 0 for the same, symmetric or not as they should be, in the known order: 2 TV^2 <= KL <= log(1 + chi2) <= chi2.
    @Test(arguments: 0..<5) func knownInequalities(seed: Int) throws {
        let (p, q) = try occupancies(seed)
        for divergence in OccupancyDivergence.allCases { #expect(abs(divergence(p, p)) < 1e-12) }
        let (total, kl, chi) = (
            OccupancyDivergence.totalVariation(p, q), OccupancyDivergence.kl(p, q), OccupancyDivergence.chiSquare(p, q)
        )
        #expect(total == OccupancyDivergence.totalVariation(q, p) && total > 0 && total <= 1)
        #expect(2 * total * total <= kl && kl <= chi)
        let uneven = OccupancyDivergence.chiSquare([0.5, 0.5], [0.25, 0.75])
        #expect(abs(3 * uneven - 1) < 1e-12)
        #expect(abs(OccupancyDivergence.kl([1, 0], [0.5, 0.5]) - 0.693_147_180_559_945) < 1e-12)
        #expect(OccupancyDivergence.kl([0.5, 0.5], [1, 0]) == .infinity)
        #expect(OccupancyDivergence.chiSquare([1, 0], [1, 0]) == 0)
    }

    /// Slopes against central differences.
    @Test func gradientsAgreeWithDifferences() throws {
        let (p, q) = try occupancies(9)
        for divergence in OccupancyDivergence.allCases {
            let gradient = divergence.gradient(p, q)
            for index in p.indices where abs(p[index] - q[index]) > 1e-4 && p[index] > 1e-3 {
                let step = 1e-6
                var (up, down) = (p, p)
                up[index] += step
                down[index] -= step
                let difference = (divergence(up, q) - divergence(down, q)) / (2 * step)
                #expect(abs(gradient[index] - difference) < 1e-4 * (1 + abs(difference)), "\(divergence)")
            }
        }
        #expect(OccupancyDivergence.chiSquare.gradient([0, 1], [0, 1]) == [0, 2])
    }
}
