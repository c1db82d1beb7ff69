import TelosEnvironments

/// A reward that guides and does not change which policies are best: F(s, s') = discount * Phi(s') - Phi(s).
///
/// Phi(s') is 0 where the step led to a terminal state, whatever the potential says there, so that over an episode the
/// discounted sum of F is -Phi(s_0), a constant. Where time ran out it is kept: the episode was cut, not ended. `discount`
/// must be the learner's. The potential is an expression over the signals of one state; `previous.` and `action` are
/// errors in it.
///
/// Ng, Harada and Russell, *Policy invariance under reward transformations: theory and application to reward shaping*,
/// 1999.
public struct PotentialShaping: Reward, Hashable {
    public var potential: Expression
    public var discount: Double

    public init(potential: Expression, discount: Double) {
        self.potential = potential
        self.discount = discount
    }

    /// - Throws: `RewardError` when the discount is not within 0 ... 1, or the potential is not a function of one state
    ///   of the environment.
    public func bind(to specification: EnvironmentSpecification) throws -> any BoundReward {
        guard discount >= 0, discount <= 1 else {
            throw RewardError("the discount of a potential is \(discount); write the learner's, from 0 to 1")
        }
        let (after, before) = try potential.compiledState(for: specification, purpose: "a potential")
        return BoundPotential(after: after, before: before, discount: discount)
    }

    public var description: String {
        "shaping by \(potential) with discount \(Expression.spelling(of: discount))"
    }
}

struct BoundPotential: BoundReward {
    let after: ExpressionProgram
    let before: ExpressionProgram
    let discount: Double

    var termNames: [String] { ["shaping"] }

    func evaluate(
        _ transitions: TransitionBatch, memory: UnsafeMutableBufferPointer<Double>,
        rewards: UnsafeMutableBufferPointer<Double>, terms: UnsafeMutableBufferPointer<Double>
    ) {
        after.evaluate(transitions, into: rewards)
        before.forEachBlock(transitions) { start, potentials in
            for i in potentials.indices {
                let e = start + i
                let next = transitions.ends[e] == .terminated ? 0 : rewards[e]
                rewards[e] = discount * next - potentials[i]
                terms[e] = rewards[e]
            }
        }
    }
}
