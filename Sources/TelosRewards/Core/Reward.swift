import TelosEnvironments

/// What a transition is worth: a number, and the named terms it is made of.
///
/// A reward is a value. Binding it to an environment checks every name it uses and gives something that evaluates whole
/// batches. `description` prints it as it would be written in an experiment file.
public protocol Reward: Sendable, CustomStringConvertible {
    /// Throws `RewardError` when the environment has no such signal, or the reward makes no sense there.
    func bind(to specification: EnvironmentSpecification) throws -> any BoundReward
}

/// A reward that knows its environment's columns.
public protocol BoundReward: Sendable {
    /// What is logged separately. A plain reward has one term: itself.
    var termNames: [String] { get }
    /// Doubles of explicit memory an environment needs (a reward machine's state); 0 for a stateless reward.
    var memoryWidth: Int { get }
    /// Writes the memory of a new episode. The caller calls it at every reset, also after an episode's end.
    func reset(memory: UnsafeMutableBufferPointer<Double>)
    /// Rewards and terms of a batch, advancing each environment's memory (row e of `memory`).
    /// - rewards: `count` values. terms: term k of environment e at `k * count + e`.
    func evaluate(
        _ transitions: TransitionBatch, memory: UnsafeMutableBufferPointer<Double>,
        rewards: UnsafeMutableBufferPointer<Double>, terms: UnsafeMutableBufferPointer<Double>)
}

extension BoundReward {
    public var memoryWidth: Int { 0 }
    public func reset(memory: UnsafeMutableBufferPointer<Double>) {}
}

/// What is wrong with a reward: a message that says where, and what to write instead.
public struct RewardError: Error, CustomStringConvertible, Equatable {
    public var message: String
    /// 1-based column in the text of the expression it was found in; nil when it concerns no single place.
    public var column: Int?
    /// 1-based line, in a text of several lines (a reward machine).
    public var line: Int?

    public init(_ message: String, column: Int? = nil, line: Int? = nil) {
        self.message = message
        self.column = column
        self.line = line
    }

    public var description: String {
        let place = [line.map { "line \($0)" }, column.map { "column \($0)" }].compactMap(\.self)
        return place.isEmpty ? message : "\(place.joined(separator: ", ")): \(message)"
    }
}
