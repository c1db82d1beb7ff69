/// Responses of a fixed number of tokens, few enough to be listed: what a policy over them prefers, expects and is far
/// from can then be computed exactly.
///
/// Response r holds the digits of r to the base `vocabulary`, the first token the most significant; a prefix of t tokens
/// is a number below vocabulary^t in the same way, and responses with one prefix are neighbours.
public struct TokenWorld: Sendable, Hashable, Codable {
    public let vocabulary: Int
    public let length: Int
    /// vocabulary^length.
    public let responseCount: Int

    /// - Throws: `SizeError` where there would be no responses, or more than a million.
    public init(vocabulary: Int, length: Int) throws {
        var count = 1
        for _ in 0..<max(0, length) where count <= Self.limit { count *= max(0, min(vocabulary, Self.limit)) }
        guard vocabulary > 0, length > 0, count <= Self.limit else {
            throw SizeError(
                description: "\(vocabulary) tokens in \(length) places cannot be listed; write positive numbers of "
                    + "which the power is at most \(Self.limit)")
        }
        (self.vocabulary, self.length, responseCount) = (vocabulary, length, count)
    }

    /// Why responses cannot be listed.
    public struct SizeError: Error, Hashable, CustomStringConvertible { public let description: String }

    private static let limit = 1_000_000

    /// The tokens of a response in 0 ..< `responseCount`.
    public func tokens(of response: Int) -> [Int] {
        var (rest, tokens) = (response, [Int](repeating: 0, count: length))
        for place in stride(from: length - 1, through: 0, by: -1) {
            tokens[place] = rest % vocabulary
            rest /= vocabulary
        }
        return tokens
    }

    /// The response, or prefix, of these tokens in 0 ..< `vocabulary`.
    public func response(of tokens: some Sequence<Int>) -> Int { tokens.reduce(0) { $0 * vocabulary + $1 } }

    /// The tokens of all responses, one after another, for a program: [responseCount, length].
    public var allTokens: [Float] { (0..<responseCount).flatMap { tokens(of: $0).map(Float.init) } }

    /// log pi(y) = sum over t of log pi(y_t | y_<t) of all responses.
    /// - conditional: log pi(v | prefix) of all tokens v, given the place and the prefix.
    public func logProbabilities(_ conditional: (_ place: Int, _ prefix: Int) -> [Double]) -> [Double] {
        (0..<length).reduce([0.0]) { sums, place in
            sums.indices.flatMap { prefix in conditional(place, prefix).map { sums[prefix] + $0 } }
        }
    }

    /// pi(v | prefix) of all tokens, from probabilities of all responses; even shares after a prefix that never occurs.
    public func conditional(_ probabilities: [Double], place: Int, prefix: Int) -> [Double] {
        var width = 1
        for _ in (place + 1)..<max(place + 1, length) { width *= vocabulary }
        let first = prefix * vocabulary * width
        let shares = (0..<vocabulary).map { token in
            probabilities[(first + token * width)..<(first + (token + 1) * width)].reduce(0, +)
        }
        let total = shares.reduce(0, +)
        return shares.map { total > 0 ? $0 / total : 1 / Double(vocabulary) }
    }
}
