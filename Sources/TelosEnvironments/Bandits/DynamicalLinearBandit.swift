import TelosTensor

/// Arms that pay partly now and partly later, through a hidden state with stable linear dynamics.
///
///     payment  y = omega · x + theta · u + eta
///     state    x' = A x + B u + epsilon,  x = 0 at first, never seen
///
/// u is the arm's action vector, which is also its features; epsilon and eta are normal. An arm that is played for ever
/// pays h · u a round, with the cumulative Markov parameter h = theta + B' (I - A')⁻¹ omega, so the best of all policies
/// plays one arm. `regret` is max_v h · v - h · u.
///
/// (Mussi, Metelli and Restelli, *Dynamical linear bandits*, 2023.)
public struct DynamicalLinearBandit: Bandit {
    public struct State: BanditState, Hashable {
        public var outcome: BanditOutcome
        /// x
        public var hidden: [Double]

        init(outcome: BanditOutcome, hidden: [Double]) {
            self.outcome = outcome
            self.hidden = hidden
        }

        public init?(values: [Double]) {
            guard let outcome = BanditOutcome(values: Array(values.prefix(3))) else { return nil }
            self.init(outcome: outcome, hidden: Array(values.dropFirst(3)))
        }

        public var values: [Double] { outcome.values + hidden }
    }

    /// A, n x n, and B, n x d, row-major; omega, n values; theta, d values.
    public let a, b, omega, theta: [Double]
    /// u of each arm, d values.
    public let actions: [[Double]]
    /// The standard deviation of epsilon's elements and of eta.
    public let noise: Double
    /// h, d values.
    public let markovParameter: [Double]
    public let specification: EnvironmentSpecification
    private let steadyMeans: [Double]
    private let flatActions: [Double]

    /// Throws `BanditError` for sizes that do not fit, or where I - A has no inverse.
    public init(
        a: [Double], b: [Double], omega: [Double], theta: [Double], actions: [[Double]], noise: Double = 0.05
    ) throws {
        let (n, d) = (omega.count, theta.count)
        guard n > 0, d > 0, a.count == n * n, b.count == n * d, !actions.isEmpty,
            actions.allSatisfy({ $0.count == d }), noise >= 0,
            (a + b + omega + theta + actions.flatMap { $0 }).allSatisfy(\.isFinite)
        else {
            throw BanditError(
                "a dynamical linear bandit with \(n) hidden numbers and actions of \(d) needs \(n * n) values of A, "
                    + "\(n * d) of B, and arms of \(d) each, not \(a.count), \(b.count) and \(actions.map(\.count))")
        }
        var matrix = a.map { -$0 }
        for index in 0..<n { matrix[index * n + index] += 1 }
        guard let later = try? solveLinearSystem(matrix: matrix, rhs: omega, transposed: true) else {
            throw BanditError("the hidden state does not settle: I - A has no inverse; use an A of spectral radius < 1")
        }
        let h = (0..<d).map { column in
            theta[column] + (0..<n).reduce(0) { $0 + b[$1 * d + column] * later[$1] }
        }
        (self.a, self.b, self.omega, self.theta, self.actions, self.noise) = (a, b, omega, theta, actions, noise)
        markovParameter = h
        steadyMeans = actions.map { action in zip(action, h).reduce(0) { $0 + $1.0 * $1.1 } }
        flatActions = actions.flatMap { $0 }
        specification = banditSpecification(
            name: "DynamicalLinearBandit", summary: "Some arms pay now, others more, but later.",
            armCount: actions.count, featureCount: d,
            stateNames: BanditOutcome.names + (0..<n).map { "hidden\($0)" },
            reference: "Mussi, Metelli and Restelli, 2023")
    }

    public var armCount: Int { actions.count }
    public var featureCount: Int { theta.count }
    public func features(_ state: State) -> [Double] { flatActions }
    /// max over arms of h · u: what the best policy earns a round.
    public var bestMean: Double { steadyMeans.max() ?? 0 }

    public func reset(using random: inout RandomStream) -> State {
        State(outcome: BanditOutcome(), hidden: Array(repeating: 0, count: omega.count))
    }

    public func play(_ arm: Int, in state: inout State, using random: inout RandomStream) {
        let action = actions[arm]
        let (n, d) = (omega.count, theta.count)
        var payment = noise * random.normal()
        for index in 0..<n { payment += omega[index] * state.hidden[index] }
        for index in 0..<d { payment += theta[index] * action[index] }
        state.outcome = BanditOutcome(arm: arm, payment: payment, regret: bestMean - steadyMeans[arm])
        let before = state.hidden
        for row in 0..<n {
            var value = noise * random.normal()
            for column in 0..<n { value += a[row * n + column] * before[column] }
            for column in 0..<d { value += b[row * d + column] * action[column] }
            state.hidden[row] = value
        }
    }

    /// A decoy: the first of three arms pays nothing at once and 1 in the long run, the second 0.7 and the third 0.4 at
    /// once, whatever the spectral radius `rho` (0 ..< 1) of the hidden state is. `delayed` false takes away what comes
    /// later (omega = 0): a linear bandit whose best arm is the second.
    public static func decoy(rho: Double, noise: Double = 0.05, delayed: Bool = true) throws -> DynamicalLinearBandit {
        try DynamicalLinearBandit(
            a: [rho, 0, 0, 0], b: [1 - rho, 0, 0, 0, 0, 0], omega: [delayed ? 1 : 0, 0], theta: [0, 0.7, 0.4],
            actions: [[1, 0, 0], [0, 1, 0], [0, 0, 1]], noise: noise)
    }
}

extension DynamicalLinearBandit {
    static let entry = EnvironmentEntry(
        name: "DynamicalLinearBandit", family: Environments.banditFamily,
        summary: "Three arms: one pays most, but later; a decoy pays at once.",
        options: [
            EnvironmentOption(
                "rho", .real(0...0.999), .real(0.5), "Spectral radius of the hidden state. Higher: pays later."),
            EnvironmentOption("noise", .real(0...1e6), .real(0.05), "Standard deviation. Higher: slower to learn."),
        ],
        horizon: 100, reward: "payment"
    ) { try DynamicalLinearBandit.decoy(rho: $0.real("rho"), noise: $0.real("noise")) }
}
