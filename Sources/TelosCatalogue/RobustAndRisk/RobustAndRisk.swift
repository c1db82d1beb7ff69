extension Catalogue {
    static let robustAndRiskAware: [CatalogueEntry] = [iwocs]
}
