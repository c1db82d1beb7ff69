extension Catalogue {
    static let offline: [CatalogueEntry] = [dualRL, ravl]
}
