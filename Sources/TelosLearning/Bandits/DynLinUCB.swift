import CTelosKernels
import TelosTensor

/// LinUCB for dynamical linear bandits: arms are held in epochs that grow slowly, and only the last reward of each epoch,
/// when what came before has died out, is regressed on.
///
/// Epoch m holds its arm for H_m + 1 rounds, H_m = floor(log m / log(1 / rho)), so that rho^H_m is of order 1 / m. Its arm
/// has the largest h · u + beta_t sqrt(u' V⁻¹ u), with
///
///     beta_t = bias / sqrt(ridge) log(e (t + 1)) + (the radius of an ellipsoid at round t)
///
/// An epoch that is cut off teaches nothing. The regret is of order d sqrt(T) / (1 - rho)^(3/2).
///
/// (Mussi, Metelli and Restelli, *Dynamical linear bandits*, 2023.)
public struct DynLinUCB: BanditPolicy {
    /// A known upper bound of the spectral radius, 0 ..< 1; 0 never holds an arm. Higher: longer epochs.
    public let rho: Double
    /// What the transient of an epoch of length H adds to a reward at most, over rho^H.
    public let bias: Double
    public var radius: ConfidenceRadius
    public private(set) var model: LinearBanditModel
    private var round = 0
    private var epoch = 0
    private var left = 0
    private var arm = 0

    public init(featureCount: Int, rho: Double, ridge: Double, bias: Double, radius: ConfidenceRadius) {
        precondition((0..<1).contains(rho), "the bound of the spectral radius lies in 0 ..< 1")
        self.rho = rho
        self.bias = bias
        self.radius = radius
        model = LinearBanditModel(featureCount: featureCount, ridge: ridge)
    }

    /// H_m
    public static func holding(epoch: Int, rho: Double) -> Int {
        rho > 0 ? Int(telos_log64(Double(epoch)) / -telos_log64(rho)) : 0
    }

    /// The bias, and the radius of the ellipsoid, from bounds of what is not known: of the norms of actions (`action`), B
    /// (`input`), omega (`output`), theta (`direct`), of the hidden state (`state`), of |A^s| / rho^s over all s (`growth`,
    /// 1 for a normal A), and the noise's standard deviation.
    public static func confidence(
        rho: Double, action: Double, input: Double, output: Double, direct: Double, state: Double, growth: Double = 1,
        noise: Double, delta: Double
    ) -> (bias: Double, radius: ConfidenceRadius) {
        let bias = action * output * growth * (action * input / (1 - rho) + state)
        let weightBound = direct + output * input * growth / (1 - rho)
        let spread = 1 + output * output * growth * growth / (1 - rho * rho)
        return (
            bias,
            .ellipsoid(
                noise: noise * spread.squareRoot(), weightBound: weightBound, featureBound: action, delta: delta)
        )
    }

    public mutating func choose(_ features: [Double], using random: inout RandomStream) -> Int {
        guard left == 0 else { return arm }
        epoch += 1
        left = Self.holding(epoch: epoch, rho: rho) + 1
        let beta =
            bias / model.ridge.squareRoot() * (1 + telos_log64(Double(round + 1)))
            + radius.value(round: round, featureCount: model.featureCount, ridge: model.ridge)
        let model = model
        arm = randomArgmax(features.count / model.featureCount, using: &random) {
            model.mean(row: $0, of: features) + beta * model.deviation(row: $0, of: features)
        }
        return arm
    }

    public mutating func learn(
        _ reward: Double, ofArm arm: Int, _ features: [Double], using random: inout RandomStream
    ) {
        round += 1
        left -= 1
        if left == 0 { model.add(reward, row: arm, of: features) }
    }
}
