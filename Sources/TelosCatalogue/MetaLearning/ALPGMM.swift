import TelosEvaluation
import TelosLearning
import TelosTensor

extension Catalogue {
    static let alpGMM = CatalogueEntry(
        slug: "alp-gmm",
        title: "Teacher algorithms for curriculum learning of Deep RL in continuously parameterized environments",
        family: .metaAndMultitask, kind: .algorithm, scope: .core,
        reference: CatalogueReference(
            authors: "Rémy Portelas, Cédric Colas, Katja Hofmann, Pierre-Yves Oudeyer", year: 2019, venue: "CoRL 2019",
            link: "https://arxiv.org/abs/1910.07224"),
        idea: """
            A teacher proposes the parameters of tasks and sees only returns. It takes for progress how much a return \
            differs from that of the nearest task tried before, fits a mixture of normals to recent tasks and their \
            progress, and draws from the normals in proportion to their mean progress: what is mastered, and what \
            cannot be learned, is left alone.
            """,
        claim: """
            On the authors' toy student, whose cells can be learned only next to mastered ones, at least four times as \
            many cells are mastered as with uniform tasks, also where half the space cannot be learned, and at least \
            twice as many as when progress is shuffled among tasks. What is proposed moves away from the first cell.
            """,
        parameters: [
            ClaimParameter("cells", default: 10, "Cells along an axis.", in: 4...20, whole: true),
            ClaimParameter("axes", default: 2, "Axes of the space that matter.", in: 1...3, whole: true),
            ClaimParameter(
                "irrelevant", default: 0, "Axes that do not; with more, neighbours are far and progress is noisy.",
                in: 0...4, whole: true),
            ClaimParameter("unlearnable", default: 0.5, "Share of the first axis that cannot be learned.", in: 0...0.9),
            ClaimParameter(
                "noise", default: 0, "Deviation of noise on returns, which looks like progress everywhere.", in: 0...0.2
            ),
            ClaimParameter(
                "episodes", default: 20_000, "With very many every teacher gets everywhere.", in: 2000...50_000,
                whole: true),
            ClaimParameter("window", default: 250, "Episodes between fits.", in: 50...1000, whole: true),
            ClaimParameter("randomShare", default: 0.2, "Share of uniform tasks.", in: 0...1),
        ],
        defaultSeeds: 0..<4,
        run: { try ALPGMMExperiment($0).outcome() })
}

/// Four teachers of `CompetenceCube`, judged by the share of its cells that are mastered.
///
/// It holds on ten ranges of other seeds; with 12 x 12 or 14 x 14 cells, 5 x 5 x 5, 30% or 80% that cannot be learned, fits
/// every 100 or 500 episodes, and an axis that does not matter. The advantage is one of large spaces: of 8 x 8 cells uniform
/// tasks master 25%, of which nothing is four times (69% with the method); of 5 x 5 every teacher masters all, and with 4000
/// episodes shuffled progress may happen to settle where it helps. With noise of 0.02 and 0.05 on returns 29% and 22% are
/// mastered, seven and five times as many as with uniform tasks, but the last test fails: noise is taken for progress everywhere
/// from the first fit on, and its centre does not move away from the origin (-0.17, -0.14).
struct ALPGMMExperiment {
    let context: ClaimContext
    /// Without it, the method's progress is shuffled too.
    let usesProgress: Bool

    init(_ context: ClaimContext, usesProgress: Bool = true) {
        self.context = context
        self.usesProgress = usesProgress
    }

    struct Measurement: Sendable {
        var plain = 0.0
        var uniform = 0.0
        var shuffled = 0.0
        var half = 0.0
        var halfUniform = 0.0
        var known = 0.0
        /// How far from the origin tasks are proposed at the first and at the last fit, a coordinate.
        var first = 0.0
        var last = 0.0
    }

    func outcome() throws -> ClaimOutcome {
        let seeds = try context.perSeed { _, key in measure(key) }
        func arm(_ name: String, _ role: ClaimRole, _ figure: (Measurement) -> Double) -> ClaimArm {
            ClaimArm(name, role, metric: "mastered cells, %", values: seeds.map(figure))
        }
        func middle(_ figure: (Measurement) -> Double) -> Double { interquartileMean(of: seeds.map(figure)) }
        return ClaimOutcome(
            arms: [
                arm("ALP-GMM", .method, \.plain), arm("uniform", .baseline, \.uniform),
                arm("ALP-GMM, progress shuffled", .control, \.shuffled),
                arm("ALP-GMM, part unlearnable", .method, \.half),
                arm("uniform, part unlearnable", .baseline, \.halfUniform), arm("frontier known", .oracle, \.known),
            ],
            tests: [
                ClaimTest("mastered, less four times uniform", middle { $0.plain - 4 * $0.uniform }, .atLeast, 0),
                ClaimTest(
                    "part unlearnable: mastered, less four times uniform", middle { $0.half - 4 * $0.halfUniform },
                    .atLeast, 0),
                ClaimTest(
                    "mastered, less twice with progress shuffled", middle { $0.plain - 2 * $0.shuffled }, .atLeast, 0),
                ClaimTest("ALP-GMM, mastered", middle(\.plain), .atLeast, 10),
                ClaimTest("way from the origin, last less first fit", middle { $0.last - $0.first }, .atLeast, 0.15),
            ])
    }

    private func measure(_ key: RandomKey) -> Measurement {
        var result = Measurement()
        let bounds = Array(repeating: 0.0...1.0, count: context.whole("axes") + context.whole("irrelevant"))
        var settings = ALPGMMSampler.Settings()
        settings.window = context.whole("window")
        settings.randomShare = context["randomShare"]
        settings.usesProgress = usesProgress
        var teacher = ALPGMMSampler(bounds, settings: settings)
        let unlearnable = context["unlearnable"]
        result.plain = taught(by: &teacher, 0, key.derived("plain")) {
            result.first = Self.way($0, context.whole("axes"))
        }
        result.last = Self.way(teacher, context.whole("axes"))
        teacher = ALPGMMSampler(bounds, settings: settings)
        result.half = taught(by: &teacher, unlearnable, key.derived("half"))
        settings.usesProgress = false
        teacher = ALPGMMSampler(bounds, settings: settings)
        result.shuffled = taught(by: &teacher, 0, key.derived("shuffled"))
        var uniform = UniformTaskSampler(bounds)
        result.uniform = taught(by: &uniform, 0, key.derived("uniform"))
        result.halfUniform = taught(by: &uniform, unlearnable, key.derived("half uniform"))
        var cube = CompetenceCube(cells: context.whole("cells"), axes: context.whole("axes"), unlearnable: 0)
        for _ in 0..<context.whole("episodes") {
            guard let cell = cube.frontier.first else { break }
            cube.practise(cell)
        }
        result.known = cube.mastered
        return result
    }

    /// Mean coordinate of the components' tasks, weighted by their progress.
    private static func way(_ teacher: ALPGMMSampler, _ axes: Int) -> Double {
        let weights = teacher.componentProgress
        let total = weights.reduce(0, +)
        guard let mixture = teacher.mixture, total > 0 else { return 0 }
        return zip(weights, mixture.means).reduce(0) { $0 + $1.0 * $1.1.prefix(axes).reduce(0, +) }
            / (total * Double(axes))
    }

    /// Percentage of cells mastered in the end; `afterFirstFit` is called once.
    private func taught<Teacher: TaskSampler>(
        by teacher: inout Teacher, _ unlearnable: Double, _ key: RandomKey, afterFirstFit: (Teacher) -> Void = { _ in }
    ) -> Double {
        var cube = CompetenceCube(cells: context.whole("cells"), axes: context.whole("axes"), unlearnable: unlearnable)
        var random = key.stream
        for episode in 1...context.whole("episodes") {
            let task = teacher.sample(using: &random)
            var outcome = cube.episode(task)
            if context["noise"] > 0 { outcome += context["noise"] * random.normal() }
            teacher.record(task, outcome: outcome, using: &random)
            if episode == context.whole("window") { afterFirstFit(teacher) }
        }
        return cube.mastered
    }
}

/// A student that is a cube of cells, each with a competence of 0 to 100.
///
/// An episode in a cell raises its competence by 1 where it is the first cell or one before it, each coordinate less 0
/// or 1, has a competence of at least 75; the return is a hundredth of the competence. A cell above 75 is mastered. Of
/// the first axis a share at the upper end belongs to no cell and returns 0; what is before it is stretched over all
/// cells.
struct CompetenceCube: Sendable {
    let cells: Int
    let axes: Int
    let unlearnable: Double
    private(set) var competence: [Double]

    init(cells: Int, axes: Int, unlearnable: Double) {
        self.cells = cells
        self.axes = axes
        self.unlearnable = unlearnable
        competence = Array(repeating: 0, count: (0..<axes).reduce(1) { count, _ in count * cells })
    }

    /// Percent.
    var mastered: Double { 100 * Double(competence.filter { $0 > 75 }.count) / Double(competence.count) }

    /// Cells that can be learned and are not mastered.
    var frontier: [Int] { competence.indices.filter { competence[$0] <= 75 && isLearnable($0) } }

    private func isLearnable(_ cell: Int) -> Bool {
        if cell == 0 { return true }
        for steps in 1..<(1 << axes) {
            var (rest, power, previous) = (cell, 1, 0)
            for axis in 0..<axes {
                previous += max(0, rest % cells - (steps >> axis & 1)) * power
                rest /= cells
                power *= cells
            }
            if previous != cell, competence[previous] >= 75 { return true }
        }
        return false
    }

    mutating func practise(_ cell: Int) {
        if isLearnable(cell) { competence[cell] = min(competence[cell] + 1, 100) }
    }

    /// The return of an episode on a task in the unit cube; coordinates beyond the axes do not matter.
    mutating func episode(_ task: [Double]) -> Double {
        guard task[0] < 1 - unlearnable else { return 0 }
        var (cell, power) = (0, 1)
        for axis in 0..<axes {
            let coordinate = axis == 0 ? task[0] / (1 - unlearnable) : task[axis]
            cell += min(cells - 1, Int(coordinate * Double(cells))) * power
            power *= cells
        }
        practise(cell)
        return competence[cell] / 100
    }
}
