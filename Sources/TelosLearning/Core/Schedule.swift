import TelosNN

/// How a coefficient changes over a run: the shapes of `LearningRateSchedule` that a name in a file means.
public enum Schedule: String, Sendable, Codable, CaseIterable {
    case constant
    /// Straight down to zero at the last planned step.
    case linear
    /// Down to zero at the last planned step along half a cosine.
    case cosine

    /// The factor at `progress` in 0 ... 1.
    public func factor(_ progress: Double) -> Double {
        switch self {
        case .constant: LearningRateSchedule.constant.factor(progress)
        case .linear: LearningRateSchedule.linear(end: 0).factor(progress)
        case .cosine: LearningRateSchedule.cosine(end: 0).factor(progress)
        }
    }
}
