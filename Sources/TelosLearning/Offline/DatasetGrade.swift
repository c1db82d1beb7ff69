import CTelosKernels
import TelosEnvironments
import TelosFeedback
import TelosTensor

/// How good the behaviour is that a dataset shows (Fu, Kumar, Nachum, Tucker and Levine, *D4RL: datasets for deep
/// data-driven reinforcement learning*, 2020).
public enum DatasetGrade: String, Sendable, Codable, CaseIterable {
    /// Uniform actions.
    case random
    /// Of a policy a third of the way from random behaviour to the best.
    case medium
    /// Of the best policy.
    case expert
    /// Of every policy on the way to the medium one, equally much of each: what its replay would hold.
    case replay
}

/// The policies that a learner went through, with what each earned: where datasets of every grade come from.
public struct GradedPolicies {
    /// A policy on the way, and its mean evaluation return.
    public struct Stage {
        public var policy: any Policy
        public var meanReturn: Double

        public init(policy: any Policy, meanReturn: Double) {
            (self.policy, self.meanReturn) = (policy, meanReturn)
        }
    }

    public let task: TaskDefinition
    /// In order; the first is random behaviour.
    public let stages: [Stage]

    /// - Precondition: there is a stage.
    public init(_ task: TaskDefinition, stages: [Stage]) {
        precondition(!stages.isEmpty, "graded policies need at least one stage")
        (self.task, self.stages) = (task, stages)
    }

    /// Trains `learner` for so many iterations and keeps its policy after each.
    /// - Parameter episodes: of each evaluation.
    public init(
        training learner: any Learner, on task: TaskDefinition, iterations: Int, episodes: Int = 10, key: RandomKey
    ) throws {
        func stage(_ policy: any Policy, deterministic: Bool) throws -> Stage {
            Stage(
                policy: policy,
                meanReturn: try evaluate(
                    policy, on: task, episodes: episodes, deterministic: deterministic, key: key.derived("evaluation")
                ).meanReturn)
        }
        let space = try task.makeEnvironments(count: 1, key: key).specification.action
        var stages = [try stage(try UniformPolicy(space), deterministic: false)]
        for _ in 0..<iterations {
            _ = try learner.iterate()
            stages.append(try stage(learner.policy(), deterministic: true))
        }
        self.init(task, stages: stages)
    }

    /// The stage that earned most, the first of equals.
    public var expert: Int { stages.indices.max { stages[$0].meanReturn < stages[$1].meanReturn }! }

    /// The first stage whose return is `share` of the way from the first stage's to the expert's.
    public func medium(share: Double = 1.0 / 3) -> Int {
        let (low, high) = (stages[0].meanReturn, stages[expert].meanReturn)
        return stages.firstIndex { $0.meanReturn >= low + share * (high - low) }!
    }

    /// Where 0 is random behaviour and 100 the expert's: D4RL's score.
    public func normalizedScore(_ meanReturn: Double) -> Double {
        let (low, high) = (stages[0].meanReturn, stages[expert].meanReturn)
        return high > low ? 100 * (meanReturn - low) / (high - low) : 0
    }

    /// A dataset of that grade, of drawn actions (for `expert` and `medium` too: without them, data would tell nothing
    /// about other actions).
    public func dataset(_ grade: DatasetGrade, count: Int, key: RandomKey) throws -> TransitionDataset {
        let places =
            switch grade {
            case .random: [0]
            case .medium: [medium()]
            case .expert: [expert]
            case .replay: Array(0...medium())
            }
        var dataset: TransitionDataset?
        for (index, place) in places.enumerated() {
            let share = count * (index + 1) / places.count - count * index / places.count
            guard share > 0 else { continue }
            let part = try TransitionDataset.collecting(
                stages[place].policy, on: task, count: share, source: "\(task.environment.name), \(grade.rawValue)",
                key: key.derived("stage", index))
            if dataset == nil { dataset = part } else { try dataset!.append(contentsOf: part) }
        }
        guard let dataset else { throw LearnerError("a dataset of \(count) steps; write 1 or more") }
        return dataset
    }
}

extension TabularMDP {
    /// A policy whose return is `share` of the way from uniform behaviour to the best: softmax of q* at a temperature found
    /// by bisection. 0 is uniform, 1 the best.
    /// - Parameters:
    ///   - reward: r(s,a) or R(s,a,s').
    ///   - discount: as in `policyIteration`.
    /// - Throws: `TabularError` for a share outside 0...1, and what solving throws.
    public func gradedPolicy(share: Double, reward: [Double], discount: Double) throws -> [Double] {
        guard (0...1).contains(share) else { throw TabularError("the share is \(share); write a number from 0 to 1") }
        let uniform = TabularPolicy.uniform(stateCount: stateCount, actionCount: actionCount)
        if share == 0 { return uniform }
        let best = try policyIteration(reward: reward, discount: discount)
        if share == 1 { return best.policy }
        let low = try expectedReturn(policy: uniform, reward: reward, discount: discount)
        let high = try expectedReturn(policy: best.policy, reward: reward, discount: discount)
        let scale = max(1e-9, (best.q.max() ?? 0) - (best.q.min() ?? 0))
        // Temperatures as powers of two of the values' range: from greedy to uniform.
        var (cold, hot) = (-20.0, 10.0)
        func policy(_ exponent: Double) -> [Double] {
            TabularPolicy.softmax(
                best.q, actionCount: actionCount, temperature: scale * telos_exp64(exponent * 0.693_147_180_559_945_3))
        }
        for _ in 0..<60 {
            let middle = 0.5 * (cold + hot)
            let value = try expectedReturn(policy: policy(middle), reward: reward, discount: discount)
            if value > low + share * (high - low) { cold = middle } else { hot = middle }
        }
        return policy(0.5 * (cold + hot))
    }
}
