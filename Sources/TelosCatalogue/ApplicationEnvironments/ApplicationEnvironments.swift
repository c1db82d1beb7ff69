extension Catalogue {
    static let applicationEnvironments: [CatalogueEntry] = [rlb, threeBodyStepping]
}
