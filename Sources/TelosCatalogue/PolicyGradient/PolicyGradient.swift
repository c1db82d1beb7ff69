extension Catalogue {
    static let policyGradient: [CatalogueEntry] = [
        averageRewardDDPG, dropoutPPO, gae, gradientSubspaces, hyperPPO, mdpo, policyGradientGuide, polyakPG, ppoEWMA,
        s2pg, trpo,
    ]
}
