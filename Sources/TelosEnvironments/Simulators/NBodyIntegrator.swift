import CTelosKernels
import TelosTensor

/// Moves an N-body system in time, and counts what that costs.
///
/// `leapfrog` (kick, drift, kick): v + h a / 2, x + h v, v + h a' / 2; second order, symplectic at a fixed step.
///
/// `hermite`, fourth order, predicts, evaluates and corrects once:
///
///     x_p = x + h v + h² a / 2 + h³ j / 6,   v_p = v + h a + h² j / 2,   a', j' at (x_p, v_p)
///     v' = v + h (a + a') / 2 + h² (j - j') / 12,   x' = x + h (v + v') / 2 + h² (a - a') / 12
///
/// (Makino and Aarseth, *On a Hermite integrator with Ahmad-Cohen scheme for gravitational many-body problems*, 1992.)
public struct NBodyIntegrator: Sendable {
    public enum Method: String, Sendable, Codable, CaseIterable {
        case leapfrog, hermite
    }

    /// How long a step is.
    public enum StepRule: Sendable, Hashable {
        /// The same always.
        case fixed(Double)
        /// eta times the shortest time scale of a pair, min of r / |v| and sqrt(r³ / (m_k + m_l)), r softened.
        case pairTime(eta: Double)
        /// Controlled by the estimated error of the series: the shortest over bodies of
        /// sqrt(eta (|a| |a''| + |j|²) / (|j| |a'''| + |a''|²)), derivatives by the last Hermite step; the first is
        /// eta |a| / |j|. (Aarseth, 1985; `hermite` only: with `leapfrog` it is `pairTime` with sqrt(eta).)
        case aarseth(eta: Double)
    }

    public let method: Method
    public private(set) var system: NBodySystem
    /// Evaluations of all forces so far, the one that `init` makes counted.
    public private(set) var evaluations = 1
    private var accelerations: [SIMD3<Double>]
    private var jerks: [SIMD3<Double>]
    private var nextAccelerations: [SIMD3<Double>]
    private var nextJerks: [SIMD3<Double>]
    private var before: NBodySystem
    /// What the error-controlled rule asks for next; nil before the first step.
    private var proposal: Double?

    public init(_ system: NBodySystem, method: Method = .hermite) {
        self.method = method
        self.system = system
        before = system
        accelerations = Array(repeating: SIMD3(repeating: 0), count: system.count)
        (jerks, nextAccelerations, nextJerks) = (accelerations, accelerations, accelerations)
        system.forces(accelerations: &accelerations, jerks: &jerks, withJerks: method == .hermite)
    }

    /// Moves on by `interval`; the last step is as short as it must be.
    /// - Returns: the steps taken.
    @discardableResult
    public mutating func advance(by interval: Double, rule: StepRule) -> Int {
        var left = interval
        var steps = 0
        // What is left after the last step is rounding.
        while left > 1e-12 * interval {
            let wanted = step(rule)
            // Two halves rather than a step and a remnant next to nothing.
            let h = wanted >= left ? left : min(wanted, max(0.5 * left, left - wanted))
            step(h, eta: rule.eta)
            left -= h
            steps += 1
        }
        return steps
    }

    /// The step that a rule asks for now.
    public func step(_ rule: StepRule) -> Double {
        switch rule {
        case .fixed(let step): return step
        case .pairTime(let eta): return eta * pairTime
        case .aarseth(let eta):
            if method == .leapfrog { return eta.squareRoot() * pairTime }
            if let proposal { return proposal }
            return system.masses.indices.reduce(Double.infinity) {
                min($0, eta * length(accelerations[$1]) / max(length(jerks[$1]), .leastNormalMagnitude))
            }
        }
    }

    /// The shortest time scale of a pair.
    public var pairTime: Double {
        var shortest = Double.infinity
        for k in system.masses.indices {
            for l in 0..<k {
                let r = system.softenedDistance(k, l)
                let speed = length(system.velocities[l] - system.velocities[k])
                let fall = (r * r * r / (system.masses[k] + system.masses[l])).squareRoot()
                shortest = min(shortest, fall, speed > 0 ? r / speed : .infinity)
            }
        }
        return shortest
    }

    private mutating func step(_ h: Double, eta: Double?) {
        before.positions = system.positions
        before.velocities = system.velocities
        switch method {
        case .leapfrog:
            for k in system.masses.indices {
                system.velocities[k] += 0.5 * h * accelerations[k]
                system.positions[k] += h * system.velocities[k]
            }
            system.forces(accelerations: &accelerations, jerks: &jerks, withJerks: false)
            for k in system.masses.indices { system.velocities[k] += 0.5 * h * accelerations[k] }
        case .hermite:
            for k in system.masses.indices {
                let (v, a, j) = (before.velocities[k], accelerations[k], jerks[k])
                let bend: SIMD3<Double> = 0.5 * a + (h / 6) * j
                let mean: SIMD3<Double> = v + h * bend
                let push: SIMD3<Double> = a + (0.5 * h) * j
                system.positions[k] += h * mean
                system.velocities[k] += h * push
            }
            system.forces(accelerations: &nextAccelerations, jerks: &nextJerks, withJerks: true)
            for k in system.masses.indices {
                let (half, twelfth) = (0.5 * h, h * h / 12)
                let push: SIMD3<Double> = half * (accelerations[k] + nextAccelerations[k])
                let velocity: SIMD3<Double> = before.velocities[k] + push + twelfth * (jerks[k] - nextJerks[k])
                let drift: SIMD3<Double> = half * (before.velocities[k] + velocity)
                let bend: SIMD3<Double> = twelfth * (accelerations[k] - nextAccelerations[k])
                system.positions[k] = before.positions[k] + drift + bend
                system.velocities[k] = velocity
            }
            if let eta { proposal = errorControlledStep(after: h, eta: eta) }
            swap(&accelerations, &nextAccelerations)
            swap(&jerks, &nextJerks)
        }
        evaluations += 1
    }

    /// Aarseth's criterion, from the derivatives at the end of the step that was taken.
    private func errorControlledStep(after h: Double, eta: Double) -> Double {
        var shortest = Double.infinity
        for k in system.masses.indices {
            let (a0, a1, j0, j1) = (accelerations[k], nextAccelerations[k], jerks[k], nextJerks[k])
            let fall: SIMD3<Double> = a0 - a1
            let third: SIMD3<Double> = (12 * fall + (6 * h) * (j0 + j1)) / (h * h * h)
            let start: SIMD3<Double> = ((-6) * fall - h * (4 * j0 + 2 * j1)) / (h * h)
            let second: SIMD3<Double> = start + h * third
            let numerator = length(a1) * length(second) + dot(j1, j1)
            let denominator = length(j1) * length(third) + dot(second, second)
            shortest = min(shortest, (eta * numerator / max(denominator, .leastNormalMagnitude)).squareRoot())
        }
        return shortest
    }
}

extension NBodyIntegrator.StepRule {
    /// The accuracy of the error-controlled rule.
    fileprivate var eta: Double? {
        if case .aarseth(let eta) = self { eta } else { nil }
    }
}

private func length(_ a: SIMD3<Double>) -> Double { dot(a, a).squareRoot() }
