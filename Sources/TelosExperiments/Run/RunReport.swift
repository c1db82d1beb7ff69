import TelosEnvironments
import TelosEvaluation
import TelosLearning
import TelosTensor

extension RunStore {
    /// Writes the run's `report.html` from what is stored and gives its path.
    @discardableResult
    public func renderReport(of id: String, registries: Registries = .builtIn) throws -> String {
        let run = try run(id)
        let experiment = try? experiment(of: run, registries: registries)
        let plan = experiment.map(TrainingPlan.init)
        try writeReport(TelosExperiments.renderReport(try reportContent(of: run, plan: plan)), run: id)
        return reportPath(of: id)
    }

    /// Everything the run's page shows. Without a plan (an experiment this Telos cannot read), no episodes.
    public func reportContent(of run: RunRecord, plan: TrainingPlan?) throws -> ReportContent {
        let summary = try summary(of: run.id)
        let rows = try rows(of: run.id)
        var content = ReportContent(title: run.id, configuration: run.source)
        content.subtitle = "\(run.learner) on \(run.environment), \(counted(run.seeds.count, "seed"))"
        content.facts = [
            ReportFact("task", run.environment), ReportFact("learner", run.learner),
            ReportFact("status", run.status.rawValue), ReportFact("begun", run.created),
        ]
        if let plan {
            content.facts += [
                ReportFact("primary reward", plan.task.primary.description),
                ReportFact("horizon", plan.task.horizon.map(String.init) ?? "none"),
            ]
            if !plan.task.auxiliaries.isEmpty {
                content.facts.append(
                    ReportFact("combination", "\(plan.task.combination.rawValue): \(plan.task.combination.summary)"))
            }
            for auxiliary in plan.task.auxiliaries {
                content.facts.append(
                    ReportFact("auxiliary \(auxiliary.name)", "\(auxiliary.reward), weight \(auxiliary.weight)"))
            }
            content.facts.append(ReportFact("planned steps a seed", readable(Double(plan.steps))))
        }
        content.summary = summary.seeds.map {
            SummaryRow(
                seed: $0.seed, steps: $0.steps, seconds: $0.seconds, trainingReturn: $0.trainingReturn,
                evaluationReturn: $0.evaluationReturn, weights: $0.weights)
        }
        content.evaluation = summary.evaluationReturn
        let curves = [
            ("evaluation", CurveKind.evaluation), ("training", CurveKind.training),
        ].compactMap { name, kind in
            RunStore.series(name, rows.points.filter { $0.kind == kind }.map { ($0.seed, $0.step, $0.value) })
        }
        if !curves.isEmpty {
            content.curves.append(CurvePanel(title: "Return", yLabel: "primary return an episode", series: curves))
        }
        let individual = run.seeds.compactMap { seed -> PlotSeries? in
            let points = rows.points.filter { $0.kind == .training && $0.seed == seed && $0.value.isFinite }
            guard points.count > 1 else { return nil }
            return PlotSeries("seed \(seed)", steps: points.map(\.step), values: points.map(\.value))
        }
        if individual.count > 1, individual.count <= 10 {
            content.curves.append(
                CurvePanel(
                    title: "Training return of each seed", yLabel: "primary return an episode", series: individual))
        }
        content.terms = RunStore.ordered(rows.terms.map(\.name), as: summary.seeds.first?.terms.map(\.name) ?? [])
            .compactMap { name in
                RunStore.series(
                    name, rows.terms.filter { $0.name == name }.map { ($0.seed, $0.step, $0.value) }
                ).map { CurvePanel(title: name, yLabel: "sum over an episode", series: [$0]) }
            }
        if run.seeds.count < 5 {
            content.notes.append(
                "With fewer than 5 seeds the intervals are too narrow: they hold the truth less than 95 times in 100."
            )
        }
        for seed in summary.seeds where seed.status != .finished {
            let reason = seed.message.isEmpty ? "" : " (\(seed.message))"
            content.notes.append("Seed \(seed.seed) is \(seed.status.rawValue) at step \(seed.steps)\(reason).")
        }
        if let plan { content.episodes = try episodePanels(of: run, seeds: summary.seeds, plan: plan) }
        return content
    }

    /// Rendered episodes of the seeds with the best, the median and the worst evaluation return.
    private func episodePanels(of run: RunRecord, seeds: [SeedRecord], plan: TrainingPlan) throws -> [EpisodePanel] {
        let ranked = seeds.filter { !$0.weights.isEmpty && ($0.evaluationReturn ?? .nan).isFinite }
            .sorted { ($0.evaluationReturn!, -$0.seed) > ($1.evaluationReturn!, -$1.seed) }
        guard let best = ranked.first, let worst = ranked.last else { return [] }
        var chosen = [("Best seed", best)]
        if ranked.count > 2 { chosen.append(("Median seed", ranked[ranked.count / 2])) }
        if ranked.count > 1 { chosen.append(("Worst seed", worst)) }
        return try chosen.compactMap { title, record in
            guard try readCheckpoint(run: run.id, seed: record.seed) != nil else { return nil }
            let learner = try learner(of: run, seed: record.seed, plan: plan)
            let result = try evaluate(
                learner.policy(), on: plan.task, episodes: 1,
                key: RandomKey(seed: record.seed).derived("rendered episode"), recordingFirst: true,
                maximumSteps: 2000)
            guard let episode = result.episodes.first, !result.drawings.isEmpty else { return nil }
            let frames = RunStore.thinned(result.drawings, to: 300)
            let rate = Swift.max(4, Swift.min(30, Double(frames.count) / 8))
            return EpisodePanel(
                title: title, animation: DrawingAnimation(frames: frames, framesPerSecond: rate).svg(),
                caption: "return \(readable(episode.primaryReturn)), \(episode.length) steps, seed \(record.seed)")
        }
    }

    /// At most `count` of the frames, evenly chosen, the first and the last among them.
    static func thinned(_ frames: [Drawing], to count: Int) -> [Drawing] {
        guard frames.count > count, count > 1 else { return frames }
        return (0..<count).map { frames[$0 * (frames.count - 1) / (count - 1)] }
    }

    /// The curve over seeds: interquartile mean and interval where there are several, at up to 100 steps all share.
    static func series(_ name: String, _ points: [(seed: Int, step: Int, value: Double)]) -> PlotSeries? {
        let curves = Set(points.map(\.seed)).sorted().compactMap { seed -> LearningCurve? in
            let own = points.filter { $0.seed == seed && $0.value.isFinite }
            return try? LearningCurve(steps: own.map(\.step), values: own.map(\.value))
        }
        guard let first = curves.first else { return nil }
        if curves.count == 1 { return PlotSeries(name, steps: first.steps, values: first.values) }
        guard
            let curve = try? sampleEfficiencyCurve(
                curves, replicates: 500, key: RandomKey(seed: 0).derived("learning curve"))
        else { return nil }
        return PlotSeries(name, curve)
    }

    /// The distinct `names`, those of `order` first.
    private static func ordered(_ names: [String], as order: [String]) -> [String] {
        let distinct = Set(names)
        return order.filter(distinct.contains) + distinct.subtracting(order).sorted()
    }
}
