import TelosTensor

/// What a network predicts at a noisy sample: x [batch, d] and its level [batch] (whole floats) -> [batch, d].
public typealias NoisePrediction = (_ x: Tensor, _ level: Tensor) -> Tensor

/// A model that turns noise into samples level by level, each step a normal distribution: a sampler that is a policy.
///
/// Levels count down while sampling: x_T is standard normal, x_0 is the sample. The chain is a Markov decision process
/// whose states are (x_t, t), whose actions are x_{t-1}, and whose policy has exact likelihoods.
public protocol GenerativeProcess: Sendable {
    /// T.
    var levels: Int { get }

    /// p(x_{t-1} | x_t).
    /// - level: t of each row, 1 ... T.
    func transition(from x: Tensor, at level: Tensor, prediction: NoisePrediction) -> DiagonalGaussian

    /// What the network is fitted to: the mean squared error of its prediction for each row, [batch].
    /// - Parameters:
    ///   - data: x_0 [batch, d].
    ///   - noise: standard normal, [batch, d].
    ///   - level: t of each row, 1 ... T.
    func denoisingLoss(data: Tensor, noise: Tensor, level: Tensor, prediction: NoisePrediction) -> Tensor
}

/// Numbers that belong to levels 0 ... T.
struct LevelTable {
    private let table: Tensor

    init(_ values: [Double]) { table = Tensor(values.map(Float.init), shape: [values.count, 1]) }

    /// [batch] levels -> [batch, 1].
    subscript(_ level: Tensor) -> Tensor { table.gatheringRows(level) }
}

/// Denoising diffusion: a network that predicts the noise e in x_t = sqrt(abar_t) x_0 + sqrt(1 - abar_t) e.
///
/// With x^ = (x_t - sqrt(1 - abar_t) e_theta) / sqrt(abar_t) the step is
///
///     mean  sqrt(abar_{t-1}) x^ + sqrt(1 - abar_{t-1} - s_t^2) e_theta
///     s_t   eta sqrt(beta_t (1 - abar_{t-1}) / (1 - abar_t))
///
/// which for eta = 1 is DDPM's, mean (x_t - beta_t / sqrt(1 - abar_t) e_theta) / sqrt(1 - beta_t). (Song, Meng and Ermon,
/// *Denoising diffusion implicit models*, 2021.)
public struct GaussianDiffusion: GenerativeProcess {
    public let schedule: NoiseSchedule
    /// s_0 (unused), s_1 ... s_T.
    public let deviations: [Double]
    private let stateWeights: [Double]
    private let noiseWeights: [Double]

    public var levels: Int { schedule.levels }

    /// - Parameters:
    ///   - eta: 1 samples as DDPM does, 0 adds no noise; there is no likelihood to learn from then.
    ///   - minimumDeviation: s_1 would be 0 and its likelihood endless; that of level 2 where nil, as in DDPM's code.
    /// - Throws: `DistributionError` for an eta outside 0 ... 1, or a deviation that is not above 0.
    public init(_ schedule: NoiseSchedule, eta: Double = 1, minimumDeviation: Double? = nil) throws {
        guard (0...1).contains(eta), minimumDeviation.map({ $0 > 0 && $0.isFinite }) ?? true else {
            throw DistributionError("a diffusion needs an eta from 0 to 1 and a smallest deviation above 0")
        }
        self.schedule = schedule
        let signals = schedule.signals
        // Place 0 is not a level.
        var (exact, stateWeights, noiseWeights) = ([0.0], [1.0], [0.0])
        for (beta, (previous, current)) in zip(schedule.betas, zip(signals, signals.dropFirst())) {
            let variance = eta * eta * beta * (1 - previous) / (1 - current)
            exact.append(variance.squareRoot())
            stateWeights.append((previous / current).squareRoot())
            let direction = max(0, 1 - previous - variance).squareRoot()
            noiseWeights.append(direction - (previous * (1 - current) / current).squareRoot())
        }
        let floor = minimumDeviation ?? max(1e-6, exact.count > 2 ? exact[2] : 0)
        deviations = exact.map { max(floor, $0) }
        (self.stateWeights, self.noiseWeights) = (stateWeights, noiseWeights)
    }

    public func transition(from x: Tensor, at level: Tensor, prediction: NoisePrediction) -> DiagonalGaussian {
        DiagonalGaussian(
            mean: LevelTable(stateWeights)[level] * x + LevelTable(noiseWeights)[level] * prediction(x, level),
            logDeviation: log(LevelTable(deviations)[level]))
    }

    /// x_t of data and noise.
    public func noised(_ data: Tensor, noise: Tensor, level: Tensor) -> Tensor {
        LevelTable(schedule.signals.map { $0.squareRoot() })[level] * data
            + LevelTable(schedule.signals.map { (1 - $0).squareRoot() })[level] * noise
    }

    /// mean over d of (e - e_theta(x_t, t))^2.
    public func denoisingLoss(
        data: Tensor, noise: Tensor, level: Tensor, prediction: NoisePrediction
    ) -> Tensor {
        (noise - prediction(noised(data, noise: noise, level: level), level)).squared.mean(axis: -1)
    }
}

/// Rectified flow: a network that predicts the velocity x_0 - e on the straight way x_t = s x_0 + (1 - s) e, s = 1 - t / T,
/// sampled with noise that leaves every marginal as it is.
///
///     dx = (v - a^2 / 2 (x - s v)) ds + a sqrt(1 - s) dW
///
/// (x - s v) / (1 - s) is minus the score, so that the drift undoes what the noise spreads. (Liu, Gong and Liu, *Flow
/// straight and fast*, 2023; Lipman and others, *Flow matching for generative modeling*, 2023; as a policy: Liu and others,
/// *Flow-GRPO*, 2025.)
public struct RectifiedFlow: GenerativeProcess {
    public let levels: Int
    /// a.
    public let noise: Double

    /// - Parameters:
    ///   - levels: steps of a sample.
    ///   - noise: 0 follows the flow and has no likelihood to learn from; larger explores more, and needs more levels.
    /// - Throws: `DistributionError` for no levels, or noise below 0.
    public init(levels: Int, noise: Double = 0.7) throws {
        guard levels > 0, noise >= 0, noise.isFinite else {
            throw DistributionError("a flow needs at least one level, and noise that is not below 0")
        }
        self.levels = levels
        self.noise = noise
    }

    private var times: [Double] { (0...levels).map { 1 - Double($0) / Double(levels) } }

    public func transition(from x: Tensor, at level: Tensor, prediction: NoisePrediction) -> DiagonalGaussian {
        let step = 1 / Double(levels)
        let velocity = prediction(x, level)
        let pull = Float(noise * noise / 2) * (x - LevelTable(times)[level] * velocity)
        let deviations = times.map { max(1e-6, noise * ((1 - $0) * step).squareRoot()) }
        return DiagonalGaussian(
            mean: x + Float(step) * (velocity - pull), logDeviation: log(LevelTable(deviations)[level]))
    }

    /// mean over d of (x_0 - e - v_theta(x_t, t))^2.
    public func denoisingLoss(
        data: Tensor, noise: Tensor, level: Tensor, prediction: NoisePrediction
    ) -> Tensor {
        let time = LevelTable(times)[level]
        return (data - noise - prediction(time * data + (1 - time) * noise, level)).squared.mean(axis: -1)
    }
}
