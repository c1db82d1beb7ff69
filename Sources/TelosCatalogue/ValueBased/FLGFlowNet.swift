import TelosEnvironments
import TelosEvaluation
import TelosLearning
import TelosNN
import TelosTensor

extension Catalogue {
    static let flGFlowNet = CatalogueEntry(
        slug: "fl-gflownet",
        title: "Better Training of GFlowNets with Local Credit and Incomplete Trajectories",
        family: .valueBased, kind: .algorithm, scope: .core,
        reference: CatalogueReference(
            authors: "Ling Pan, Nikolay Malkin, Dinghuai Zhang, Yoshua Bengio", year: 2023, venue: "ICML 2023",
            link: "https://arxiv.org/abs/2302.01687"),
        idea: """
            A flow network makes objects in proportion to their rewards, but hears of a reward only when an object is \
            finished. Where unfinished objects have an energy too, write the flow as exp(-energy) times a rest and \
            learn the rest: every step's balance then has the known change of energy in it, so credit is local, and \
            steps of trajectories that never end are worth learning from.
            """,
        claim: """
            On sets of items whose energies add up, tables of forward-looking detailed balance come to a total error \
            of 0.65 in at most a third of the steps of detailed, trajectory and sub-trajectory balance, and \
            forward-looking sub-trajectory balance before the plain one. A network that never sees the last step gets \
            to an error of 0.4 or less by looking forward, and one that never sees the last three; without looking \
            forward it is no better than uniform actions.
            """,
        parameters: [
            ClaimParameter("items", default: 10, "Items to choose from, of the tables.", in: 6...14, whole: true),
            ClaimParameter("size", default: 6, "Items of a set; deeper ones gain more.", in: 3...8, whole: true),
            ClaimParameter(
                "energy", default: 2, "Energies are even from minus this to this; with less there is little to learn.",
                in: 0.5...4),
            ClaimParameter("exploration", default: 0.5, "Share of uniform actions.", in: 0...1),
            ClaimParameter("steps", default: 1500, "Updates of the tables, at most.", in: 200...5000, whole: true),
            ClaimParameter(
                "networkItems", default: 12, "Items to choose from, of the networks.", in: 6...14, whole: true),
            ClaimParameter(
                "networkSteps", default: 800, "Updates of the networks.", in: 100...5000, whole: true),
        ],
        defaultSeeds: 0..<5,
        disputed: """
            Without the last three steps the error is 0.39 to 0.53 on ten ranges of five fresh seeds, \
            above the 0.4 that was fixed beforehand in eight of them: what is not seen is right only as far as the network \
            carries the flow over to it. All else holds on all ten: a third of the updates or fewer, and 0.24 to 0.36 \
            without the last step, where detailed balance is no better than uniform actions.
            """,
        run: { try FLGFlowNetExperiment($0).outcome() })
}

/// Flow networks on graphs small enough for p(x) to be exact, judged by sum |p(x) - R(x) / Z|.
///
///     DB     (log F(s)  + log P_F(s'|s) - log F(s')  - log P_B(s|s'))^2
///     FL-DB  (log F~(s) + log P_F(s'|s) - log F~(s') - log P_B(s|s') + E(s') - E(s))^2,  F = exp(-E) F~, F~(x) = 1
///
/// P_B is uniform. Tables start at 0, with Adam at 0.05; networks are two layers of 128 on the set's members, at 0.001.
///
/// All but the test of the last three steps passes on ten ranges of other seeds, and with sets of 4 of 8 items.
struct FLGFlowNetExperiment {
    let context: ClaimContext
    /// Without it the energy is left out of every loss.
    let looksForward: Bool

    init(_ context: ClaimContext, looksForward: Bool = true) {
        self.context = context
        self.looksForward = looksForward
    }

    private struct Arm: Sendable {
        var name: String
        var objective: GFlowNetObjective
        var isForwardLooking = false
    }

    private static let arms = [
        Arm(name: "FL-DB", objective: .detailedBalance, isForwardLooking: true),
        Arm(name: "FL-SubTB", objective: .subTrajectoryBalance(decay: 0.9), isForwardLooking: true),
        Arm(name: "DB", objective: .detailedBalance),
        Arm(name: "TB", objective: .trajectoryBalance),
        Arm(name: "SubTB", objective: .subTrajectoryBalance(decay: 0.9)),
    ]
    private static let goal = 0.65

    struct Measurement: Sendable {
        /// Updates until the error is at the goal, an arm each.
        var steps: [Double] = []
        /// Errors of networks: looking forward without the last step and the last three, plain without the last.
        var cut: [Double] = []
        /// Of uniform actions.
        var uniform = 0.0
    }

    func outcome() throws -> ClaimOutcome {
        let seeds = try context.perSeed { _, key in try measure(key) }
        let metric = "updates to an error of \(Self.goal)"
        var arms = Self.arms.enumerated().map { index, arm in
            ClaimArm(
                arm.name, arm.isForwardLooking ? .method : .baseline, metric: metric,
                values: seeds.map { $0.steps[index] })
        }
        let cuts = ["FL-DB without the last step", "FL-DB without the last three", "DB without the last step"]
        for (index, name) in cuts.enumerated() {
            arms.append(
                ClaimArm(
                    name, index < 2 ? .method : .baseline, metric: "error", values: seeds.map { $0.cut[index] }))
        }
        arms.append(ClaimArm("uniform actions", .control, metric: "error", values: seeds.map(\.uniform)))
        func middle(_ index: Int) -> Double { interquartileMean(of: arms[index].values) }
        return ClaimOutcome(
            arms: arms,
            tests: (2..<5).map {
                ClaimTest("updates, \(Self.arms[$0].name) over FL-DB", middle($0) / middle(0), .atLeast, 3)
            } + [
                ClaimTest("updates, SubTB over FL-SubTB", middle(4) / middle(1), .above, 1),
                ClaimTest("error of FL-DB without the last step", middle(5), .atMost, 0.4),
                ClaimTest("error of FL-DB without the last three", middle(6), .atMost, 0.4),
                ClaimTest(
                    "error of DB without the last step, less that of uniform actions",
                    interquartileMean(of: seeds.map { $0.cut[2] - $0.uniform }), .atLeast, -0.05),
            ])
    }

    private func energies(_ count: Int, _ key: RandomKey) -> [Double] {
        var random = key.stream
        return (0..<count).map { _ in random.uniform(-context["energy"], context["energy"]) }
    }

    private func measure(_ key: RandomKey) throws -> Measurement {
        var result = Measurement()
        let size = context.whole("size")
        let graph = try FlowGraph.subsets(
            ofSize: min(size, context.whole("items") - 1),
            energies: energies(context.whole("items"), key.derived("items")))
        for arm in Self.arms { result.steps.append(try tabular(graph, arm, key.derived(arm.name))) }
        let items = context.whole("networkItems")
        let large = try FlowGraph.subsets(
            ofSize: min(size, items - 1), energies: energies(items, key.derived("network items")))
        for (index, isForwardLooking) in [true, true, false].enumerated() {
            result.cut.append(
                try network(
                    large, items: items, size: min(size, items - 1), isForwardLooking: isForwardLooking,
                    dropped: index == 1 ? 3 : 1, key.derived("network", index)))
        }
        result.uniform = large.totalError(policy: large.uniformPolicy)
        return result
    }

    private func tabular(_ graph: FlowGraph, _ arm: Arm, _ key: RandomKey) throws -> Double {
        var settings = GFlowNetSettings()
        settings.objective = arm.objective
        settings.isForwardLooking = arm.isForwardLooking && looksForward
        settings.exploration = context["exploration"]
        settings.learningRate = 0.05
        let table = Embedding(graph.stateCount, graph.actionCount + 1, deviation: 0, key: key)
        let network = try GFlowNet(graph, model: table, settings: settings) { $0($1) }
        var random = key.derived("trajectories").stream
        let steps = context.whole("steps")
        for step in 1...steps {
            network.update(using: &random)
            if step % 5 == 0, graph.totalError(policy: network.policy) <= Self.goal { return Double(step) }
        }
        return Double(steps)
    }

    /// Trajectories of uniform actions.
    private func network(
        _ graph: FlowGraph, items: Int, size: Int, isForwardLooking: Bool, dropped: Int, _ key: RandomKey
    ) throws -> Double {
        var settings = GFlowNetSettings()
        settings.objective = .detailedBalance
        settings.isForwardLooking = isForwardLooking && looksForward
        settings.exploration = 1
        settings.droppedSteps = dropped
        let members = Tensor(
            FlowGraph.subsetMembers(ofSize: size, of: items), shape: [graph.stateCount, items])
        let model = MLP(
            [items, 128, 128, items + 1], activation: .relu, hidden: .uniformFanIn, output: .uniformFanIn,
            key: key)
        let network = try GFlowNet(graph, model: model, settings: settings) { $0(members.gatheringRows($1)) }
        var random = key.derived("trajectories").stream
        for _ in 0..<context.whole("networkSteps") { network.update(using: &random) }
        return graph.totalError(policy: network.policy)
    }
}
