extension Catalogue {
    static let metaAndMultitask: [CatalogueEntry] = [alpGMM, maml]
}
