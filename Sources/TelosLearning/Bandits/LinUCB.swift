import CTelosKernels
import TelosTensor

/// Upper confidence bounds for rewards that are linear in the features of an arm.
///
/// The arm with the largest estimate · x_a + radius sqrt(x_a' V⁻¹ x_a), by ridge regression over all plays. Weights of each
/// arm's own (the disjoint model) come of features that are zero outside the arm's block.
///
/// (Li, Chu, Langford and Schapire, *A contextual-bandit approach to personalized news article recommendation*, 2010;
/// Abbasi-Yadkori, Pál and Szepesvári, *Improved algorithms for linear stochastic bandits*, 2011.)
public struct LinUCB: BanditPolicy {
    /// Higher: more plays of arms that little is known of.
    public var radius: ConfidenceRadius
    public private(set) var model: LinearBanditModel
    private var round = 0

    public init(featureCount: Int, ridge: Double = 1, radius: ConfidenceRadius = .constant(1)) {
        model = LinearBanditModel(featureCount: featureCount, ridge: ridge)
        self.radius = radius
    }

    public mutating func choose(_ features: [Double], using random: inout RandomStream) -> Int {
        let beta = radius.value(round: round, featureCount: model.featureCount, ridge: model.ridge)
        let model = model
        return randomArgmax(features.count / model.featureCount, using: &random) {
            model.mean(row: $0, of: features) + beta * model.deviation(row: $0, of: features)
        }
    }

    public mutating func learn(
        _ reward: Double, ofArm arm: Int, _ features: [Double], using random: inout RandomStream
    ) {
        round += 1
        model.add(reward, row: arm, of: features)
    }
}

/// Thompson sampling for rewards that are linear in the features of an arm: weights are drawn from
/// N(estimate, scale² V⁻¹), and the arm that is best for them is played.
///
/// (Agrawal and Goyal, *Thompson sampling for contextual bandits with linear payoffs*, 2013.)
public struct LinearThompsonSampling: BanditPolicy {
    /// The noise's standard deviation gives the posterior of a normal prior of variance scale² / ridge. Higher: more
    /// plays of arms that little is known of.
    public var scale: Double
    public private(set) var model: LinearBanditModel

    public init(featureCount: Int, ridge: Double = 1, scale: Double = 1) {
        model = LinearBanditModel(featureCount: featureCount, ridge: ridge)
        self.scale = scale
    }

    public mutating func choose(_ features: [Double], using random: inout RandomStream) -> Int {
        let d = model.featureCount
        var weights = (0..<d).map { _ in random.normal() }
        // V is positive definite by its ridge. With V = L L', L'⁻¹ z has covariance V⁻¹.
        if let factorization = try? CholeskyFactorization(model.design) {
            weights = factorization.solveTransposedFactor(weights)
        }
        for index in 0..<d { weights[index] = model.estimate[index] + scale * weights[index] }
        return randomArgmax(features.count / d, using: &random) { arm in
            weights.indices.reduce(0) { $0 + weights[$1] * features[arm * d + $1] }
        }
    }

    public mutating func learn(
        _ reward: Double, ofArm arm: Int, _ features: [Double], using random: inout RandomStream
    ) {
        model.add(reward, row: arm, of: features)
    }
}

/// LinUCB that forgets: every round, what came before counts `discount` as much.
///
/// V = sum of discount^(t-s) x x' + ridge I, W the same with discount² , index
/// estimate · x_a + radius sqrt(x_a' V⁻¹ W V⁻¹ x_a), for weights that drift (Russac, Vernade and Cappé, *Weighted linear
/// bandits for non-stationary environments*, 2019). d³ operations a round.
public struct DiscountedLinUCB: BanditPolicy {
    /// 1 - 1 / discount rounds are remembered, or so. Lower: forgets sooner.
    public let discount: Double
    public let ridge: Double
    public var radius: ConfidenceRadius
    private var design, squaredDesign, b, estimate, spread: [Double]

    public init(
        featureCount: Int, discount: Double, ridge: Double = 1, radius: ConfidenceRadius = .constant(1)
    ) {
        precondition(discount > 0 && discount <= 1 && ridge > 0, "a discount lies in 0 ... 1, a ridge above 0")
        self.discount = discount
        self.ridge = ridge
        self.radius = radius
        b = Array(repeating: 0, count: featureCount)
        estimate = b
        design = Array(repeating: 0, count: featureCount * featureCount)
        spread = design
        for index in 0..<featureCount {
            design[index * featureCount + index] = ridge
            spread[index * featureCount + index] = 1 / ridge
        }
        squaredDesign = design
    }

    public mutating func choose(_ features: [Double], using random: inout RandomStream) -> Int {
        let d = b.count
        // As many rounds as are remembered.
        let beta = radius.value(round: Int(min(1 / (1 - discount), 1e9)), featureCount: d, ridge: ridge)
        let (estimate, spread) = (estimate, spread)
        return randomArgmax(features.count / d, using: &random) { arm in
            var mean = 0.0
            for index in 0..<d { mean += estimate[index] * features[arm * d + index] }
            return mean + beta * quadraticForm(spread, row: arm, of: features).squareRoot()
        }
    }

    public mutating func learn(
        _ reward: Double, ofArm arm: Int, _ features: [Double], using random: inout RandomStream
    ) {
        let d = b.count
        for i in 0..<d {
            let left = features[arm * d + i]
            b[i] = discount * b[i] + reward * left
            for j in 0..<d {
                let product = left * features[arm * d + j]
                let diagonal = i == j ? ridge : 0
                design[i * d + j] = discount * design[i * d + j] + product + (1 - discount) * diagonal
                squaredDesign[i * d + j] =
                    discount * discount * squaredDesign[i * d + j] + product + (1 - discount * discount) * diagonal
            }
        }
        // V is positive definite by its ridge.
        guard let factorization = try? CholeskyFactorization(design),
            let half = try? factorization.solve(squaredDesign, columns: d),
            let solved = try? factorization.solve(b)
        else { return }
        estimate = solved
        // V⁻¹ W is solved from the left; its transpose, W V⁻¹, from the left again gives V⁻¹ W V⁻¹.
        var transposed = half
        for i in 0..<d { for j in 0..<d { transposed[i * d + j] = half[j * d + i] } }
        spread = (try? factorization.solve(transposed, columns: d)) ?? spread
    }
}
