import TelosEvaluation
import TelosFeedback
import TelosNN
import TelosTensor

extension Catalogue {
    static let softMoE = CatalogueEntry(
        slug: "soft-moe", title: "Mixtures of Experts Unlock Parameter Scaling for Deep RL",
        family: .valueBased, kind: .algorithm, scope: .core,
        reference: CatalogueReference(
            authors: """
                Johan Obando-Ceron, Ghada Sokar, Timon Willi, Clare Lyle, Jesse Farebrother, Jakob Foerster, \
                Gintare Karolina Dziugaite, Doina Precup, Pablo Samuel Castro
                """,
            year: 2024, venue: "ICML 2024", link: "https://arxiv.org/abs/2402.08609"),
        idea: """
            A wider layer before the head of a value network usually earns less. Put a mixture of experts in its place: \
            every position of the convolutional map is a token, each expert's slots read weighted means of the tokens, and \
            each token reads a weighted mean of the slots. The loss stays as it is, and more parameters no longer hurt.
            """,
        claim: """
            Deep Q-learning from pictures, on a small fixed data set: soft mixtures of 1 and 8 experts earn at least 0.2 \
            more than dense layers of 1 and 8 times the width in the mean, and 8 experts more than the wider dense layer \
            and than 8 experts with hard routing. That more experts earn more is not claimed: here one \
            does.
            """,
        parameters: [
            ClaimParameter("transitions", default: 3000, "Size of the data set.", in: 500...20_000, whole: true),
            ClaimParameter(
                "updates", default: 2500, "Gradient steps; more use each sample more.", in: 200...50_000, whole: true),
            ClaimParameter(
                "hidden", default: 64, "Units of an expert, or of the narrowest dense layer.", in: 8...256, whole: true),
            ClaimParameter(
                "hazards", default: 4, "Cells that end an episode; more make it harder.", in: 0...12, whole: true),
            ClaimParameter("layouts", default: 400, "Episodes of an evaluation.", in: 20...5000, whole: true),
        ],
        defaultSeeds: 0..<5,
        run: { try SoftMoEExperiment($0).outcome() })
}

/// One data set a seed, five networks: convolutions 3x3 to 16 channels twice, then a dense layer or a mixture over the
/// 16 positions of what is left, then a linear head.
///
/// What scales here is having tokens, as in Sokar and others, *Don't flatten, tokenize!* (2024): one expert does about as
/// well as eight, and the interval of their difference is in the notes. The experts' dormant share is higher than that of
/// dense layers, and highest with hard routing.
struct SoftMoEExperiment {
    let context: ClaimContext
    /// Whether tokens reach the experts one by one; otherwise the whole map is one token, which switches the method off.
    let hasTokens: Bool

    init(_ context: ClaimContext, hasTokens: Bool = true) {
        self.context = context
        self.hasTokens = hasTokens
    }

    static let sizes = [1, 8]

    private var layers: [(name: String, role: ClaimRole, layer: TokenValueNetwork.Layer)] {
        Self.sizes.map { ("soft mixture of \($0)", .method, hasTokens ? .soft(experts: $0) : .wholeMap(experts: $0)) }
            + Self.sizes.map { ("dense, width times \($0)", .baseline, .dense(scale: $0)) }
            + [("hard mixture of 8", .baseline, .topOne(experts: 8))]
    }

    func outcome() throws -> ClaimOutcome {
        let grid = FoodGrid(hazards: context.whole("hazards"))
        let seeds = try context.perSeed { _, key in
            let data = try grid.transitions(count: context.whole("transitions"), key: key.derived("data"))
            return try layers.map { try run($0.layer, grid, data, key) }
        }
        let arms = layers.enumerated().map { index, layer in
            ClaimArm(
                layer.name, layer.role, metric: "return of an episode of at most \(FoodGrid.horizon) steps",
                values: seeds.map { $0[index].value })
        }
        func average(_ range: Range<Int>) -> [Double] {
            seeds.map { seed in mean(of: range.map { seed[$0].value }) }
        }
        func difference(_ a: [Double], _ b: [Double]) -> [Double] { zip(a, b).map { $0 - $1 } }
        let all = difference(average(0..<2), average(2..<4))
        let largest = difference(arms[1].values, arms[3].values)
        let hard = difference(arms[1].values, arms[4].values)
        let key = RandomKey(seed: 0).derived("soft-moe statistics")
        func interval(_ name: String, _ values: [Double]) throws -> String {
            let interval = try bootstrapInterval(of: .mean, values, key: key)
            return
                "\(name) \(shortNumber(interval.point)) [\(shortNumber(interval.lower)), \(shortNumber(interval.upper))]"
        }
        let differences = [
            try interval("8 experts less dense times 8:", largest),
            try interval("8 experts less 1:", difference(arms[1].values, arms[0].values)),
            try interval("dense times 8 less times 1:", difference(arms[3].values, arms[2].values)),
        ]
        let dormant = layers.indices.map { index in shortNumber(mean(of: seeds.map { $0[index].dormant })) }
        return ClaimOutcome(
            arms: arms,
            tests: [
                ClaimTest("soft less dense, mean over sizes", interquartileMean(of: all), .atLeast, 0.2),
                ClaimTest("soft less dense, 8 times", interquartileMean(of: largest), .above, 0),
                ClaimTest("soft less hard routing, 8 experts", interquartileMean(of: hard), .above, 0),
            ],
            notes: [
                "Means with 95% intervals over seeds. " + differences.joined(separator: "; ") + ".",
                "Dormant shares in the order of the arms: " + dormant.joined(separator: ", ") + ".",
            ])
    }

    private func run(
        _ layer: TokenValueNetwork.Layer, _ grid: FoodGrid, _ data: TransitionDataset, _ key: RandomKey
    ) throws -> (value: Double, dormant: Double) {
        let network = TokenValueNetwork(layer, hidden: context.whole("hidden"), key: key.derived("network"))
        let learner = try FixedDataDQN(
            network, shape: FoodGrid.shape, discount: 0.9, learningRate: 5e-4
        ) { $0($1) }
        var random = key.derived("batches").stream
        for _ in 0..<context.whole("updates") { learner.update(data, using: &random) }
        let count = context.whole("layouts")
        let seen = Tensor(placeholder: [count] + FoodGrid.shape)
        let trained = learner.online.traced
        let program = try Program(inputs: [seen], outputs: [trained(seen).argmax(), trained.hiddenUnits(seen)])
        let value = grid.meanReturn(episodes: count, epsilon: 0.1, key: key.derived("evaluation")) { pictures in
            _ = program.input(0).update(fromContentsOf: pictures)
            program.run()
            return program.output(0).map { Int($0) }
        }
        let hidden = trained.hiddenUnits(seen).shape
        let statistics = ActivationStatistics(program.output(1), units: hidden[1])
        return (value, statistics.dormantShare())
    }
}
