import CTelosKernels
import TelosEnvironments
import TelosTensor

/// A small directed acyclic graph of unfinished and finished objects, on which everything about a generative flow
/// network is known exactly.
///
/// State 0 is the root; an edge leads to a later state; states without an edge are finished, x, and have a reward
/// R(x) > 0. A policy P_F that draws edges from the root makes x with a probability p(x); wanted is p(x) = R(x) / Z.
/// Energies E(s), with E = 0 at the root and -log R at finished states, say what unfinished ones promise. (Bengio and
/// others, *Flow network based generative models for non-iterative diverse candidate generation*, 2021.)
public struct FlowGraph: Sendable {
    public let stateCount: Int
    public let actionCount: Int
    /// The state that action a leads to from s at `s * actionCount + a`; -1 where there is no such edge.
    public let successors: [Int]
    /// E(s).
    public let energies: [Double]
    /// Edges that lead to each state.
    public let parentCounts: [Int]
    /// Edges of the longest path.
    public let depth: Int

    /// - Throws: `TabularError` for arrays of the wrong size, an edge that does not lead to a later state, a state that
    ///   no edge reaches, or an energy that is not finite or, at the root, not 0.
    public init(actionCount: Int, successors: [Int], energies: [Double]) throws {
        let count = energies.count
        guard count > 0, actionCount > 0, successors.count == count * actionCount else {
            throw TabularError(
                "a graph of \(count) states and \(actionCount) actions needs \(count * actionCount) successors, not "
                    + "\(successors.count)")
        }
        var (parents, depths) = (Array(repeating: 0, count: count), Array(repeating: 0, count: count))
        for (entry, next) in successors.enumerated() where next != -1 {
            guard next > entry / actionCount, next < count else {
                throw TabularError(
                    "the edge from state \(entry / actionCount) to \(next) does not lead to a later state")
            }
            parents[next] += 1
            depths[next] = max(depths[next], depths[entry / actionCount] + 1)
        }
        if let lost = parents.indices.dropFirst().first(where: { parents[$0] == 0 }) {
            throw TabularError("no edge leads to state \(lost)")
        }
        guard energies.allSatisfy(\.isFinite), energies[0] == 0 else {
            throw TabularError("energies must be finite, and 0 at the root")
        }
        stateCount = count
        self.actionCount = actionCount
        self.successors = successors
        self.energies = energies
        parentCounts = parents
        depth = depths.max() ?? 0
    }

    public func isFinished(_ state: Int) -> Bool {
        successors[(state * actionCount)..<((state + 1) * actionCount)].allSatisfy { $0 == -1 }
    }

    /// The finished states, ascending.
    public var finished: [Int] { (0..<stateCount).filter(isFinished) }

    /// log P_B(s|s') of each edge that leads to s' where all of them are equally likely: -log of their number.
    public var logUniformBackward: [Double] { parentCounts.map { -telos_log64(Double(max(1, $0))) } }

    // MARK: What is exact

    /// R(x) / Z, 0 for unfinished states.
    public var target: [Double] {
        let lowest = finished.reduce(Double.infinity) { min($0, energies[$1]) }
        var rewards = [Double](repeating: 0, count: stateCount)
        for x in finished { rewards[x] = telos_exp64(lowest - energies[x]) }
        let total = rewards.reduce(0, +)
        return rewards.map { $0 / total }
    }

    /// p(x), the probability that a policy ends in each state; 0 for unfinished ones.
    /// - policy: P_F(a|s) at `s * actionCount + a`, 0 where there is no edge.
    public func finishedDistribution(policy: [Double]) -> [Double] {
        var reached = [Double](repeating: 0, count: stateCount)
        reached[0] = 1
        for state in 0..<stateCount {
            var leaves = false
            for entry in (state * actionCount)..<((state + 1) * actionCount) where successors[entry] != -1 {
                reached[successors[entry]] += reached[state] * policy[entry]
                leaves = true
            }
            if leaves { reached[state] = 0 }
        }
        return reached
    }

    /// The sum of |p(x) - R(x) / Z|: 0 to 2.
    public func totalError(policy: [Double]) -> Double {
        zip(finishedDistribution(policy: policy), target).reduce(0) { $0 + abs($1.0 - $1.1) }
    }

    /// Every edge of a state equally likely.
    public var uniformPolicy: [Double] {
        (0..<stateCount).flatMap { state -> [Double] in
            let row = successors[(state * actionCount)..<((state + 1) * actionCount)]
            let count = row.reduce(0) { $0 + ($1 == -1 ? 0 : 1) }
            return row.map { $0 == -1 ? 0 : 1 / Double(count) }
        }
    }

    /// log F(s) of the only flow whose backward policy is uniform: F(x) = R(x), F(s) = sum over edges of F(s')
    /// P_B(s|s'). At the root it is log Z.
    public var logFlows: [Double] {
        let backward = logUniformBackward
        var flows = energies.map { -$0 }
        for state in stride(from: stateCount - 1, through: 0, by: -1) {
            let terms = successors[(state * actionCount)..<((state + 1) * actionCount)].filter { $0 != -1 }
                .map { flows[$0] + backward[$0] }
            guard let largest = terms.max() else { continue }
            flows[state] = largest + telos_log64(terms.reduce(0) { $0 + telos_exp64($1 - largest) })
        }
        return flows
    }

    /// The policy of `logFlows`, with which p(x) = R(x) / Z: P_F(s'|s) = F(s') P_B(s|s') / F(s).
    public var optimalPolicy: [Double] {
        let (flows, backward) = (logFlows, logUniformBackward)
        return successors.indices.map {
            successors[$0] == -1
                ? 0 : telos_exp64(flows[successors[$0]] + backward[successors[$0]] - flows[$0 / actionCount])
        }
    }
}

/// Graphs of usual tasks.
extension FlowGraph {
    /// Sets of `size` of the items, built by adding one at a time in any order; action i adds item i, and
    /// E(s) = sum over i in s of energies[i]. State numbers rise with the size of the set.
    /// - Throws: `TabularError` for a size that is not from 1 to the number of items, or more than 20 items.
    public static func subsets(ofSize size: Int, energies: [Double]) throws -> FlowGraph {
        let items = energies.count
        guard (1...max(1, items)).contains(size), items <= 20 else {
            throw TabularError("sets of \(size) of \(items) items: write 1 to the number of items, at most 20")
        }
        let sets = (0..<(1 << items)).filter { $0.nonzeroBitCount <= size }.sorted {
            ($0.nonzeroBitCount, $0) < ($1.nonzeroBitCount, $1)
        }
        var indices = Array(repeating: -1, count: 1 << items)
        for (index, set) in sets.enumerated() { indices[set] = index }
        return try FlowGraph(
            actionCount: items,
            successors: sets.flatMap { set in
                (0..<items).map { set.nonzeroBitCount == size || set >> $0 & 1 == 1 ? -1 : indices[set | 1 << $0] }
            },
            energies: sets.map { set in (0..<items).reduce(0) { $0 + (set >> $1 & 1 == 1 ? energies[$1] : 0) } })
    }

    /// The sets of `subsets(ofSize:energies:)` as rows of zeros and ones, one a state.
    public static func subsetMembers(ofSize size: Int, of items: Int) -> [Float] {
        (0..<(1 << items)).filter { $0.nonzeroBitCount <= size }
            .sorted { ($0.nonzeroBitCount, $0) < ($1.nonzeroBitCount, $1) }
            .flatMap { set in (0..<items).map { set >> $0 & 1 == 1 ? 1 : 0 } }
    }

    /// The hyper-grid: cells of `side`^`dimensions`, from the origin one step up along an axis at a time (actions
    /// 0 ..< dimensions), or stop (the last action) at a finished copy of the cell, state cells + cell.
    ///
    /// R = R0 + R1 prod_d [0.25 < |x_d / (side - 1) - 1/2|] + R2 prod_d [0.3 < |x_d / (side - 1) - 1/2| < 0.4]: peaks
    /// near the corners with little between them. Unfinished cells have energy 0. (Bengio and others, 2021.)
    /// - Throws: `TabularError` for fewer than 1 dimension or 2 cells a side, or more than 100 000 cells.
    public static func hyperGrid(
        dimensions: Int, side: Int, rewards: (Double, Double, Double) = (0.1, 0.5, 2)
    ) throws -> FlowGraph {
        guard dimensions > 0, side > 1, rewards.0 > 0 else {
            throw TabularError("a hyper-grid needs a dimension, two cells a side and a positive least reward")
        }
        var cells = 1
        for _ in 0..<dimensions {
            cells *= side
            guard cells <= 100_000 else {
                throw TabularError("a hyper-grid of \(side)^\(dimensions) cells is too large")
            }
        }
        var successors: [Int] = []
        var energies = [Double](repeating: 0, count: 2 * cells)
        for cell in 0..<cells {
            var (rest, power, outer, ring) = (cell, 1, true, true)
            for _ in 0..<dimensions {
                let x = rest % side
                successors.append(x + 1 < side ? cell + power : -1)
                let distance = abs(Double(x) / Double(side - 1) - 0.5)
                outer = outer && distance > 0.25
                ring = ring && distance > 0.3 && distance < 0.4
                rest /= side
                power *= side
            }
            successors.append(cells + cell)
            energies[cells + cell] = -telos_log64(rewards.0 + (outer ? rewards.1 : 0) + (ring ? rewards.2 : 0))
        }
        successors += Array(repeating: -1, count: cells * (dimensions + 1))
        return try FlowGraph(actionCount: dimensions + 1, successors: successors, energies: energies)
    }
}
