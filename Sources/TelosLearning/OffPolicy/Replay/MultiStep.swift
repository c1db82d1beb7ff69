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
        /// Which choices were possible, where an environment says so.
        var mask: [Float]?
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
    /// - masks: rows of which choices were possible before and after the step.
    /// - reward: what is paid in an environment.
    mutating func append(
        _ transitions: TransitionBatch, masks: (before: Buffer<Float>, after: Buffer<Float>)? = nil,
        to replay: ReplayBuffer, reward: (Int) -> Double
    ) {
        let maskWidth = (masks?.before.count ?? 0) / transitions.count
        let observationWidth = transitions.observations.count / transitions.count
        let actionWidth = transitions.actions.count / transitions.count
        for environment in 0..<transitions.count {
            let observation = transitions.observations.baseAddress! + environment * observationWidth
            let action = transitions.actions.baseAddress! + environment * actionWidth
            let next = transitions.nextObservations.baseAddress! + environment * observationWidth
            let end = transitions.ends[environment]
            let mask = masks.map { UnsafePointer($0.before.pointer + environment * maskWidth) }
            let nextMask = masks.map { UnsafePointer($0.after.pointer + environment * maskWidth) }
            let paid = reward(environment)
            if length == 1 {
                replay.append(
                    observation: observation, action: action, reward: Float(paid),
                    bootstrap: end == .terminated ? 0 : Float(discount), nextObservation: next, mask: mask,
                    nextMask: nextMask)
                continue
            }
            pending[environment].append(
                Pending(
                    observation: Array(UnsafeBufferPointer(start: observation, count: observationWidth)),
                    action: Array(UnsafeBufferPointer(start: action, count: actionWidth)),
                    mask: mask.map { Array(UnsafeBufferPointer(start: $0, count: maskWidth)) }))
            for index in pending[environment].indices {
                pending[environment][index].reward += pending[environment][index].factor * paid
                pending[environment][index].factor *= discount
                pending[environment][index].steps += 1
            }
            while let first = pending[environment].first, end != .ongoing || first.steps == length {
                replay.append(
                    observation: first.observation, action: first.action, reward: Float(first.reward),
                    bootstrap: end == .terminated ? 0 : Float(first.factor), nextObservation: next, mask: first.mask,
                    nextMask: nextMask)
                pending[environment].removeFirst()
            }
        }
    }
}
