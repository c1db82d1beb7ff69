extension Catalogue {
    static let bayesianOptimization: [CatalogueEntry] = [boTutorial]
}
