extension Catalogue {
    static let explorationAndSkills: [CatalogueEntry] = [parameterNoise, mex, smerl]
}
