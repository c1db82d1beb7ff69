import CTelosKernels

/// An attitude to risk as a map b of levels, (0, 1) -> (0, 1): actions are chosen by the mean over t ~ U(0, 1) of their
/// return's quantile at b(t) (Dabney, Ostrovski, Silver and Munos, *Implicit quantile networks for distributional
/// reinforcement learning*, 2018, section 3.1). What is learned of returns stays undistorted.
///
/// With a parameter e:
/// - `neutral`: b(t) = t, the mean.
/// - `cvar`: b(t) = e t, the mean of the worst share e, 0 < e <= 1 (Rockafellar and Uryasev, 2000).
/// - `wang`: b(t) = Phi(Phi^-1(t) + e), averse below 0, seeking above (Wang, 2000).
/// - `power`: b(t) = t^(1 / (1 + e)) from 0 on, 1 - (1 - t)^(1 / (1 + |e|)) below: averse below 0, seeking above.
/// - `cpw`: b(t) = t^e / (t^e + (1 - t)^e)^(1 / e), people's weighting of probabilities, e about 0.71 (Tversky and
///   Kahneman, 1992).
public enum RiskDistortion: String, Sendable, Codable, CaseIterable {
    case neutral, cvar, wang, power, cpw

    /// Parameters that make sense.
    public var parameters: ClosedRange<Double> {
        switch self {
        case .neutral, .power: -1e6...1e6
        case .cvar: 1e-6...1
        case .wang: -5...5
        // Below about 0.28 the map is no longer increasing.
        case .cpw: 0.3...1
        }
    }

    /// b(level), level in (0, 1).
    public func callAsFunction(_ level: Double, parameter: Double) -> Double {
        func power(_ base: Double, _ exponent: Double) -> Double { telos_exp64(exponent * telos_log64(base)) }
        switch self {
        case .neutral: return level
        case .cvar: return parameter * level
        case .wang: return Self.normalProbability(Self.normalQuantile(level) + parameter)
        case .power:
            let exponent = 1 / (1 + abs(parameter))
            return parameter >= 0 ? power(level, exponent) : 1 - power(1 - level, exponent)
        case .cpw:
            let (high, low) = (power(level, parameter), power(1 - level, parameter))
            return high / power(high + low, 1 / parameter)
        }
    }

    /// b at the midpoints of `count` equal parts of (0, 1).
    func midpoints(_ count: Int, parameter: Double) -> [Float] {
        (0..<count).map { Float(self((Double($0) + 0.5) / Double(count), parameter: parameter)) }
    }

    private static func normalProbability(_ x: Double) -> Double { 0.5 * (1 + telos_erf64(x * 0.5.squareRoot())) }

    /// By bisection: it is needed for a few levels, once.
    private static func normalQuantile(_ level: Double) -> Double {
        var (low, high) = (-9.0, 9.0)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if normalProbability(middle) < level { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }
}
