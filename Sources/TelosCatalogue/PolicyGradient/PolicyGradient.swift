extension Catalogue {
    static let policyGradient: [CatalogueEntry] = [
        averageRewardDDPG, dropoutPPO, gae, mdpo, policyGradientGuide, polyakPG, ppoEWMA, s2pg, trpo, gradientSubspaces, hyperPPO,
    ]
}
