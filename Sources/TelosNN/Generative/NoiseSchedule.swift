import CTelosKernels

/// How much noise each level of a diffusion adds: x_t = sqrt(1 - beta_t) x_{t-1} + sqrt(beta_t) e, t = 1 ... T.
///
/// Hence x_t = sqrt(abar_t) x_0 + sqrt(1 - abar_t) e with abar_t = (1 - beta_1) ... (1 - beta_t). (Ho, Jain and Abbeel,
/// *Denoising diffusion probabilistic models*, 2020.)
public struct NoiseSchedule: Sendable, Hashable, Codable {
    /// beta_1 ... beta_T.
    public let betas: [Double]
    /// abar_0 ... abar_T, from 1 downwards.
    public let signals: [Double]

    /// T.
    public var levels: Int { betas.count }

    /// - Throws: `DistributionError` for no levels, or a beta outside 0 ..< 1.
    public init(betas: [Double]) throws {
        guard !betas.isEmpty, betas.allSatisfy({ $0 > 0 && $0 < 1 }) else {
            throw DistributionError("a noise schedule needs at least one level, and each beta above 0 and below 1")
        }
        self.betas = betas
        signals = betas.reduce(into: [1]) { $0.append($0[$0.count - 1] * (1 - $1)) }
    }

    /// Betas evenly spaced.
    public static func linear(levels: Int, from first: Double = 1e-4, to last: Double = 0.02) throws -> NoiseSchedule {
        try NoiseSchedule(
            betas: (0..<max(0, levels)).map { first + (last - first) * Double($0) / Double(max(1, levels - 1)) })
    }

    /// abar_t in proportion to cos^2((t / T + s) / (1 + s) pi / 2), betas at most 0.999 (Nichol and Dhariwal, *Improved
    /// denoising diffusion probabilistic models*, 2021): destroys small samples less early than `linear`.
    public static func cosine(levels: Int, offset: Double = 0.008) throws -> NoiseSchedule {
        func signal(_ level: Int) -> Double {
            let c = telos_cos64((Double(level) / Double(levels) + offset) / (1 + offset) * Double.pi / 2)
            return c * c
        }
        return try NoiseSchedule(betas: (0..<max(0, levels)).map { min(0.999, 1 - signal($0 + 1) / signal($0)) })
    }
}
