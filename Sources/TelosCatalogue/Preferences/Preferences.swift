extension Catalogue {
    static let preferences: [CatalogueEntry] = [regretPreference, cpl, nashMD, spo, rewardEnsembles]
}
