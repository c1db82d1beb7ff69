extension Catalogue {
    static let policyGradient: [CatalogueEntry] = [
        gae, ppoEWMA, dropoutPPO, trpo, mdpo, polyakPG, averageRewardDDPG, policyGradientGuide,
    ]
}
