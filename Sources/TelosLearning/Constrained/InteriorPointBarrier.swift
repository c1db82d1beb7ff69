import CTelosKernels

/// A wall that keeps constraints J_j >= d_j from inside: ascending J_0 + (1/t) sum_j log(J_j - d_j) in place of J_0.
///
/// Its gradient is that of J_0 plus sum_j w_j times that of J_j, w_j = 1 / (t max(J_j - d_j, floor)): weights of
/// advantages, so that any policy-gradient learner can follow it. At or beyond the wall the floor makes w_j large but
/// finite, and pulls back.
///
/// (Liu, Ding and Liu, *IPO: interior-point policy optimization under constraints*, 2020.)
public struct InteriorPointBarrier: Sendable, Hashable, Codable {
    /// t: raising it lets J_0 come nearer to the wall, and the pull there begin later and more steeply. What it means
    /// depends on the scale of J: inside, w_j is about 1 / (t (J_j - d_j)).
    public var sharpness: Double
    /// The least slack that is told apart; lowering it pulls back harder.
    public var floor: Double

    public init(sharpness: Double = 20, floor: Double = 1e-3) {
        precondition(sharpness > 0 && floor > 0, "sharpness and floor are above 0")
        self.sharpness = sharpness
        self.floor = floor
    }

    /// w_j from slacks J_j - d_j.
    public func weights(slacks: [Double]) -> [Double] { slacks.map { 1 / (sharpness * max($0, floor)) } }

    /// (1/t) sum_j log(slack_j); below the floor the straight line that continues it, with the slope of `weights`
    /// there.
    public func value(slacks: [Double]) -> Double {
        slacks.reduce(0) { sum, slack in
            let inside = max(slack, floor)
            return sum + (telos_log64(inside) + (slack - inside) / floor) / sharpness
        }
    }
}
