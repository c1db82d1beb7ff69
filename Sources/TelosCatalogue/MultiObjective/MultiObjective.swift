extension Catalogue {
    static let multiObjectiveAndConstrained: [CatalogueEntry] = [cMORL, tsac]
}
