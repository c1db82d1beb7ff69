/// How a coefficient changes over a run.
public enum Schedule: String, Sendable, Codable, CaseIterable {
    case constant
    /// Straight down to zero at the last planned step.
    case linear

    /// The factor at `progress` in 0 ... 1.
    public func factor(_ progress: Double) -> Double {
        switch self {
        case .constant: 1
        case .linear: max(0, 1 - progress)
        }
    }
}
