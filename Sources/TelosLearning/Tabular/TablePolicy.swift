import TelosEnvironments
import TelosTensor

/// Acts by a table of action values, frozen.
///
/// Deterministic: argmax over a of q(s,a), the lowest of equals. Otherwise epsilon-greedy, equals drawn at random, as
/// it was in training.
public final class TablePolicy: Policy {
    /// q(s,a) at `s * actionCount + a`, where s is the observation.
    public let values: [Double]
    public let actionCount: Int
    public let epsilon: Double
    let greedyActions: [Float]

    public init(values: [Double], actionCount: Int, epsilon: Double = 0) {
        self.values = values
        self.actionCount = actionCount
        self.epsilon = epsilon
        greedyActions = stride(from: 0, to: values.count, by: actionCount).map {
            Float(ActionValues.greedy(values, $0..<($0 + actionCount)))
        }
    }

    public func act(
        on input: PolicyInput, into actions: UnsafeMutableBufferPointer<Float>, deterministic: Bool,
        using random: inout RandomStream
    ) {
        for index in 0..<input.count {
            let state = Int(input.observations[index])
            if deterministic {
                actions[index] = greedyActions[state]
            } else {
                let row = (state * actionCount)..<((state + 1) * actionCount)
                actions[index] = Float(ActionValues.epsilonGreedy(values, row, epsilon: epsilon, &random))
            }
        }
    }
}
