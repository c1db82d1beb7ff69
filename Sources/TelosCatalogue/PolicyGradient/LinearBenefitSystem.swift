import TelosTensor

/// The system x' = a x + (1 - a) u + s e, reward x - u^2 / 2, never reset, with what policies earn in it in closed form.
struct LinearBenefitSystem: Sendable {
    let persistence: Double
    let noise: Double

    init(_ context: ClaimContext) { self.init(persistence: context["persistence"], noise: context["stateNoise"]) }

    init(persistence: Double, noise: Double) {
        self.persistence = persistence
        self.noise = noise
    }

    func next(_ x: Double, _ u: Double, using random: inout RandomStream) -> Double {
        persistence * x + (1 - persistence) * u + noise * random.normal()
    }

    func reward(_ x: Double, _ u: Double) -> Double { x - 0.5 * u * u }

    /// Of u = k0 + k1 x, exactly: with A = a + (1 - a) k1 the state has mean m = (1 - a) k0 / (1 - A) and variance
    /// s^2 / (1 - A^2), and the average is m - (u(m)^2 + k1^2 variance) / 2. Minus infinity where x grows for ever.
    func average(intercept: Double, slope: Double) -> Double {
        let growth = persistence + (1 - persistence) * slope
        guard abs(growth) < 1 else { return -.infinity }
        let mean = (1 - persistence) * intercept / (1 - growth)
        let action = intercept + slope * mean
        return mean - 0.5 * (action * action + slope * slope * noise * noise / (1 - growth * growth))
    }

    func average(constant u: Double) -> Double { average(intercept: u, slope: 0) }

    /// The best constant action for a discounted return.
    func discountedOptimum(_ discount: Double) -> Double {
        discount * (1 - persistence) / (1 - discount * persistence)
    }
}
