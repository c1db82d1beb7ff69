import TelosTensor

/// Maximize to explore (MEX) with a table: of all action values, acts by those whose own promise less their misfit to the
/// data is largest.
///
/// f = argmax of V_f(x_1) - eta sum over h of L_h(f), where
/// L_h(f) = sum over i of (Q_h(s_i,a_i) - r_i - V_(h+1)(s'_i))^2 - min over g of the same with g for Q_h. In a table the
/// inner minimum is the empirical mean, so L_h = sum over (s,a) of N_h(s,a) d_h(s,a)^2 with the free bonus
/// d = Q - (r + P V). For a policy with occupancy q from x_1 the objective V + sum q d - eta sum N d^2 is largest at
/// d = q / (2 eta N); what was never tried costs nothing and takes the cap. Policies and bonuses are improved in turn
/// and the best pair met is used.
///
/// (Liu, Lu, Xiong, Zhong, Hu, Zhang, Zheng, Yang and Wang, *Maximize to explore: one objective function fusing
/// estimation, planning, and exploration*, 2023; the form for tables follows from its objective.)
public struct MaximizeToExplore: Sendable, Hashable {
    /// eta, above 0: the weight of the misfit. Raising it trusts the data sooner: less is explored, and luck may lock in.
    public var misfitWeight: Double
    /// The most that an episode can pay, which is what the untried promises.
    public var cap: Double
    /// How often policy and bonus are improved in turn from either beginning; 0 plans without a bonus, which is greedy.
    public var rounds: Int

    public init(misfitWeight: Double, cap: Double, rounds: Int = 3) {
        self.misfitWeight = misfitWeight
        self.cap = cap
        self.rounds = rounds
    }

    /// What to do in the next episode, which begins in `start`.
    public func plan(_ model: EpisodicModel, from start: Int, using random: inout RandomStream) -> EpisodicPlan {
        let transitions = model.transitions
        func bonuses(_ weight: (Int) -> Double) -> [Double] {
            (0..<model.entryCount).map { entry in
                let visits = model.visits[entry]
                return visits == 0 ? cap : weight(entry) / (2 * misfitWeight * Double(visits))
            }
        }
        guard rounds > 0 else {
            let none = [Double](repeating: 0, count: model.entryCount)
            return model.plan(transitions: transitions, bonus: none, cap: cap, using: &random)
        }
        var best: (plan: EpisodicPlan, objective: Double)?
        // A policy that starts with a bonus keeps it, so that both beginnings are tried: a bonus for all, and for none.
        for first in [1.0, 0] {
            var bonus = bonuses { _ in first }
            for _ in 0..<rounds {
                let plan = model.plan(transitions: transitions, bonus: bonus, cap: cap, using: &random)
                let occupancy = model.occupancy(of: plan, from: start)
                var misfit = 0.0
                for entry in 0..<model.entryCount where occupancy[entry] > 0 {
                    misfit += Double(model.visits[entry]) * bonus[entry] * bonus[entry]
                }
                let objective = plan.values[start] - misfitWeight * misfit
                if best == nil || objective > best!.objective { best = (plan, objective) }
                bonus = bonuses { occupancy[$0] }
            }
        }
        return best!.plan
    }
}
