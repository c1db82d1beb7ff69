import Foundation
import TelosTensor

/// A policy that can be kept by itself, without the learner that made it.
public protocol StorablePolicy: Policy {
    /// What a file calls policies of this type.
    static var kind: String { get }
    /// Everything acting needs and nothing else, the observation normaliser included.
    func stored() throws -> Checkpoint
    /// What it computes when it acts deterministically, for that many rows (`ActingGraph.swift`).
    func actingGraph(rows: Int) -> NamedComputation
    /// The policy that `stored` came from. Throws `CheckpointError` where it is another's.
    init(stored: Checkpoint) throws
}

/// A policy in a file: safetensors with the arrays acting needs, the policy's settings as JSON metadata, and whatever
/// texts belong with it (the experiment it was trained in).
///
/// Arrays are float32, layers as `W` [inputs, outputs] and `b` [outputs] with y = x W + b; `normalizer/mean` and
/// `normalizer/scale` say what becomes of an observation before it reaches the network: (x - mean) scale, clipped to
/// +-10, or x itself where the scale is 0. A policy read back acts bit by bit as the one written.
public struct PolicyFile: Sendable {
    public static let version = 1
    /// The kinds of policy that files hold.
    public static var kinds: [any StorablePolicy.Type] {
        [ActorPolicy.self, OffPolicyActor.self, GreedyPolicy.self, TablePolicy.self]
    }

    private static let kindName = "telos.policy"
    private static let versionName = "telos.policy.version"

    public var kind: String
    /// What belongs with the policy, by name.
    public var texts: [String: String]
    private var contents: Checkpoint

    /// - texts: what is to be kept with the policy; names beginning with `telos.policy` are the file's own.
    /// Throws `CheckpointError` for a policy that cannot be kept by itself.
    public init(_ policy: any Policy, texts: [String: String] = [:]) throws {
        guard let policy = policy as? any StorablePolicy else {
            throw CheckpointError("a policy of type \(type(of: policy)) cannot be kept by itself")
        }
        kind = type(of: policy).kind
        contents = try policy.stored()
        self.texts = texts
    }

    /// Reads `encoded()`'s form; throws `CheckpointError` for anything else.
    public init(decoding data: Data) throws {
        var contents = try Checkpoint(decoding: data)
        guard let kind = contents.texts.removeValue(forKey: Self.kindName) else {
            throw CheckpointError("it holds no policy; 'telos export' writes files that do")
        }
        if let version = contents.texts.removeValue(forKey: Self.versionName).flatMap({ Int($0) }),
            version > Self.version
        {
            throw CheckpointError(
                "its policy was written by a newer Telos (format \(version), this one reads \(Self.version))")
        }
        self.kind = kind
        texts = contents.texts.filter { $0.key != Self.settingsName }
        self.contents = contents
    }

    public func encoded() throws -> Data {
        var file = contents
        file.texts.merge(texts) { own, _ in own }
        file.texts[Self.kindName] = kind
        file.texts[Self.versionName] = String(Self.version)
        return try file.encoded()
    }

    /// The policy itself. Throws `CheckpointError` where the arrays do not make one.
    public func policy() throws -> any Policy {
        guard let type = Self.kinds.first(where: { $0.kind == kind }) else {
            throw CheckpointError(
                "there is no kind of policy '\(kind)'; there are \(Self.kinds.map { $0.kind }.joined(separator: ", "))")
        }
        return try type.init(stored: contents)
    }

    /// Where a policy's settings are kept among its texts.
    static let settingsName = "telos.policy.settings"
}

/// (x - mean) scale, clipped to +-10: an observation normaliser that nothing moves any more.
public struct FrozenNormalizer: Sendable, Hashable {
    /// A value a column. A column whose scale is 0 passes as it is.
    public var mean: [Float]
    public var scale: [Float]

    public init(mean: [Float], scale: [Float]) {
        precondition(mean.count == scale.count, "a normaliser needs a mean and a scale a column")
        self.mean = mean
        self.scale = scale
    }

    /// - rows: row-major, a multiple of the number of columns.
    public func apply(_ rows: UnsafeBufferPointer<Float>, into result: UnsafeMutableBufferPointer<Float>) {
        let width = mean.count
        for column in 0..<width {
            let (mean, scale) = (mean[column], scale[column])
            if scale == 0 {
                for index in stride(from: column, to: rows.count, by: width) { result[index] = rows[index] }
                continue
            }
            for index in stride(from: column, to: rows.count, by: width) {
                result[index] = min(10, max(-10, (rows[index] - mean) * scale))
            }
        }
    }
}

extension UnsafeMutableBufferPointer<Float> {
    /// Writes what a network reads of observations.
    func fill(_ observations: UnsafeBufferPointer<Float>, through normalizer: FrozenNormalizer?) {
        if let normalizer {
            normalizer.apply(observations, into: self)
        } else {
            _ = update(fromContentsOf: observations)
        }
    }

    /// Writes `values`, or `constant` throughout where there are none.
    func fill(_ values: UnsafeBufferPointer<Float>?, otherwise constant: Float) {
        if let values { _ = update(fromContentsOf: values) } else { update(repeating: constant) }
    }
}

extension Checkpoint {
    mutating func store(_ normalizer: FrozenNormalizer) {
        let shape = [normalizer.mean.count]
        arrays["normalizer/mean"] = Array(shape: shape, values: normalizer.mean)
        arrays["normalizer/scale"] = Array(shape: shape, values: normalizer.scale)
    }

    /// Nil where the policy has none.
    func normalizer(width: Int) throws -> FrozenNormalizer? {
        guard arrays["normalizer/mean"] != nil else { return nil }
        return FrozenNormalizer(
            mean: try array("normalizer/mean", count: width), scale: try array("normalizer/scale", count: width))
    }
}
