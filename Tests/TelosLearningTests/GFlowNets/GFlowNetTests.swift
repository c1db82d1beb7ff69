import CTelosKernels
import TelosEnvironments
import TelosNN
import TelosTensor
import Testing

@testable import TelosLearning

@Suite struct GFlowNetTests {
    private func graphs() throws -> [FlowGraph] {
        [
            try .subsets(ofSize: 3, energies: [0.3, -1, 0.8, -0.2, 1.1]),
            try .hyperGrid(dimensions: 2, side: 8),
        ]
    }

    /// The number of orders in which sets are built, and sums over all objects by listing them.
    @Test func graphsAreAsDescribed() throws {
        let energies = [0.3, -1, 0.8, -0.2, 1.1]
        let sets = try FlowGraph.subsets(ofSize: 3, energies: energies)
        #expect(sets.stateCount == 1 + 5 + 10 + 10 && sets.depth == 3 && sets.finished.count == 10)
        var total = 0.0
        for a in 0..<5 {
            for b in 0..<a { for c in 0..<b { total += telos_exp64(-energies[a] - energies[b] - energies[c]) } }
        }
        #expect(abs(sets.logFlows[0] - telos_log64(total)) < 1e-12)
        let members = FlowGraph.subsetMembers(ofSize: 3, of: 5)
        for state in 0..<sets.stateCount {
            let energy = (0..<5).reduce(0) { $0 + Double(members[state * 5 + $1]) * energies[$1] }
            #expect(abs(energy - sets.energies[state]) < 1e-12)
        }
        let grid = try FlowGraph.hyperGrid(dimensions: 2, side: 8)
        #expect(grid.stateCount == 128 && grid.depth == 15 && grid.finished.count == 64)
        // Cell (1, 1) of 8 is at 0.357 from the middle: in the ring; (0, 0) at 0.5: outer; (3, 3): neither.
        for (cell, reward) in [(9, 2.6), (0, 0.6), (27, 0.1)] {
            #expect(abs(telos_exp64(-grid.energies[64 + cell]) - reward) < 1e-12)
        }
        #expect(throws: TabularError.self) { try FlowGraph(actionCount: 1, successors: [0, -1], energies: [0, 0]) }
        #expect(throws: TabularError.self) { try FlowGraph(actionCount: 1, successors: [-1, -1], energies: [0, 0]) }
        #expect(throws: TabularError.self) { try FlowGraph.subsets(ofSize: 9, energies: [1, 2]) }
    }

    /// The exact policy makes objects in proportion to their rewards, and simulation agrees with the exact
    /// distribution.
    @Test func exactPoliciesAreExact() throws {
        for graph in try graphs() {
            #expect(graph.totalError(policy: graph.optimalPolicy) < 1e-10)
            let expected = graph.finishedDistribution(policy: graph.uniformPolicy)
            #expect(abs(expected.reduce(0, +) - 1) < 1e-12)
            var random = RandomKey(seed: 3).stream
            var counts = [Double](repeating: 0, count: graph.stateCount)
            for _ in 0..<20_000 {
                var state = 0
                while !graph.isFinished(state) {
                    let row = (state * graph.actionCount)..<((state + 1) * graph.actionCount)
                    state = graph.successors[row.lowerBound + random.index(weights: graph.uniformPolicy[row])]
                }
                counts[state] += 1 / 20_000
            }
            #expect(zip(counts, expected).allSatisfy { abs($0 - $1) < 0.02 })
        }
    }

    /// Every loss is 0 for the exact flow, on trajectories of any policy, and not for another one; also with the energy
    /// taken out.
    @Test func lossesVanishAtTheFlow() throws {
        for graph in try graphs() {
            let flows = graph.logFlows
            let policy = graph.optimalPolicy.map { $0 > 0 ? telos_log64($0) : 0 }
            var random = RandomKey(seed: 8).stream
            let (batch, depth, actions) = (6, graph.depth, graph.actionCount)
            var (forward, backward, mask, gains): ([Double], [Double], [Double], [Double]) = ([], [], [], [])
            var (flow, rest, rewards): ([Double], [Double], [Double]) = ([], [], [])
            for _ in 0..<batch {
                var state = 0
                flow.append(flows[0])
                rest.append(flows[0])
                for _ in 0..<depth {
                    let choices = (0..<actions).filter { graph.successors[state * actions + $0] != -1 }
                    if choices.isEmpty {
                        forward.append(5)
                        backward.append(7)
                        mask.append(0)
                        gains.append(0)
                    } else {
                        let entry = state * actions + choices[random.index(below: choices.count)]
                        let next = graph.successors[entry]
                        forward.append(policy[entry])
                        backward.append(graph.logUniformBackward[next])
                        gains.append(graph.energies[next] - graph.energies[state])
                        mask.append(1)
                        state = next
                    }
                    flow.append(flows[state])
                    rest.append(flows[state] + graph.energies[state])
                }
                rewards.append(-graph.energies[state])
            }
            func table(_ values: [Double], _ columns: Int) -> Tensor {
                Tensor(values.map(Float.init), shape: [batch, columns])
            }
            func losses(_ logFlow: [Double], _ logForward: [Double]) throws -> [Float] {
                let (f, b, m) = (table(logForward, depth), table(backward, depth), table(mask, depth))
                let flow = table(logFlow, depth + 1)
                return try [
                    FlowLoss.detailedBalance(logFlow: flow, logForward: f, logBackward: b, mask: m),
                    FlowLoss.subTrajectoryBalance(logFlow: flow, logForward: f, logBackward: b, mask: m, decay: 0.9),
                    FlowLoss.trajectoryBalance(
                        logPartition: Tensor(Float(logFlow[0])), logReward: table(rewards, 1).reshaped(batch),
                        logForward: f, logBackward: b, mask: m),
                ].map { try $0.evaluated()[0] }
            }
            #expect(try losses(flow, forward).allSatisfy { $0 < 1e-8 })
            #expect(try losses(rest, zip(forward, gains).map(+)).prefix(2).allSatisfy { $0 < 1e-8 })
            #expect(try losses(flow.map { $0 * 0.9 }, forward).allSatisfy { $0 > 1e-4 })
            #expect(try losses(flow, forward.map { $0 - 0.2 }).allSatisfy { $0 > 1e-3 })
        }
    }

    /// Sub-trajectory balance against a sum over all parts, and its two ends.
    @Test func partsAreWeighted() throws {
        var random = RandomKey(seed: 2).stream
        let (f, p, b) = (
            (0..<5).map { _ in Float(random.normal()) }, (0..<4).map { _ in Float(random.normal()) },
            (0..<4).map { _ in Float(random.normal()) }
        )
        func loss(_ decay: Float, _ length: Int) throws -> Float {
            try FlowLoss.subTrajectoryBalance(
                logFlow: Tensor(f, shape: [1, 5]), logForward: Tensor(p, shape: [1, 4]),
                logBackward: Tensor(b, shape: [1, 4]),
                mask: Tensor((0..<4).map { $0 < length ? 1 : 0 }, shape: [1, 4]), decay: decay
            ).evaluated()[0]
        }
        func part(_ i: Int, _ j: Int) -> Float {
            let gap = f[i] - f[j] + (i..<j).reduce(0) { $0 + p[$1] - b[$1] }
            return gap * gap
        }
        for length in [2, 4] {
            var (sum, total): (Float, Float) = (0, 0)
            for i in 0..<length {
                for j in (i + 1)...length {
                    let weight = (0..<(j - i)).reduce(Float(1)) { product, _ in product * 0.8 }
                    sum += weight * part(i, j)
                    total += weight
                }
            }
            #expect(abs(try loss(0.8, length) - sum / total) < 1e-4 * (1 + sum / total))
            let single = (0..<length).reduce(0) { $0 + part($1, $1 + 1) } / Float(length)
            #expect(abs(try loss(0, length) - single) < 1e-4 * (1 + single))
            #expect(abs(try loss(1e4, length) - part(0, length)) < 1e-2 * (1 + part(0, length)))
        }
    }

    /// Flow matching is 0 for the exact edge flows: what comes into a state is what goes out of it.
    @Test func flowMatches() throws {
        let graph = try FlowGraph.hyperGrid(dimensions: 2, side: 3)
        let (flows, policy) = (graph.logFlows, graph.optimalPolicy)
        var incoming = Array(repeating: [Float](), count: graph.stateCount)
        var outgoing = incoming
        for (entry, next) in graph.successors.enumerated() where next != -1 {
            let flow = Float(flows[entry / graph.actionCount] + telos_log64(policy[entry]))
            incoming[next].append(flow)
            outgoing[entry / graph.actionCount].append(flow)
        }
        for x in graph.finished { outgoing[x] = [Float(-graph.energies[x])] }
        func rows(_ lists: [[Float]], _ shift: Float) -> Tensor {
            Tensor(
                lists.dropFirst().flatMap { list in (0..<3).map { $0 < list.count ? list[$0] + shift : -1e9 } },
                shape: [graph.stateCount - 1, 3])
        }
        #expect(
            try FlowLoss.flowMatching(logInflow: rows(incoming, 0), logOutflow: rows(outgoing, 0)).evaluated()[0] < 1e-9
        )
        let off = try FlowLoss.flowMatching(logInflow: rows(incoming, 0.5), logOutflow: rows(outgoing, 0)).evaluated()[
            0]
        #expect(abs(off - 0.25) < 1e-4)
    }

    /// Each objective learns the distribution of a small graph, looking forward or not.
    @Test func networksLearn() throws {
        let graph = try FlowGraph.hyperGrid(dimensions: 2, side: 4)
        let start = graph.totalError(policy: graph.uniformPolicy)
        for (objective, isForwardLooking) in [
            (GFlowNetObjective.trajectoryBalance, false), (.detailedBalance, false),
            (.subTrajectoryBalance(decay: 0.9), false), (.detailedBalance, true),
        ] {
            var settings = GFlowNetSettings()
            settings.objective = objective
            settings.isForwardLooking = isForwardLooking
            settings.learningRate = 0.05
            let network = try GFlowNet(
                graph, model: Embedding(graph.stateCount, graph.actionCount + 1, deviation: 0, key: RandomKey(seed: 1)),
                settings: settings
            ) { $0($1) }
            var random = RandomKey(seed: 6).stream
            for _ in 0..<800 { network.update(using: &random) }
            #expect(start > 0.5)
            #expect(graph.totalError(policy: network.policy) < 0.1, "\(objective)")
            if objective == .detailedBalance, !isForwardLooking {
                #expect(abs(network.logFlows[0] - graph.logFlows[0]) < 0.1)
            }
        }
    }
}
