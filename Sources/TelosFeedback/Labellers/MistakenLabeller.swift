/// Another rater whose answer is turned round now and then: with probability `errorRate`, first for second and second for
/// first. (B-Pref's mistakes; Lee and others, 2021.)
public struct MistakenLabeller<Base: Labeller>: Labeller {
    public var base: Base
    public var errorRate: Double

    /// - Precondition: the rate is from 0 to 1.
    public init(_ base: Base, errorRate: Double) {
        precondition((0...1).contains(errorRate), "an error rate is from 0 to 1")
        self.base = base
        self.errorRate = errorRate
    }

    public func probabilities(_ first: Base.Option, _ second: Base.Option) -> AnswerProbabilities {
        var chances = base.probabilities(first, second)
        let (right, wrong) = (chances.first, chances.second)
        chances.first = right + errorRate * (wrong - right)
        chances.second = wrong + errorRate * (right - wrong)
        return chances
    }
}

extension Labeller {
    /// This rater, making mistakes.
    public func mistaken(_ errorRate: Double) -> MistakenLabeller<Self> {
        MistakenLabeller(self, errorRate: errorRate)
    }
}

/// A member of a panel, drawn anew for each comparison, answers it. Members who are each consistent can make a panel that
/// prefers a to b, b to c and c to a (Condorcet, 1785): no scores explain it.
public struct PanelLabeller<Option: Sendable>: Labeller {
    /// At least one.
    public var members: [any Labeller<Option>]

    public init(_ members: [any Labeller<Option>]) {
        precondition(!members.isEmpty, "a panel needs a member")
        self.members = members
    }

    public func probabilities(_ first: Option, _ second: Option) -> AnswerProbabilities {
        var sum = AnswerProbabilities(first: 0, second: 0)
        for member in members {
            let chances = member.probabilities(first, second)
            sum.first += chances.first
            sum.second += chances.second
            sum.tie += chances.tie
            sum.skip += chances.skip
        }
        let share = 1 / Double(members.count)
        return AnswerProbabilities(
            first: sum.first * share, second: sum.second * share, tie: sum.tie * share, skip: sum.skip * share)
    }
}
