import TelosEvaluation
import TelosTensor

/// A candidate and what is known of it.
struct SearchCandidate: Hashable {
    /// On each axis of the space, 0 to 1.
    var positions: [Double]
    /// Nil where it failed.
    var score: Double?
}

extension SearchPlan {
    /// Candidate `index` where nothing is learned from the others.
    func drawn(_ index: Int) -> [Double] {
        var random = RandomKey(seed: seed).derived("search candidate", index).stream
        return space.draw(using: &random)
    }

    /// How many candidates of `gaussian-process` are drawn before any is modelled.
    var drawnFirst: Int { min(trials, max(4, 2 * space.dimensions.count)) }

    /// The next candidates by expected improvement, a function of those before alone.
    ///
    /// Candidates proposed together are told apart by believing, for the next one, that the last one scores what the
    /// process predicts (Ginsbourger, Le Riche and Carraro, *Kriging is well-suited to parallelize optimization*,
    /// 2010).
    /// A failed candidate counts as the worst score so far.
    func proposed(after known: [SearchCandidate]) throws -> [[Double]] {
        let scores = known.compactMap(\.score)
        let count = min(batch, trials - known.count)
        guard let worst = scores.min(), let best = scores.max() else {
            return (0..<count).map { drawn(known.count + $0) }
        }
        var points = known.map { space.coordinates(of: $0.positions) }
        var values = known.map { $0.score ?? worst }
        var taken = Set(known.map { space.overrides(at: $0.positions) })
        let leader = known.first { $0.score == best }!.positions
        var proposals: [[Double]] = []
        let process = try GaussianProcess.fitted(points: points, values: values)
        for index in 0..<count {
            let current = try GaussianProcess(process.parameters, points: points, values: values)
            var random = RandomKey(seed: seed).derived("search proposals", known.count + index).stream
            var chosen: (positions: [Double], improvement: Double)?
            for number in 0..<1000 {
                var positions = space.draw(using: &random)
                // A share of them near the best, since the rest is thin where there are many axes.
                if number % 4 == 3 {
                    for axis in positions.indices {
                        positions[axis] = min(1 - 0x1p-53, max(0, leader[axis] + 0.1 * random.normal()))
                    }
                }
                guard !taken.contains(space.overrides(at: positions)) else { continue }
                let posterior = try current.posterior(at: space.coordinates(of: positions))
                let improvement = expectedImprovement(mean: posterior.mean, variance: posterior.variance, over: best)
                if improvement > chosen?.improvement ?? -1 { chosen = (positions, improvement) }
            }
            // Where every candidate of a small space is taken, one is tried again.
            let positions = chosen?.positions ?? drawn(known.count + index)
            let coordinates = space.coordinates(of: positions)
            points.append(coordinates)
            values.append(try current.posterior(at: coordinates).mean)
            taken.insert(space.overrides(at: positions))
            proposals.append(positions)
        }
        return proposals
    }
}
