import TelosEvaluation
import TelosNN
import TelosTensor

extension Catalogue {
    static let hyperPPO = CatalogueEntry(
        slug: "hyperppo", title: "HyperPPO: A scalable method for finding small policies for robotic control",
        family: .policyGradient, kind: .algorithm, scope: .core,
        reference: CatalogueReference(
            authors: "Shashank Hegde, Zhehui Huang, Gaurav S. Sukhatme", year: 2024, venue: "ICRA 2024",
            link: "https://arxiv.org/abs/2309.16663"),
        idea: """
            A graph hypernetwork reads the layers of a small policy and writes all its weights. Train the hypernetwork with \
            PPO, with other architectures in every rollout, side by side in the environments. In the end any \
            architecture's policy is a pass away, and one run gives return against size for all of them.
            """,
        claim: """
            Balancing a cart-pole, one run of HyperPPO solves at least 80% of 39 architectures, a fifth of which it never \
            trained with and of which it solves at least half; a policy of fewer than 200 parameters is among them. \
            Training each architecture alone, with as many steps for all together, solves fewer, by at least a tenth of \
            all. One architecture alone with all steps is shown beside.
            """,
        parameters: [
            ClaimParameter(
                "steps", default: 100_000, "Environment steps of all policies together.", in: 20_000...2_000_000,
                whole: true),
            ClaimParameter(
                "widest", default: 16, "Units of the widest layer: 4, 8 ... to this.", in: 8...32, whole: true),
            ClaimParameter("depth", default: 3, "Most hidden layers.", in: 1...3, whole: true),
            ClaimParameter(
                "metaBatch", default: 8, "Architectures of a rollout; they share 32 copies.", in: 1...16, whole: true),
            ClaimParameter(
                "torque", default: 0, "0 is the cart-pole; otherwise a pendulum with at most this torque.", in: 0...20),
            ClaimParameter("heldOut", default: 0.2, "Share of architectures never trained with.", in: 0...0.8),
        ],
        defaultSeeds: 0..<5,
        run: { try HyperPPOExperiment($0).outcome() })
}

/// Policies of one family: 1 to `depth` hidden layers, each of one of `choices` units.
struct PolicyFamily: Sendable {
    let task: SmallTask
    let depth: Int
    let choices: [Int]
    var largest: Int { choices.max() ?? 1 }

    /// All of them, shallow ones first.
    var architectures: [[Int]] {
        var result: [[Int]] = []
        var last: [[Int]] = [[]]
        for _ in 0..<depth {
            last = last.flatMap { hidden in choices.map { hidden + [$0] } }
            result += last
        }
        return result
    }

    /// Different ones of `allowed`: the depth evenly, then one of that depth evenly. All depths at once would mean deep
    /// ones nearly always, of which there are most.
    func sample(_ count: Int, of allowed: [[Int]], using random: inout RandomStream) -> [[Int]] {
        var left = allowed
        return (0..<min(count, allowed.count)).map { _ in
            let depths = (1...depth).filter { depth in left.contains { $0.count == depth } }
            let chosen = depths[random.index(below: depths.count)]
            let places = left.indices.filter { left[$0].count == chosen }
            return left.remove(at: places[random.index(below: places.count)])
        }
    }

    private func values(_ architectures: [[Int]]) -> [Float] {
        architectures.flatMap { hidden in (0..<depth).map { $0 < hidden.count ? Float(hidden[$0]) : 0 } }
    }

    func write(_ architectures: [[Int]], into values: UnsafeMutableBufferPointer<Float>) {
        _ = values.update(fromContentsOf: self.values(architectures))
    }

    /// [architectures, depth]
    func widths(_ architectures: [[Int]]) -> Tensor {
        Tensor(values(architectures), shape: [architectures.count, depth])
    }
}

/// The hypernetwork's run, every architecture by itself, and one by itself with all steps; PPO is the same for all.
///
/// How much is gained over separate training depends on how that is done. With 32 copies of the task each, as the
/// hypernetwork's run has, an architecture's part of 150 000 steps is two rollouts, and 0.26 of them are solved; with 8,
/// as here, it is more and smaller ones, and 0.85 are. The gain grows with the family: 0.56 for the 84 architectures of
/// widths up to 32, none for the 12 of two layers at most, each of which has 8000 steps for itself; with 16 architectures
/// a rollout it is 0.08. Harder tasks need more than these steps: of a pendulum with a torque of 6 the hypernetwork
/// solves 0.65 and separate training 0.18 in 200 000, both 0.8 in 300 000; with a torque of 2 neither any in 400 000.
struct HyperPPOExperiment {
    let context: ClaimContext
    /// Whether gradients reach the hypernetwork; without it learns nothing.
    let isConnected: Bool
    private static let copies = 32
    /// Fewer, so that an architecture with its small part of the steps has several rollouts.
    private static let copiesAlone = 8

    init(_ context: ClaimContext, isConnected: Bool = true) {
        self.context = context
        self.isConnected = isConnected
    }

    private struct Figures: Sendable {
        /// Mean returns, by architecture.
        var hyper: [Double] = []
        var separate: [Double] = []
        var alone = 0.0
        var heldOut: [Bool] = []
        /// What a policy returns at least that solves the task.
        var solved = 0.0
    }

    private var family: PolicyFamily {
        PolicyFamily(
            task: context["torque"] == 0 ? .balance : .upright(torque: context["torque"]),
            depth: context.whole("depth"),
            choices: sequence(first: 4) { $0 * 2 <= context.whole("widest") ? $0 * 2 : nil }.map { $0 })
    }

    func outcome() throws -> ClaimOutcome {
        let architectures = family.architectures
        let sizes = architectures.map {
            PaddedMLP.parameterCount(inputs: family.task.width, hidden: $0, outputs: 1)
        }
        let seeds = try context.perSeed { _, key in try measure(architectures, key) }
        func share(
            _ figures: Figures, _ returns: [Double], _ counted: (Int) -> Bool = { _ in true }
        ) -> Double {
            let all = returns.indices.filter(counted)
            return all.isEmpty ? 0 : Double(all.count { returns[$0] >= figures.solved }) / Double(all.count)
        }
        let hyper = seeds.map { share($0, $0.hyper) }
        let separate = seeds.map { share($0, $0.separate) }
        let unseen = seeds.map { figures in share(figures, figures.hyper) { figures.heldOut[$0] } }
        let smallest = seeds.map { figures in
            zip(figures.hyper, sizes).filter { $0.0 >= figures.solved }.map { Double($0.1) }.min() ?? .infinity
        }
        let metric = "share of architectures solved"
        var tests = [
            ClaimTest("solved by HyperPPO", interquartileMean(of: hyper), .atLeast, 0.8),
            ClaimTest(
                "solved by HyperPPO less by separate training",
                interquartileMean(of: hyper) - interquartileMean(of: separate), .atLeast, 0.1),
            ClaimTest(
                "parameters of the smallest that solves, median", smallest.sorted()[smallest.count / 2], .below, 200),
        ]
        if context["heldOut"] > 0 {
            tests.append(ClaimTest("solved of those never trained with", interquartileMean(of: unseen), .atLeast, 0.5))
        }
        let earned = "mean return of an episode"
        return ClaimOutcome(
            arms: [
                ClaimArm("HyperPPO", .method, metric: metric, values: hyper),
                ClaimArm("HyperPPO, never trained with", .method, metric: metric, values: unseen),
                ClaimArm("each alone, as many steps in all", .baseline, metric: metric, values: separate),
                ClaimArm("HyperPPO", .method, metric: earned, values: seeds.map { mean(of: $0.hyper) }),
                ClaimArm(
                    "each alone, as many steps in all", .baseline, metric: earned,
                    values: seeds.map { mean(of: $0.separate) }),
                ClaimArm("one alone, all steps", .oracle, metric: earned, values: seeds.map(\.alone)),
            ], tests: tests,
            notes: [
                "Of \(architectures.count) architectures with \(sizes.min() ?? 0) to \(sizes.max() ?? 0) parameters; the "
                    + "smallest that HyperPPO solves, by seed: \(smallest.map(shortNumber).joined(separator: ", "))."
            ])
    }

    private func measure(_ architectures: [[Int]], _ key: RandomKey) throws -> Figures {
        let family = family
        let steps = context.whole("steps")
        var random = key.derived("architectures").stream
        var result = Figures(heldOut: Array(repeating: false, count: architectures.count))
        let unseen = Int((context["heldOut"] * Double(architectures.count)).rounded())
        var order = Array(architectures.indices)
        for _ in 0..<unseen { result.heldOut[order.remove(at: random.index(below: order.count))] = true }
        let allowed = order.map { architectures[$0] }
        let batch = min(context.whole("metaBatch"), allowed.count)
        let hyper = GraphHyperNetwork(
            inputs: family.task.width, outputs: 1, depth: family.depth, width: family.largest,
            key: key.derived("hypernetwork"))
        let shared = try FamilyPPO(
            family, weights: .generated(hyper), count: batch, environments: Self.copies / batch,
            isConnected: isConnected, key: key.derived("shared"))
        while shared.steps < steps { shared.iterate(family.sample(batch, of: allowed, using: &random)) }
        let judge = key.derived("evaluation")
        result.hyper = try shared.evaluate(architectures, key: judge)

        let separate = try FamilyPPO(
            family, weights: .separate(ownWeights(architectures, key: key.derived("separate"))),
            count: architectures.count, environments: Self.copiesAlone, key: key.derived("separate"))
        while separate.steps < steps { separate.iterate(architectures) }
        result.separate = try separate.evaluate(architectures, key: judge)

        let reference = [Array(repeating: min(8, family.largest), count: min(2, family.depth))]
        let alone = try FamilyPPO(
            family, weights: .separate(ownWeights(reference, key: key.derived("alone"))), count: 1,
            environments: Self.copies, key: key.derived("alone"))
        while alone.steps < steps { alone.iterate(reference) }
        result.alone = try alone.evaluate(reference, key: judge)[0]
        result.solved = family.task.solved(best: result.alone)
        return result
    }

    /// Orthogonal first weights for each architecture in the upper left of its matrices, the output's times 0.1.
    private func ownWeights(_ architectures: [[Int]], key: RandomKey) -> PaddedMLP {
        let (depth, width, inputs) = (family.depth, family.largest, family.task.width)
        let parts = architectures.enumerated().map { index, hidden in
            let network = MLP(
                [inputs] + hidden + [1], output: .orthogonal(gain: 0.1), key: key.derived("policy", index))
            return (0...depth).map { layer -> Tensor in
                let (rows, columns) = (layer == 0 ? inputs : width, layer == depth ? 1 : width)
                if layer < depth, layer >= hidden.count { return .zeros(rows, columns) }
                let weight = network.layers[layer == depth ? hidden.count : layer].weight
                return weight.padded(axis: 0, before: 0, after: rows - weight.shape[0])
                    .padded(axis: 1, before: 0, after: columns - weight.shape[1])
            }
        }
        return PaddedMLP(
            weights: (0...depth).map { layer in Tensor.stack(parts.map { $0[layer] }) },
            biases: (0...depth).map { .zeros(architectures.count, 1, $0 == depth ? 1 : width) })
    }
}
