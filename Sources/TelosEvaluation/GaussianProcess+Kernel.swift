import CTelosKernels

extension GaussianProcess {
    /// How values at two points are correlated, by r² = sum over axes of ((x_d - x'_d) / l_d)² (a length scale of each
    /// axis's own: automatic relevance determination).
    ///
    /// Source: Rasmussen and Williams, *Gaussian processes for machine learning*, 2006, chapter 4; MacKay, *Introduction to
    /// Gaussian processes*, 1998, for the periodic one.
    public enum Kernel: Sendable, Hashable {
        /// exp(-r² / 2): functions that are smooth without end. Also known as Gaussian or RBF.
        case squaredExponential
        /// (1 + √3 r) exp(-√3 r): functions with one derivative.
        case matern32
        /// (1 + √5 r + 5 r² / 3) exp(-√5 r): functions with two derivatives.
        case matern52
        /// exp(-2 sum over axes of sin²(pi (x_d - x'_d) / period_d) / l_d²): functions that repeat.
        case periodic([Double])

        /// The correlation of values at `x` and `y`; 1 where they coincide.
        public func correlation(_ x: [Double], _ y: [Double], lengthScales: [Double]) -> Double {
            var squares = 0.0
            if case .periodic(let periods) = self {
                for index in x.indices {
                    let sine = telos_sin64(Double.pi * (x[index] - y[index]) / periods[index]) / lengthScales[index]
                    squares += sine * sine
                }
                return telos_exp64(-2 * squares)
            }
            for index in x.indices {
                let difference = (x[index] - y[index]) / lengthScales[index]
                squares += difference * difference
            }
            switch self {
            case .matern32:
                let distance = (3 * squares).squareRoot()
                return (1 + distance) * telos_exp64(-distance)
            case .matern52:
                let distance = (5 * squares).squareRoot()
                return (1 + distance + 5 * squares / 3) * telos_exp64(-distance)
            case .squaredExponential, .periodic: return telos_exp64(-0.5 * squares)
            }
        }

        func check(axes: Int) throws {
            guard case .periodic(let periods) = self else { return }
            guard periods.count == axes, periods.allSatisfy({ $0 > 0 }) else {
                throw StatisticsError(
                    "a periodic kernel needs a positive period for each of \(axes) axes, not \(periods)")
            }
        }
    }
}
