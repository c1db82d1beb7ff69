import TelosEnvironments
import TelosTensor

/// Gathers n-step transitions: R = sum over k < n of g^k r_k, and the factor g^n of the value of what n steps led to.
///
/// Episodes that end sooner give shorter ones: factor 0 where the state reached is terminal, g^k where time ran out.
struct MultiStep: Codable {
    private let length: Int
    private let discount: Double
    private var pending: [[Pending]]

    private struct Pending: Codable {
        var observation: [Float]
        var action: [Float]
        var reward = 0.0
        var factor = 1.0
        var steps = 0
    }

    init(length: Int, discount: Double, environments: Int) {
        self.length = length
        self.discount = discount
        pending = Array(repeating: [], count: environments)
    }

    /// Takes in one step of every environment and appends what is complete.
    /// - reward: what is paid in an environment.
    mutating func append(
        _ transitions: TransitionBatch, to replay: ReplayBuffer, reward: (Int) -> Double
    ) {
        let observationWidth = transitions.observations.count / transitions.count
        let actionWidth = transitions.actions.count / transitions.count
        for environment in 0..<transitions.count {
            let observation = transitions.observations.baseAddress! + environment * observationWidth
            let action = transitions.actions.baseAddress! + environment * actionWidth
            let next = transitions.nextObservations.baseAddress! + environment * observationWidth
            let end = transitions.ends[environment]
            let paid = reward(environment)
            if length == 1 {
                replay.append(
                    observation: observation, action: action, reward: Float(paid),
                    bootstrap: end == .terminated ? 0 : Float(discount), nextObservation: next)
                continue
            }
            pending[environment].append(
                Pending(
                    observation: Array(UnsafeBufferPointer(start: observation, count: observationWidth)),
                    action: Array(UnsafeBufferPointer(start: action, count: actionWidth))))
            for index in pending[environment].indices {
                pending[environment][index].reward += pending[environment][index].factor * paid
                pending[environment][index].factor *= discount
                pending[environment][index].steps += 1
            }
            while let first = pending[environment].first, end != .ongoing || first.steps == length {
                replay.append(
                    observation: first.observation, action: first.action, reward: Float(first.reward),
                    bootstrap: end == .terminated ? 0 : Float(first.factor), nextObservation: next)
                pending[environment].removeFirst()
            }
        }
    }
}
