import CTelosKernels

extension RandomStream {
    /// A draw from the gamma distribution of that shape (above 0) and scale 1, by Marsaglia and Tsang's rejection
    /// (*A simple method for generating gamma variables*, 2000); below shape 1 as gamma(shape + 1) u^(1 / shape).
    public mutating func gamma(shape: Double) -> Double {
        precondition(shape > 0, "gamma(shape:) needs a positive shape")
        if shape < 1 { return gamma(shape: shape + 1) * telos_pow64(1 - uniform(), 1 / shape) }
        let d = shape - 1.0 / 3
        let c = 1 / (9 * d).squareRoot()
        while true {
            let x = normal()
            let root = 1 + c * x
            guard root > 0 else { continue }
            let v = root * root * root
            if telos_log64(1 - uniform()) < 0.5 * x * x + d - d * v + d * telos_log64(v) { return d * v }
        }
    }
}
