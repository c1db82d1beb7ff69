import TelosNN
import TelosTensor

/// Fits a network of a generative process to samples: weights sum w_i loss(x_i, e_i, t_i) / n, with fresh noise and levels.
///
/// With weights from rewards this is reward-weighted regression (Lee and others, *Aligning text-to-image models using
/// human feedback*, 2023), which sees a sample as one action and its denoising loss as the likelihood.
public final class DenoisingFit<Model: TensorContainer> {
    public let batch: Int
    private let width: Int
    private let levels: Int
    private let descent: Descent<Model>

    /// - Parameters:
    ///   - parameters: are moved, by Adam.
    ///   - batch: samples of a step.
    ///   - width: d.
    public init(
        _ process: some GenerativeProcess, moving parameters: Parameters<Model>, batch: Int, width: Int,
        prediction: @escaping (Model, Tensor, Tensor) -> Tensor
    ) throws {
        self.batch = batch
        self.width = width
        levels = process.levels
        let (data, noise) = (Tensor(placeholder: batch, width), Tensor(placeholder: batch, width))
        let (level, weight) = (Tensor(placeholder: batch), Tensor(placeholder: batch))
        descent = try Descent(moving: parameters, inputs: [data, noise, level, weight], gradientLimit: 1) { model in
            (weight * process.denoisingLoss(data: data, noise: noise, level: level) { prediction(model, $0, $1) })
                .mean()
        }
    }

    /// One step on `batch` samples.
    /// - Parameters:
    ///   - data: [batch * d].
    ///   - weights: of each sample; 1 where nil.
    /// - Returns: the weighted loss before it.
    @discardableResult
    public func step(
        _ data: [Float], weights: [Float]? = nil, learningRate: Double, using random: inout RandomStream
    ) -> Double {
        precondition(data.count == batch * width && weights?.count ?? batch == batch, "\(batch) samples of \(width)")
        _ = descent.input(0).update(fromContentsOf: data)
        random.fillNormal(descent.input(1))
        for row in 0..<batch { descent.input(2)[row] = Float(1 + random.index(below: levels)) }
        if let weights {
            _ = descent.input(3).update(fromContentsOf: weights)
        } else {
            descent.input(3).update(repeating: 1)
        }
        return descent.step(learningRate: learningRate)
    }
}
