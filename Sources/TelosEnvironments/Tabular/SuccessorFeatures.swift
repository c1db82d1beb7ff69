import CTelosKernels

/// What several policies collect of each feature, so that the best of them for a reward that is linear in the features is
/// known without solving anything: V_w(s) = max over policies of psi(s) . w <= V*_w(s), generalised policy improvement.
///
/// psi_j(s) is the policy's value of the reward phi_j: psi = (I - discount P_pi)^-1 phi_pi. (Dayan, *Improving
/// generalization for temporal difference learning: the successor representation*, 1993; Barreto and others, *Successor
/// features for transfer in reinforcement learning*, 2017.)
public struct SuccessorFeatures: Sendable, Hashable {
    /// Features.
    public let width: Int
    public let stateCount: Int
    public let discount: Double
    /// phi_j(s,a) at `(s * actionCount + a) * width + j`.
    public let features: [Double]
    /// psi_j(s) of policy i at `values[i][s * width + j]`.
    public private(set) var values: [[Double]] = []
    private let mdp: TabularMDP
    /// psi_j(s) of policy i at `(s * values.count + i) * width + j`: `values` in the order of `improvement`.
    private var byState: [Double] = []

    /// - Parameters:
    ///   - features: phi_j(s,a) at `(s * actionCount + a) * width + j`; what terminal states have is ignored.
    ///   - policies: pi(a|s) at `s * actionCount + a`.
    /// - Throws: `TabularError` for arrays of the wrong size, or at discount 1 a policy that may never end.
    public init(
        _ mdp: TabularMDP, features: [Double], width: Int, policies: [[Double]] = [], discount: Double
    ) throws {
        guard width > 0, features.count == mdp.stateCount * mdp.actionCount * width else {
            throw TabularError(
                "\(features.count) features; \(mdp.stateCount) states, \(mdp.actionCount) actions and \(width) features "
                    + "each need \(mdp.stateCount * mdp.actionCount * width)")
        }
        self.mdp = mdp
        self.width = width
        self.features = features
        self.discount = discount
        stateCount = mdp.stateCount
        for policy in policies { values.append(try successorFeatures(of: policy)) }
        arrangeByState()
    }

    /// Adds a policy.
    public mutating func append(_ policy: [Double]) throws {
        values.append(try successorFeatures(of: policy))
        arrangeByState()
    }

    private mutating func arrangeByState() {
        byState = (0..<stateCount).flatMap { state in
            values.flatMap { $0[(state * width)..<((state + 1) * width)] }
        }
    }

    private func successorFeatures(of policy: [Double]) throws -> [Double] {
        let factorization = try mdp.factorization(policy: policy, discount: discount)
        var collected = [Double](repeating: 0, count: stateCount * width)
        for state in 0..<stateCount where !mdp.terminal[state] {
            for action in 0..<mdp.actionCount {
                let pair = state * mdp.actionCount + action
                for index in 0..<width {
                    collected[state * width + index] += policy[pair] * features[pair * width + index]
                }
            }
        }
        return try factorization.solve(collected, columns: width)
    }

    /// psi_j(s,a) = phi_j(s,a) + discount E[psi_j(s')] of policy i, at `(s * actionCount + a) * width + j`; 0 in terminal
    /// states.
    public func actionValues(ofPolicy policy: Int) -> [Double] {
        var result = [Double](repeating: 0, count: features.count)
        for state in 0..<stateCount where !mdp.terminal[state] {
            for action in 0..<mdp.actionCount {
                let row = (state * mdp.actionCount + action) * width
                for index in 0..<width { result[row + index] = features[row + index] }
                mdp.forEachSuccessor(of: state, action: action) { next, probability in
                    for index in 0..<width {
                        result[row + index] += discount * probability * values[policy][next * width + index]
                    }
                }
            }
        }
        return result
    }

    /// r(s,a) = phi(s,a) . w.
    public func reward(_ weights: [Double]) -> [Double] {
        stride(from: 0, to: features.count, by: width).map { row in
            (0..<width).reduce(0) { $0 + features[row + $1] * weights[$1] }
        }
    }

    /// A smooth maximum over the policies, V(s) = sum over i of p_i v_i with v_i = psi_i(s) . w and p = softmax(v / T), and
    /// its gradient with respect to w, sum over i of p_i (1 + (v_i - V) / T) psi_i(s).
    /// - Parameter temperature: T; lowering it is nearer to the maximum. 0 is the maximum, with the gradient of the first
    ///   policy that reaches it.
    /// - Returns: V(s) at s, dV(s)/dw_j at `s * width + j`. There is at least one policy.
    public func improvement(_ weights: [Double], temperature: Double) -> (values: [Double], gradients: [Double]) {
        precondition(!values.isEmpty && weights.count == width, "a policy, and a weight for each feature, are needed")
        var maxima = [Double](repeating: 0, count: stateCount)
        var gradients = [Double](repeating: 0, count: stateCount * width)
        let count = values.count
        var candidates = [Double](repeating: 0, count: count)
        for state in 0..<stateCount where !mdp.terminal[state] {
            let row = state * width
            var (largest, best) = (-Double.infinity, 0)
            byState.withUnsafeBufferPointer { psi in
                weights.withUnsafeBufferPointer { weights in
                    var next = state * count * width
                    for policy in 0..<count {
                        var value = 0.0
                        for index in 0..<width { value += psi[next + index] * weights[index] }
                        next += width
                        candidates[policy] = value
                        if value > largest { (largest, best) = (value, policy) }
                    }
                }
            }
            guard temperature > 0 else {
                maxima[state] = largest
                for index in 0..<width { gradients[row + index] = values[best][row + index] }
                continue
            }
            // What is further below has no share that a double can hold.
            let near = candidates.indices.filter { largest - candidates[$0] < 40 * temperature }
            let shares = near.map { telos_exp64((candidates[$0] - largest) / temperature) }
            let total = shares.reduce(0, +)
            var mean = 0.0
            for (policy, share) in zip(near, shares) { mean += share / total * candidates[policy] }
            maxima[state] = mean
            for (policy, share) in zip(near, shares) {
                let factor = share / total * (1 + (candidates[policy] - mean) / temperature)
                for index in 0..<width { gradients[row + index] += factor * values[policy][row + index] }
            }
        }
        return (maxima, gradients)
    }
}
