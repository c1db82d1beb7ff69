extension Catalogue {
    static let imitation: [CatalogueEntry] = [rlif, lipschitzGAIL]
}
