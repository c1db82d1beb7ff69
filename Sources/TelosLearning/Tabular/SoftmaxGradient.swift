import TelosEnvironments

extension TabularPolicy {
    /// The gradient by the logits z of sum over s, a of w(s,a) log pi(a|s), pi the softmax of z:
    ///
    ///     w(s,a) - pi(a|s) sum over b of w(s,b)
    ///
    /// With w = mu(s) pi(a|s) A(s,a) it is the policy gradient.
    public static func softmaxGradient(of policy: [Double], weights: [Double], actionCount: Int) -> [Double] {
        var gradient = weights
        for row in stride(from: 0, to: policy.count, by: actionCount) {
            let actions = row..<(row + actionCount)
            let total = actions.reduce(0) { $0 + weights[$1] }
            for action in actions { gradient[action] -= policy[action] * total }
        }
        return gradient
    }
}
