import CTelosKernels

/// Candidate functions of a vector of variables, of which a sparse model keeps few.
///
///     theta_j(x) = prod_i x_i^e_ji · prod_k wave_jk(x),   wave(x) = sin(f x_i) or cos(f x_i)
///
/// Libraries are joined by `+`, which drops what is there twice, and multiplied by `*`, every term with every other:
/// `.polynomial(of: [0, 1], degree: 2, variables: 3) + .polynomial(of: [2], degree: 1, variables: 3)` and so on.
///
/// (Brunton, Proctor and Kutz, *Discovering governing equations from data by sparse identification of nonlinear dynamical
/// systems*, 2016.)
public struct FeatureLibrary: Sendable, Hashable {
    /// x_variable^exponent
    public struct Power: Sendable, Hashable {
        public var variable: Int
        public var exponent: Int

        public init(variable: Int, exponent: Int) {
            self.variable = variable
            self.exponent = exponent
        }
    }

    /// sin(frequency x_variable), or the cosine.
    public struct Wave: Sendable, Hashable {
        public var variable: Int
        public var frequency: Double
        public var isCosine: Bool

        public init(variable: Int, frequency: Double, isCosine: Bool) {
            self.variable = variable
            self.frequency = frequency
            self.isCosine = isCosine
        }
    }

    /// A product; 1 without factors.
    public struct Term: Sendable, Hashable {
        /// Ascending by variable, each variable once.
        public var powers: [Power]
        public var waves: [Wave]

        public init(powers: [Power] = [], waves: [Wave] = []) {
            self.powers = powers
            self.waves = waves
        }

        /// The product of both.
        static func * (left: Term, right: Term) -> Term {
            var powers = left.powers
            for power in right.powers {
                if let index = powers.firstIndex(where: { $0.variable == power.variable }) {
                    powers[index].exponent += power.exponent
                } else {
                    powers.append(power)
                }
            }
            return Term(
                powers: powers.sorted { $0.variable < $1.variable },
                waves: (left.waves + right.waves).sorted {
                    ($0.variable, $0.frequency, $0.isCosine ? 1 : 0) < ($1.variable, $1.frequency, $1.isCosine ? 1 : 0)
                })
        }

        @inline(__always)
        func value(_ x: UnsafeBufferPointer<Double>) -> Double {
            var product = 1.0
            for power in powers { for _ in 0..<power.exponent { product *= x[power.variable] } }
            for wave in waves {
                let angle = wave.frequency * x[wave.variable]
                product *= wave.isCosine ? telos_cos64(angle) : telos_sin64(angle)
            }
            return product
        }
    }

    public let variableCount: Int
    public let terms: [Term]

    /// - Parameter terms: of variables 0 ..< `variables`; what is there twice is kept once.
    public init(_ terms: [Term], variables: Int) {
        let used = terms.flatMap { $0.powers.map(\.variable) + $0.waves.map(\.variable) }
        precondition(
            used.allSatisfy { (0..<variables).contains($0) }, "a library of \(variables) variables names another one")
        variableCount = variables
        var kept: [Term] = []
        for term in terms where !kept.contains(term) { kept.append(term) }
        self.terms = kept
    }

    /// Every monomial of some variables up to a degree, by degree: (n + degree)! / (n! degree!) of n variables with the
    /// constant.
    public static func polynomial(
        of some: [Int], degree: Int, variables: Int, constant: Bool = true
    ) -> FeatureLibrary {
        var ofDegree: [[Term]] = [[Term()]]
        for _ in 0..<max(0, degree) {
            let factors = some.map { Term(powers: [Power(variable: $0, exponent: 1)]) }
            ofDegree.append(
                FeatureLibrary(factors.flatMap { factor in ofDegree.last!.map { factor * $0 } }, variables: variables)
                    .terms)
        }
        return FeatureLibrary(Array((constant ? ofDegree : Array(ofDegree.dropFirst())).joined()), variables: variables)
    }

    /// sin(k x) and cos(k x) of some variables, k = 1 ... `frequencies`.
    public static func fourier(of some: [Int], frequencies: Int, variables: Int) -> FeatureLibrary {
        FeatureLibrary(
            some.flatMap { variable in
                (0..<frequencies).flatMap { index in
                    [false, true].map {
                        Term(waves: [Wave(variable: variable, frequency: Double(index + 1), isCosine: $0)])
                    }
                }
            }, variables: variables)
    }

    /// The terms of both.
    public static func + (left: FeatureLibrary, right: FeatureLibrary) -> FeatureLibrary {
        precondition(left.variableCount == right.variableCount, "libraries of different variables cannot be joined")
        return FeatureLibrary(left.terms + right.terms, variables: left.variableCount)
    }

    /// Every product of a term of one and a term of the other: with {1, u} and a library of the state, what is affine in
    /// the control u.
    public static func * (left: FeatureLibrary, right: FeatureLibrary) -> FeatureLibrary {
        precondition(left.variableCount == right.variableCount, "libraries of different variables cannot be multiplied")
        return FeatureLibrary(
            left.terms.flatMap { term in right.terms.map { term * $0 } }, variables: left.variableCount)
    }

    public var count: Int { terms.count }

    /// theta(x) of each row of `variableCount` numbers, rows of `count`.
    public func callAsFunction(_ rows: [Double]) -> [Double] {
        precondition(rows.count % max(1, variableCount) == 0, "rows of \(variableCount) variables")
        return rows.withUnsafeBufferPointer { rows in
            var features: [Double] = []
            features.reserveCapacity(rows.count / max(1, variableCount) * count)
            for start in stride(from: 0, to: rows.count, by: variableCount) {
                let row = UnsafeBufferPointer(rebasing: rows[start..<(start + variableCount)])
                for term in terms { features.append(term.value(row)) }
            }
            return features
        }
    }

    /// What the terms are called, such as `1`, `x^2 y` and `sin(2 x)`.
    public func names(_ variables: [String]) -> [String] {
        precondition(variables.count == variableCount, "\(variables.count) names of \(variableCount) variables")
        return terms.map { term in
            let powers = term.powers.filter { $0.exponent > 0 }.map {
                variables[$0.variable] + ($0.exponent == 1 ? "" : "^\($0.exponent)")
            }
            let waves = term.waves.map { wave in
                let isWhole = wave.frequency == wave.frequency.rounded()
                let frequency = isWhole ? "\(Int(wave.frequency))" : "\(wave.frequency)"
                let factor = wave.frequency == 1 ? "" : frequency + " "
                return (wave.isCosine ? "cos(" : "sin(") + factor + variables[wave.variable] + ")"
            }
            return powers.isEmpty && waves.isEmpty ? "1" : (powers + waves).joined(separator: " ")
        }
    }
}
