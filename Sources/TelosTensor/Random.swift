import CTelosKernels

/// Names a family of random numbers: a seed and what they are for.
///
/// Keys are derived, never consumed: `key.derived("environment", 3)` is the same key whoever asks and whenever, so a
/// stream belongs to an environment, a layer or a purpose and never depends on who drew first.
public struct RandomKey: Hashable, Sendable, Codable {
    public var bits: UInt64

    public init(seed: Int) { bits = RandomKey.mix(UInt64(bitPattern: Int64(seed)) &+ 0x9E37_79B9_7F4A_7C15) }

    private init(bits: UInt64) { self.bits = bits }

    /// The key for `purpose`, and for `index` within it.
    public func derived(_ purpose: String, _ index: Int = 0) -> RandomKey {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in purpose.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        let salted = RandomKey.mix(bits ^ hash)
        return RandomKey(bits: RandomKey.mix(salted &+ UInt64(bitPattern: Int64(index)) &* 0x9E37_79B9_7F4A_7C15))
    }

    public var stream: RandomStream { RandomStream(key: self) }

    /// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014): a bijection that spreads every bit.
    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// A stream of random numbers as a value: a key and how many blocks of it were used.
///
/// Counter-based (Philox 4x32-10; Salmon, Moraes, Dror and Shaw, *Parallel random numbers: as easy as 1, 2, 3*, 2011),
/// so the whole state is two words, saving and restoring it is exact, and bulk draws run in any order.
public struct RandomStream: RandomNumberGenerator, Sendable, Codable, Hashable {
    public var key: RandomKey
    public var counter: UInt64

    public init(key: RandomKey, counter: UInt64 = 0) {
        self.key = key
        self.counter = counter
    }

    @inlinable public mutating func next() -> UInt64 {
        defer { counter &+= 1 }
        return telos_philox(key.bits, counter)
    }

    /// Uniform in [0, 1), 53 bits.
    @inlinable public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Uniform in [low, high).
    @inlinable public mutating func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * uniform() }

    /// Standard normal, by Box and Muller's transform with repeatable functions.
    @inlinable public mutating func normal() -> Double {
        let radius = (-2 * telos_log64(1 - uniform())).squareRoot()
        return radius * telos_cos64(2 * Double.pi * uniform())
    }

    /// Uniform in 0 ..< bound, without bias (Lemire, 2019).
    @inlinable public mutating func index(below bound: Int) -> Int {
        precondition(bound > 0, "index(below:) needs a positive bound")
        return Int(next(upperBound: UInt64(bound)))
    }

    /// An index drawn in proportion to non-negative `weights` (which need not sum to one).
    @inlinable public mutating func index(weights: some Collection<Double>) -> Int {
        var target = uniform() * weights.reduce(0, +)
        var last = 0
        for (index, weight) in weights.enumerated() where weight > 0 {
            last = index
            target -= weight
            if target < 0 { return index }
        }
        return last
    }

    /// Fills with uniforms in (0, 1), open at both ends so that their logarithm is finite.
    public mutating func fillUniform(_ values: UnsafeMutableBufferPointer<Float>) {
        telos_fill_uniform(key.bits, counter, values.baseAddress, values.count)
        counter &+= UInt64((values.count + 3) / 4)
    }

    /// Fills with standard normals.
    public mutating func fillNormal(_ values: UnsafeMutableBufferPointer<Float>) {
        telos_fill_normal(key.bits, counter, values.baseAddress, values.count)
        counter &+= UInt64((values.count + 3) / 4)
    }
}
