/// The first of the step lengths 1, 1/2, 1/4 ... that improves the surrogate and keeps the divergence within bounds;
/// nil where none of `tries` does.
///
/// A trust region's step comes from a quadratic model of the divergence and a linear one of the surrogate, and meets
/// both only approximately (Schulman, Levine, Moritz, Jordan and Abbeel, *Trust region policy optimization*, 2015).
/// - Parameter judge: what a step of that length really gains and how far it goes, both on the batch it came from.
public func trustRegionLineSearch(
    divergence limit: Double, tries: Int, judge: (_ size: Double) throws -> (gain: Double, divergence: Double)
) rethrows -> (size: Double, gain: Double, divergence: Double)? {
    var size = 1.0
    for _ in 0..<max(0, tries) {
        let (gain, divergence) = try judge(size)
        if gain > 0, divergence <= limit { return (size, gain, divergence) }
        size /= 2
    }
    return nil
}
