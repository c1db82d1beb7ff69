import TelosNN
import TelosTensor
import Testing

@testable import TelosCatalogue

@Suite struct SoftMoEClaimTests {
    /// With the whole map as one token every slot reads the same thing, and nothing is left of the advantage.
    @Test func failsWithoutTokens() throws {
        let entry = try Catalogue.entry("soft-moe")
        let settings = ["updates": 300.0, "layouts": 60, "hidden": 16]
        let context = ClaimContext(
            slug: entry.slug, parameters: try entry.parameterValues(set: settings), seeds: [100], threads: 1)
        let outcome = try SoftMoEExperiment(context, hasTokens: false).outcome()
        #expect(outcome.tests.first { $0.name == "soft less dense, mean over sizes" }?.passed == false)
    }

    /// Cells keep apart, food pays and moves on, hazards end the episode.
    @Test func theGridIsAsDescribed() throws {
        let grid = FoodGrid(hazards: 4)
        var random = RandomKey(seed: 1).stream
        var (eaten, hit) = (0, 0)
        for _ in 0..<2000 {
            var layout = grid.layout(using: &random)
            #expect(Set([layout.agent] + layout.food + layout.hazards).count == 8)
            let before = layout
            let (reward, ends) = grid.step(&layout, action: random.index(below: 4), using: &random)
            #expect(ends == before.hazards.contains(layout.agent))
            #expect(reward == (ends ? -1 : before.food.contains(layout.agent) ? 1 : 0))
            #expect(Set(layout.food).count == 3 && !layout.food.contains(layout.agent))
            #expect(abs(layout.agent / 8 - before.agent / 8) + abs(layout.agent % 8 - before.agent % 8) <= 1)
            eaten += reward == 1 ? 1 : 0
            hit += ends ? 1 : 0
        }
        // A neighbour is food with probability 3/63 and a hazard with 4/63, where there is a neighbour.
        #expect((50...120).contains(eaten) && (70...160).contains(hit))
        let data = try grid.transitions(count: 50, key: RandomKey(seed: 2))
        #expect(data.count == 50 && data.withRows { $0.observations.reduce(0, +) } == 50 * 8)
    }

    /// A mixture has the parameters it should, and its values depend on where things are.
    @Test func networksHaveTheirShapes() throws {
        let x = Tensor((0..<384).map { $0 % 7 == 0 ? 1 : 0 }, shape: [2, 8, 8, 3])
        for layer: TokenValueNetwork.Layer in [
            .dense(scale: 2), .soft(experts: 4), .topOne(experts: 8), .wholeMap(experts: 2),
        ] {
            let network = TokenValueNetwork(layer, hidden: 8, key: RandomKey(seed: 1))
            #expect(network(x).shape == [2, 4])
            let values = try network(x).evaluated()
            #expect(values[0..<4] != values[4..<8])
        }
        let soft = TokenValueNetwork(.soft(experts: 4), hidden: 8, key: RandomKey(seed: 1))
        let convolutions = 9 * 3 * 16 + 16 + 9 * 16 * 16 + 16
        #expect(
            soft.tensors.reduce(0) { $0 + $1.count }
                == convolutions + 16 * 16 + 4 * (16 * 8 + 8 + 8 * 16 + 16) + 256 * 4 + 4)
        #expect(soft.hiddenUnits(x).shape == [2 * 4, 4 * 8])
    }
}
