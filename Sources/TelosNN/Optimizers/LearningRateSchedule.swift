import CTelosKernels

/// A learning rate's factor as a pure function of progress through a run.
///
/// Progress runs from 0 to 1 and is clamped to it; `end` is the factor reached at 1.
public indirect enum LearningRateSchedule: Sendable, Hashable, Codable {
    /// 1 throughout.
    case constant
    /// 1 + (end - 1) progress
    case linear(end: Double)
    /// end + (1 - end) (1 + cos(pi progress)) / 2 (Loshchilov and Hutter, *SGDR: stochastic gradient descent with warm
    /// restarts*, 2017).
    case cosine(end: Double)
    /// end^progress; `end` is positive.
    case exponential(end: Double)
    /// From 0 in a straight line to 1 over the first `fraction` of the run, then the schedule over what remains.
    case warmUp(fraction: Double, then: LearningRateSchedule)

    public func factor(_ progress: Double) -> Double {
        let progress = min(max(progress, 0), 1)
        switch self {
        case .constant: return 1
        case .linear(let end): return 1 + (end - 1) * progress
        case .cosine(let end): return end + (1 - end) * 0.5 * (1 + telos_cos64(Double.pi * progress))
        case .exponential(let end): return telos_pow64(end, progress)
        case .warmUp(let fraction, let schedule):
            if progress < fraction { return progress / fraction }
            return schedule.factor(fraction < 1 ? (progress - fraction) / (1 - fraction) : 0)
        }
    }
}
