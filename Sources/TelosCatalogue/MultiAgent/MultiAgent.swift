extension Catalogue {
    static let multiAgent: [CatalogueEntry] = [policyMirrorAscent]
}
