extension Catalogue {
    static let modelBased: [CatalogueEntry] = [sindyRL, morec]
}
