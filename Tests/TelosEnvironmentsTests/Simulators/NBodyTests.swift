import Foundation
import TelosTensor
import Testing

@testable import TelosEnvironments

@Suite struct NBodyTests {
    /// Two bodies of masses 1 and 0.5 about their centre, eccentricity e, semi-major axis 1, at the pericentre.
    private func binary(_ e: Double) -> NBodySystem {
        let total = 1.5
        let (r, v) = (1 - e, (total * (1 + e) / (1 - e)).squareRoot())
        return NBodySystem(
            masses: [1, 0.5], positions: [SIMD3(-r / 3, 0, 0), SIMD3(2 * r / 3, 0, 0)],
            velocities: [SIMD3(0, -v / 3, 0), SIMD3(0, 2 * v / 3, 0)])
    }

    /// The separation at time t, by Kepler's equation M = E - e sin E.
    private func kepler(_ e: Double, _ t: Double) -> SIMD3<Double> {
        let mean = t * 1.5.squareRoot()
        var anomaly = mean
        for _ in 0..<100 { anomaly -= (anomaly - e * sin(anomaly) - mean) / (1 - e * cos(anomaly)) }
        return SIMD3(cos(anomaly) - e, (1 - e * e).squareRoot() * sin(anomaly), 0)
    }

    private func error(_ method: NBodyIntegrator.Method, _ e: Double, _ t: Double, _ rule: NBodyIntegrator.StepRule)
        -> (error: Double, evaluations: Int)
    {
        var integrator = NBodyIntegrator(binary(e), method: method)
        integrator.advance(by: t, rule: rule)
        let d = integrator.system.positions[1] - integrator.system.positions[0] - kepler(e, t)
        return (dot(d, d).squareRoot(), integrator.evaluations)
    }

    /// Kepler's orbit, to the fourth and the second order of the step.
    @Test func orbitsConvergeToKeplers() {
        for (method, order, step) in [(NBodyIntegrator.Method.hermite, 16.0, 0.01), (.leapfrog, 4, 0.005)] {
            let errors = [step, step / 2, step / 4].map { error(method, 0.3, 4, .fixed($0)).error }
            #expect(errors[2] < 1e-3)
            #expect(abs(errors[0] / errors[1] / order - 1) < 0.2 && abs(errors[1] / errors[2] / order - 1) < 0.1)
        }
        #expect(error(.hermite, 0.3, 4, .fixed(0.0025)).error < 1e-6)
    }

    /// At an eccentricity of 0.9 steps that follow the bodies err less than constant ones with three times the evaluations.
    @Test func stepsThatAdaptAreWorthIt() {
        for rule in [NBodyIntegrator.StepRule.pairTime(eta: 0.04), .aarseth(eta: 0.02)] {
            let adapted = error(.hermite, 0.9, 10, rule)
            let fixed = error(.hermite, 0.9, 10, .fixed(10 / Double(3 * adapted.evaluations)))
            #expect(fixed.evaluations >= 3 * adapted.evaluations)
            #expect(adapted.error < 0.1 * fixed.error, "\(rule): \(adapted), \(fixed)")
        }
        let coarse = error(.hermite, 0.9, 10, .aarseth(eta: 0.02))
        let fine = error(.hermite, 0.9, 10, .aarseth(eta: 0.002))
        #expect(fine.error < 0.1 * coarse.error && fine.evaluations > coarse.evaluations)
        let leap = error(.leapfrog, 0.5, 2, .pairTime(eta: 0.01))
        #expect(leap.error < 1e-3)
    }

    /// The figure of eight of Chenciner and Montgomery (2000), whose period is 6.32591398.
    @Test func threeBodiesDanceTheEight() {
        let (x, v) = (SIMD3(0.97000436, -0.24308753, 0), SIMD3(-0.93240737, -0.86473146, 0))
        let start = NBodySystem(
            masses: [1, 1, 1], positions: [x, -x, SIMD3(repeating: 0)], velocities: [-0.5 * v, -0.5 * v, v])
        var integrator = NBodyIntegrator(start)
        integrator.advance(by: 6.32591398, rule: .fixed(1e-3))
        for k in 0..<3 {
            let d = integrator.system.positions[k] - start.positions[k]
            #expect(dot(d, d).squareRoot() < 1e-5)
        }
        #expect(abs(integrator.system.energy / start.energy - 1) < 1e-11)
    }

    /// Forces are the gradient of the energy, jerks the rate of the forces; momenta stay.
    @Test func forcesAreGradients() {
        var random = RandomKey(seed: 3).stream
        func vector() -> SIMD3<Double> { SIMD3(random.normal(), random.normal(), random.normal()) }
        var system = NBodySystem(
            masses: [1, 2, 0.5, 1.5], positions: (0..<4).map { _ in vector() },
            velocities: (0..<4).map { _ in vector() },
            squaredSoftening: 0.01)
        var (a, j) = (system.positions, system.positions)
        system.forces(accelerations: &a, jerks: &j, withJerks: true)
        let h = 1e-5
        for k in 0..<4 {
            for axis in 0..<3 {
                var (up, down) = (system, system)
                up.positions[k][axis] += h
                down.positions[k][axis] -= h
                #expect(abs(-(up.energy - down.energy) / (2 * h) - system.masses[k] * a[k][axis]) < 1e-6)
            }
        }
        func moved(_ t: Double) -> [SIMD3<Double>] {
            var later = system
            for k in 0..<4 { later.positions[k] += t * system.velocities[k] }
            var (b, none) = (a, a)
            later.forces(accelerations: &b, jerks: &none, withJerks: false)
            return b
        }
        let (after, before) = (moved(h), moved(-h))
        for k in 0..<4 {
            for axis in 0..<3 { #expect(abs((after[k][axis] - before[k][axis]) / (2 * h) - j[k][axis]) < 1e-5) }
        }
        system.moveToBarycentre()
        let spin = system.angularMomentum
        var integrator = NBodyIntegrator(system)
        integrator.advance(by: 1, rule: .pairTime(eta: 0.01))
        let drift = (0..<4).reduce(SIMD3<Double>(repeating: 0)) {
            $0 + system.masses[$1] * integrator.system.positions[$1]
        }
        #expect(dot(drift, drift) < 1e-20)
        let change = integrator.system.angularMomentum - spin
        #expect(dot(change, change).squareRoot() < 1e-6)
    }

    @Test func finerChoicesCostMoreAndErrLess() throws {
        let bodies = try ThreeBody()
        #expect(bodies.accuracies.count == 6 && abs(bodies.accuracies[5] - 1e-4) < 1e-18)
        var random = RandomKey(seed: 1).stream
        let start = bodies.reset(using: &random)
        #expect(ThreeBody.State(values: start.values) == start)
        var errors: [Double] = []
        for choice in 0..<6 {
            var state = start
            for _ in 0..<100 {
                _ = withUnsafePointer(to: Float(choice)) { bodies.step(&state, action: Action($0), using: &random) }
                // As few steps as there must be of that length.
                #expect(abs(Double(state.evaluations) - (0.02 / bodies.accuracies[choice])) < 1.5)
            }
            errors.append(abs(state.energyError))
            // The same error by the energy of the bodies as they are now.
            #expect(abs(bodies.system(state).energy / start.initialEnergy - 1 - state.energyError) < 1e-12)
        }
        #expect(errors[5] < 1e-10 && errors[1] > errors[3] && errors[3] > errors[5])
    }

    @Test func wrongNumbersAreRefused() {
        #expect(throws: SimulatorError.self) { try ThreeBody(choices: 1) }
        #expect(throws: SimulatorError.self) { try ThreeBody(coarsest: 1e-5) }
        #expect(throws: SimulatorError.self) { try ThreeBody(interval: 0) }
        #expect(ThreeBody.State(values: [1, 2]) == nil)
    }
}
