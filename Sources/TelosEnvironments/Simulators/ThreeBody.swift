import CTelosKernels
import TelosTensor

/// Three equal masses under their own gravity; at regular intervals one chooses how carefully the next is integrated.
///
/// The action is a choice of accuracy, from coarse to fine: the step h itself, or the factor eta of a step that follows the
/// bodies (`NBodyIntegrator.StepRule`). An episode never terminates.
///
/// The system is chaotic, so that the relative error of the energy, E(t) / E(0) - 1, stands for the trajectory's; evaluations
/// of the forces stand for the time it takes. Signals carry their decimal logarithms, with 1e-16 added to errors.
///
/// Units: G = m = 1, lengths of 10 AU, for which a speed of 10 km/s is 1.06 in the field of one sun. Bodies begin at the
/// origin, in [0.5, 2] x [0, 1] and in [-1, 0] x [0.5, 2]; the first moves up, the second to the left, the third not at all.
///
/// (Saz Ulibarrena and Portegies Zwart, *Reinforcement learning for adaptive time-stepping in the chaotic gravitational
/// three-body problem*, 2025.)
public struct ThreeBody: Environment {
    public struct State: EnvironmentState, Hashable {
        public var positions: [SIMD3<Double>]
        public var velocities: [SIMD3<Double>]
        public var initialEnergy: Double
        /// Of the energy, relative, now and before the last interval.
        public var energyError = 0.0
        public var previousEnergyError = 0.0
        /// Of the forces, in the last interval.
        public var evaluations = 0

        init(_ system: NBodySystem) {
            positions = system.positions
            velocities = system.velocities
            initialEnergy = system.energy
        }

        public init?(values: [Double]) {
            guard values.count == 22, let evaluations = Int(exactly: values[21]), evaluations >= 0, values[18] != 0
            else { return nil }
            func vectors(_ start: Int) -> [SIMD3<Double>] {
                (0..<3).map { SIMD3(values[start + 3 * $0], values[start + 3 * $0 + 1], values[start + 3 * $0 + 2]) }
            }
            positions = vectors(0)
            velocities = vectors(9)
            initialEnergy = values[18]
            energyError = values[19]
            previousEnergyError = values[20]
            self.evaluations = evaluations
        }

        public var values: [Double] {
            (positions + velocities).flatMap { [$0.x, $0.y, $0.z] } + [
                initialEnergy, energyError, previousEnergyError, Double(evaluations),
            ]
        }
    }

    /// What an action chooses.
    public enum Control: String, Sendable, CaseIterable {
        /// The step.
        case step
        /// The factor of the pairs' time scale.
        case eta
    }

    public let control: Control
    public let method: NBodyIntegrator.Method
    /// What can be chosen, descending: evenly spaced logarithms.
    public let accuracies: [Double]
    /// Time between choices; default 0.02. Longer: close encounters begin and end inside one.
    public let interval: Double
    /// A squared length; default 1e-3. Larger: milder encounters.
    public let squaredSoftening: Double
    public let specification: EnvironmentSpecification
    private static let floor = 1e-16
    private static let pairs = [(0, 1), (0, 2), (1, 2)]

    /// - Throws: `SimulatorError` for fewer than two choices, or sizes that are not positive.
    public init(
        control: Control = .step, method: NBodyIntegrator.Method = .hermite, coarsest: Double = 0.0316,
        finest: Double = 1e-4, choices: Int = 6, interval: Double = 0.02, squaredSoftening: Double = 1e-3
    ) throws {
        guard choices > 1, finest > 0, finest < coarsest, interval > 0, squaredSoftening >= 0 else {
            throw SimulatorError(
                "three bodies need two choices or more from coarsest down to finest, both positive, a positive interval "
                    + "and a softening of 0 or more; not \(choices) from \(coarsest) to \(finest), \(interval) and "
                    + "\(squaredSoftening)")
        }
        self.control = control
        self.method = method
        self.interval = interval
        self.squaredSoftening = squaredSoftening
        let ratio = telos_log64(finest / coarsest) / Double(choices - 1)
        accuracies = (0..<choices).map { coarsest * telos_exp64(Double($0) * ratio) }
        specification = EnvironmentSpecification(
            name: "ThreeBody",
            summary: "Choose how carefully three bodies are integrated: small errors at little cost.",
            observation: .box(-10...10, count: 7), action: .discrete(choices),
            signals: [
                Signal("logEnergyError", -17...20, "log10 of the relative error of the energy so far."),
                Signal("logErrorIncrement", -17...20, "log10 of the change of that error in the last interval."),
                Signal("logEvaluations", 0...20, "log10 of the evaluations of the forces in the last interval."),
                Signal("evaluations", 0...1e15, "Evaluations of the forces in the last interval."),
                Signal("logClosestDistance", -10...10, "log10 of the distance of the closest pair."),
            ],
            stateNames: ["position", "velocity"].flatMap { kind in
                (1...3).flatMap { body in ["X", "Y", "Z"].map { "\(kind)\(body)\($0)" } }
            } + ["initialEnergy", "energyError", "previousEnergyError", "evaluations"],
            reference: "Saz Ulibarrena and Portegies Zwart, 2025; with Hermite or leapfrog steps of its own")
    }

    /// The bodies of a state.
    public func system(_ state: State) -> NBodySystem {
        NBodySystem(
            masses: [1, 1, 1], positions: state.positions, velocities: state.velocities,
            squaredSoftening: squaredSoftening)
    }

    public func reset(using random: inout RandomStream) -> State {
        let second = SIMD3(random.uniform(0.5, 2), random.uniform(0, 1), 0)
        let third = SIMD3(random.uniform(-1, 0), random.uniform(0.5, 2), 0)
        let speed = 1.06
        var system = NBodySystem(
            masses: [1, 1, 1], positions: [SIMD3(repeating: 0), second, third],
            velocities: [SIMD3(0, speed, 0), SIMD3(-speed, 0, 0), SIMD3(repeating: 0)],
            squaredSoftening: squaredSoftening)
        system.moveToBarycentre()
        return State(system)
    }

    public func step(_ state: inout State, action: Action, using random: inout RandomStream) -> Bool {
        let accuracy = accuracies[action.index]
        integrate(&state, rule: control == .step ? .fixed(accuracy) : .pairTime(eta: accuracy))
        return false
    }

    /// One interval under a rule of its own: what a user of the integrator would do without choosing.
    public func integrate(_ state: inout State, rule: NBodyIntegrator.StepRule) {
        var integrator = NBodyIntegrator(system(state), method: method)
        integrator.advance(by: interval, rule: rule)
        state.positions = integrator.system.positions
        state.velocities = integrator.system.velocities
        state.previousEnergyError = state.energyError
        state.energyError = integrator.system.energy / state.initialEnergy - 1
        // The forces at an interval's beginning are those at the last one's end.
        state.evaluations = integrator.evaluations - 1
    }

    /// log10 of the three distances and of the three relative speeds, and minus a tenth of that of the energy's error.
    public func observe(_ state: State, into observation: UnsafeMutableBufferPointer<Float>) {
        let system = system(state)
        func clipped(_ value: Double) -> Float { Float(min(max(value, -10), 10)) }
        for (index, (k, l)) in Self.pairs.enumerated() {
            let v = state.velocities[l] - state.velocities[k]
            observation[index] = clipped(log10(system.distance(k, l)))
            observation[3 + index] = clipped(0.5 * log10(dot(v, v)))
        }
        observation[6] = clipped(-0.1 * log10(abs(state.energyError)))
    }

    public func readSignals(_ state: State, into signals: SignalWriter) {
        let system = system(state)
        signals[0] = min(log10(abs(state.energyError)), 20)
        signals[1] = min(log10(abs(state.energyError - state.previousEnergyError)), 20)
        signals[2] = log10(Double(max(1, state.evaluations)))
        signals[3] = Double(state.evaluations)
        signals[4] = min(max(Self.pairs.map { log10(system.distance($0, $1)) }.min() ?? 0, -10), 10)
    }

    private func log10(_ value: Double) -> Double { telos_log64(value + Self.floor) / telos_log64(10) }

    public func draw(_ state: State) -> Drawing {
        let size = 6.0
        let colors = ["#c75b4a", "#4f8f5b", "#2b3a55"]
        return Drawing(
            width: size, height: size,
            elements: [.rectangle(x: size / 2, y: size / 2, width: size, height: size, angle: 0, fill: "#f7f8fa")]
                + state.positions.indices.map { index in
                    func inside(_ value: Double) -> Double { min(max(size / 2 + value, 0), size) }
                    return .circle(
                        x: inside(state.positions[index].x), y: inside(state.positions[index].y), radius: 0.1,
                        fill: colors[index])
                })
    }
}

/// What is wrong with the numbers of a simulator: a message that says what to write instead.
public struct SimulatorError: Error, CustomStringConvertible, Equatable {
    public var description: String
    public init(_ description: String) { self.description = description }
}

extension Environments {
    static let simulators: [EnvironmentEntry] = [ThreeBody.entry]
}

extension ThreeBody {
    static let entry = EnvironmentEntry(
        name: "ThreeBody", family: "simulators",
        summary: "Choose how carefully three bodies are integrated: small errors at little cost.",
        options: [
            EnvironmentOption(
                "control", .text, .text(Control.step.rawValue),
                "What an action chooses: step, or eta, the factor of a step that follows the bodies."),
            EnvironmentOption(
                "method", .text, .text(NBodyIntegrator.Method.hermite.rawValue), "The integrator: hermite or leapfrog."),
            EnvironmentOption(
                "coarsest", .real(1e-9...1), .real(0.0316), "The coarsest choice. Higher: cheaper, wronger."),
            EnvironmentOption("finest", .real(1e-9...1), .real(1e-4), "The finest choice. Lower: more exact, dearer."),
            EnvironmentOption("choices", .integer(2...100), .integer(6), "Choices, coarsest and finest included."),
            EnvironmentOption(
                "interval", .real(1e-4...10), .real(0.02),
                "Time between choices. Higher: fewer choices, too late for close encounters."),
            EnvironmentOption(
                "squaredSoftening", .real(0...1), .real(1e-3), "A squared length. Higher: milder encounters."),
        ],
        horizon: 300, reward: "-max(0, logErrorIncrement + 9) - logEvaluations"
    ) { options in
        func choice<Choice: RawRepresentable & CaseIterable>(
            _ name: String, _ type: Choice.Type
        ) throws -> Choice where Choice.RawValue == String {
            let text = options.text(name)
            guard let value = Choice(rawValue: text) else {
                let names = Choice.allCases.map(\.rawValue).joined(separator: " or ")
                throw SimulatorError("\(name) is \"\(text)\"; write \(names)")
            }
            return value
        }
        return try ThreeBody(
            control: choice("control", Control.self), method: choice("method", NBodyIntegrator.Method.self),
            coarsest: options.real("coarsest"), finest: options.real("finest"), choices: options.integer("choices"),
            interval: options.real("interval"), squaredSoftening: options.real("squaredSoftening"))
    }
}
