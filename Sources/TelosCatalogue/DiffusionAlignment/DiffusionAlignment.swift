extension Catalogue {
    static let diffusionAlignment: [CatalogueEntry] = [ddpo]
}
