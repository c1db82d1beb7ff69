import TelosTensor

/// Point masses under each other's gravity, with G = 1.
///
///     a_k = sum over l != k of m_l d / (|d|² + s)^(3/2),  d = x_l - x_k
///     j_k = da_k / dt = sum of m_l (v / r³ - 3 (d · v) d / r⁵),  v = v_l - v_k, r² = |d|² + s
///     E = sum of m v² / 2 - sum over pairs of m_k m_l / r
///
/// (Aarseth, *Gravitational N-body simulations*, 2003, chapters 1 and 2.)
public struct NBodySystem: Sendable, Hashable {
    public let masses: [Double]
    public var positions: [SIMD3<Double>]
    public var velocities: [SIMD3<Double>]
    /// s, a squared length: keeps forces finite where bodies meet. 0 is Newton's gravity.
    public let squaredSoftening: Double

    public init(
        masses: [Double], positions: [SIMD3<Double>], velocities: [SIMD3<Double>], squaredSoftening: Double = 0
    ) {
        precondition(
            masses.count == positions.count && masses.count == velocities.count && squaredSoftening >= 0,
            "a position and a velocity for each mass, and a softening of 0 or more")
        self.masses = masses
        self.positions = positions
        self.velocities = velocities
        self.squaredSoftening = squaredSoftening
    }

    public var count: Int { masses.count }

    /// Kinetic and potential energy together.
    public var energy: Double {
        var sum = 0.0
        for k in masses.indices {
            sum += 0.5 * masses[k] * dot(velocities[k], velocities[k])
            for l in 0..<k { sum -= masses[k] * masses[l] / softenedDistance(k, l) }
        }
        return sum
    }

    /// sum of m x × v
    public var angularMomentum: SIMD3<Double> {
        masses.indices.reduce(SIMD3(repeating: 0)) { $0 + masses[$1] * cross(positions[$1], velocities[$1]) }
    }

    /// |x_l - x_k|
    public func distance(_ k: Int, _ l: Int) -> Double {
        let d = positions[l] - positions[k]
        return dot(d, d).squareRoot()
    }

    /// sqrt(|x_l - x_k|² + s)
    public func softenedDistance(_ k: Int, _ l: Int) -> Double {
        let d = positions[l] - positions[k]
        return (dot(d, d) + squaredSoftening).squareRoot()
    }

    /// Puts the centre of mass to rest at the origin.
    public mutating func moveToBarycentre() {
        let total = masses.reduce(0, +)
        let none = SIMD3<Double>(repeating: 0)
        let center = masses.indices.reduce(none) { $0 + masses[$1] * positions[$1] } / total
        let drift = masses.indices.reduce(none) { $0 + masses[$1] * velocities[$1] } / total
        for k in masses.indices {
            positions[k] -= center
            velocities[k] -= drift
        }
    }

    /// Accelerations, and jerks where asked for.
    func forces(
        accelerations: inout [SIMD3<Double>], jerks: inout [SIMD3<Double>], withJerks: Bool
    ) {
        for k in masses.indices {
            accelerations[k] = SIMD3(repeating: 0)
            jerks[k] = SIMD3(repeating: 0)
        }
        for k in masses.indices {
            for l in (k + 1)..<max(masses.count, k + 1) {
                let d = positions[l] - positions[k]
                let inverse = 1 / (dot(d, d) + squaredSoftening)
                let cubed = inverse * inverse.squareRoot()
                let a = cubed * d
                accelerations[k] += masses[l] * a
                accelerations[l] -= masses[k] * a
                guard withJerks else { continue }
                let v = velocities[l] - velocities[k]
                let j = cubed * v - (3 * dot(d, v) * inverse) * a
                jerks[k] += masses[l] * j
                jerks[l] -= masses[k] * j
            }
        }
    }
}

@inline(__always)
func dot(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> Double { a.x * b.x + a.y * b.y + a.z * b.z }

func cross(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> SIMD3<Double> {
    SIMD3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
}
