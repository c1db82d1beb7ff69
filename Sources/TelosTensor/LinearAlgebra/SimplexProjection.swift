/// The nearest probability distribution: argmin over u >= 0, sum u = 1 of |u - x|^2.
///
/// u_i = max(0, x_i - t) with the t that makes them sum to 1, found by sorting. (Duchi, Shalev-Shwartz, Singer and
/// Chandra, *Efficient projections onto the l1-ball for learning in high dimensions*, 2008.) Empty for no values.
public func projectionOntoSimplex(_ x: [Double]) -> [Double] {
    var sum = 0.0
    var threshold = 0.0
    for (index, value) in x.sorted(by: >).enumerated() {
        sum += value
        let candidate = (sum - 1) / Double(index + 1)
        if value <= candidate { break }
        threshold = candidate
    }
    return x.map { max(0, $0 - threshold) }
}
