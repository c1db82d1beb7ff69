import CTelosKernels

// What it is worth to evaluate a function at a point where it is known to be N(mean, variance), for finding its maximum.

/// Phi, the cumulative distribution function of N(0, 1).
func normalCumulative(_ z: Double) -> Double { 0.5 * (1 + telos_erf64(z * 0.5.squareRoot())) }

/// phi, the density of N(0, 1).
func normalDensity(_ z: Double) -> Double { telos_exp64(-0.5 * z * z) / (2 * Double.pi).squareRoot() }

/// E[max(0, f - best)] for f ~ N(mean, variance): by how much a point is expected to improve on the best value so far.
///
/// (mean - best) Phi(z) + sd phi(z) with z = (mean - best) / sd; max(0, mean - best) for no variance. Source: Močkus,
/// *On Bayesian methods for seeking the extremum*, 1975; Jones, Schonlau and Welch, *Efficient global optimization of
/// expensive black-box functions*, 1998.
public func expectedImprovement(mean: Double, variance: Double, over best: Double) -> Double {
    guard variance > 0 else { return max(0, mean - best) }
    let deviation = variance.squareRoot()
    let z = (mean - best) / deviation
    return max(0, (mean - best) * normalCumulative(z) + deviation * normalDensity(z))
}

/// P(f > best) for f ~ N(mean, variance); 1 or 0 for no variance. It goes for small sure improvements: raise `best` for
/// larger ones.
///
/// Source: Kushner, *A new method of locating the maximum point of an arbitrary multipeak curve in the presence of noise*,
/// 1964.
public func probabilityOfImprovement(mean: Double, variance: Double, over best: Double) -> Double {
    guard variance > 0 else { return mean > best ? 1 : 0 }
    return normalCumulative((mean - best) / variance.squareRoot())
}

/// mean + sqrt(beta variance). Higher beta: more of what is little known.
///
/// Source: Srinivas, Krause, Kakade and Seeger, *Gaussian process optimization in the bandit setting: no regret and
/// experimental design*, 2010.
public func upperConfidenceBound(mean: Double, variance: Double, beta: Double = 4) -> Double {
    mean + (beta * max(0, variance)).squareRoot()
}

/// E[max over i of (intercepts_i + slopes_i Z)] for Z ~ N(0, 1), exactly.
///
/// The maximum is a convex function of Z of straight pieces: lines a_k + b_k Z by ascending slope that meet at c_k. With
/// g(u) = phi(u) + u Phi(u) it exceeds the largest intercept by sum over k of (b_(k+1) - b_k) g(-|c_k|). n log n operations.
///
/// Source: Frazier, Powell and Dayanik, *The knowledge-gradient policy for correlated normal beliefs*, 2009. NaN for no
/// lines.
public func expectedMaximum(intercepts: [Double], slopes: [Double]) -> Double {
    precondition(intercepts.count == slopes.count, "a line needs an intercept and a slope")
    guard let largest = intercepts.max() else { return .nan }
    let order = slopes.indices.sorted { (slopes[$0], intercepts[$0]) < (slopes[$1], intercepts[$1]) }
    // The upper envelope, and where each of its lines takes over from the one before.
    var lines: [Int] = []
    var takeovers: [Double] = []
    for line in order {
        // Of equal slopes only the last, which has the largest intercept, can be on top.
        if let last = lines.last, slopes[last] == slopes[line] {
            lines.removeLast()
            takeovers.removeLast()
        }
        var from = -Double.infinity
        while let last = lines.last {
            from = (intercepts[last] - intercepts[line]) / (slopes[line] - slopes[last])
            if from > takeovers[takeovers.count - 1] { break }
            lines.removeLast()
            takeovers.removeLast()
            from = -.infinity
        }
        lines.append(line)
        takeovers.append(from)
    }
    var gain = 0.0
    for index in lines.indices.dropFirst() {
        let u = -abs(takeovers[index])
        let step = slopes[lines[index]] - slopes[lines[index - 1]]
        gain += step * max(0, normalDensity(u) + u * normalCumulative(u))
    }
    return largest + gain
}

extension GaussianProcess {
    /// The knowledge gradient of each candidate: by how much the largest posterior mean over all candidates is expected to
    /// rise by observing f there once, noise included.
    ///
    /// KG(x) = E[max over x' of (mu(x') + s(x', x) Z)] - max over x' of mu(x'), with
    /// s(x', x) = cov(x', x) / sqrt(cov(x, x) + noise); 0 where nothing is left to learn. m² log m operations for m
    /// candidates.
    ///
    /// Source: Frazier, Powell and Dayanik, *The knowledge-gradient policy for correlated normal beliefs*, 2009.
    public func knowledgeGradients(of candidates: [[Double]]) throws -> [Double] {
        let (means, covariance) = try jointPosterior(at: candidates)
        return candidates.indices.map { knowledgeGradient(of: $0, means, covariance, among: Array(candidates.indices)) }
    }

    /// Expected improvement under noise: the same where, in the end, only a point that was observed may be chosen.
    ///
    /// E[max over i <= n + 1 of mu'(x_i)] - max over i <= n of mu(x_i), with mu' the posterior mean after observing
    /// x_(n+1); the usual expected improvement where there is no noise.
    ///
    /// Source: Frazier, *A tutorial on Bayesian optimization*, 2018, section 5.
    /// - observed: indices of the candidates that were observed, at least one.
    public func noisyExpectedImprovements(of candidates: [[Double]], observed: [Int]) throws -> [Double] {
        guard !observed.isEmpty, observed.allSatisfy({ candidates.indices.contains($0) }) else {
            throw StatisticsError("expected improvement under noise needs at least one candidate that was observed")
        }
        let (means, covariance) = try jointPosterior(at: candidates)
        let best = observed.map { means[$0] }.max() ?? 0
        return candidates.indices.map { candidate in
            let among = observed.contains(candidate) ? observed : observed + [candidate]
            let top = among.map { means[$0] }.max() ?? 0
            return knowledgeGradient(of: candidate, means, covariance, among: among) + top - best
        }
    }

    private func knowledgeGradient(
        of candidate: Int, _ means: [Double], _ covariance: [Double], among: [Int]
    ) -> Double {
        let count = means.count
        let spread = covariance[candidate * count + candidate]
        // What rounding leaves of the variance of a point that is known.
        guard spread > 1e-12 * parameters.variance else { return 0 }
        let scale = 1 / (spread + parameters.variance * parameters.noise).squareRoot()
        let intercepts = among.map { means[$0] }
        let largest = intercepts.max() ?? 0
        return max(
            0,
            expectedMaximum(
                intercepts: intercepts, slopes: among.map { scale * covariance[$0 * count + candidate] }) - largest)
    }
}
