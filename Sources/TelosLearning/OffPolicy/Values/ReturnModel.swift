import TelosTensor

/// What a value network predicts about an action's return: its mean, or its distribution in one of two forms.
public enum ReturnModel: String, Sendable, Codable, CaseIterable {
    /// E[R], by temporal differences (Mnih and others, *Human-level control through deep reinforcement learning*, 2015).
    case mean
    /// Probabilities of fixed atoms (Bellemare, Dabney and Munos, *A distributional perspective on reinforcement
    /// learning*, 2017).
    case categorical
    /// N quantiles at fixed levels (Dabney, Rowland, Bellemare and Munos, *Distributional reinforcement learning with
    /// quantile regression*, 2018).
    case quantile
    /// Quantiles at levels drawn afresh (Dabney, Ostrovski, Silver and Munos, *Implicit quantile networks for
    /// distributional reinforcement learning*, 2018).
    case implicitQuantile = "implicit-quantile"
}

/// Losses between predicted and target returns, row by row.
public enum ReturnLoss {
    /// x^2 / 2 within 1, |x| - 1/2 beyond.
    public static func huber(_ x: Tensor) -> Tensor {
        let size = abs(x)
        let quadratic = minimum(size, Tensor(1))
        return quadratic * (size - 0.5 * quadratic)
    }

    /// Cross-entropy between the projection of r + c z onto the support z and predicted logits.
    /// - logits, targetProbabilities: [batch, atoms]; rewards, bootstraps: [batch].
    static func categorical(
        logits: Tensor, targetProbabilities: Tensor, rewards: Tensor, bootstraps: Tensor, support: ClosedRange<Float>
    ) -> Tensor {
        let (batch, atoms) = (logits.shape[0], logits.shape[1])
        let spacing = (support.upperBound - support.lowerBound) / Float(atoms - 1)
        let z = Self.atoms(atoms, support)
        let moved = (rewards.reshaped(batch, 1) + bootstraps.reshaped(batch, 1) * z.reshaped(1, atoms))
            .clipped(support.lowerBound, support.upperBound)
        // Mass at y goes to atom i in proportion to max(0, 1 - |y - z_i| / spacing): [batch, i, j].
        let distance = abs(moved.reshaped(batch, 1, atoms) - z.reshaped(1, atoms, 1)) / spacing
        let share = relu(1 - distance) * targetProbabilities.reshaped(batch, 1, atoms)
        let projected = share.sum(axis: 2).stoppingGradient
        return -(projected * logits.logSoftmax()).sum(axis: 1)
    }

    static func atoms(_ count: Int, _ support: ClosedRange<Float>) -> Tensor {
        let spacing = (support.upperBound - support.lowerBound) / Float(count - 1)
        return Tensor((0..<count).map { support.lowerBound + Float($0) * spacing }, shape: [count])
    }

    /// Quantile Huber loss: sum over i of mean over j of |t_i - 1{u_ij < 0}| huber(u_ij), u_ij = target_j - predicted_i.
    /// - predicted: [batch, n] at levels [batch, n] or [1, n]; targets: [batch, m].
    public static func quantile(predicted: Tensor, levels: Tensor, targets: Tensor) -> Tensor {
        let (batch, n, m) = (predicted.shape[0], predicted.shape[1], targets.shape[1])
        let u = targets.stoppingGradient.reshaped(batch, 1, m) - predicted.reshaped(batch, n, 1)
        let level = levels.reshaped(levels.shape[0], n, 1)
        let weight = abs(level - (u .< Tensor(0))).stoppingGradient
        return (weight * huber(u)).mean(axis: 2).sum(axis: 1)
    }

    /// (i + 1/2) / n.
    public static func midpoints(_ count: Int) -> [Float] { (0..<count).map { (Float($0) + 0.5) / Float(count) } }
}
