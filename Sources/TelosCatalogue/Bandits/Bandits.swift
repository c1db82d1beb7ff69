import TelosEnvironments
import TelosLearning
import TelosTensor

extension Catalogue {
    static let bandits: [CatalogueEntry] = [dynLinUCB, tallyingBandits]
}

/// A policy under the name its literature gives it.
struct NamedBanditPolicy: Sendable {
    var name: String
    var role: ClaimRole
    var policy: any BanditPolicy

    init(_ name: String, _ role: ClaimRole, _ policy: any BanditPolicy) {
        self.name = name
        self.role = role
        self.policy = policy
    }
}

/// A run of each policy, in quarters, all with the same luck as far as that is possible.
func runs(of bandit: some Bandit, by policies: [NamedBanditPolicy], rounds: Int, key: RandomKey) -> [BanditRun] {
    policies.map {
        var policy = $0.policy
        return play(bandit, by: &policy, rounds: rounds, key: key)
    }
}
