extension Catalogue {
    /// Policies of responses trained on comparisons directly.
    static let directAlignment: [CatalogueEntry] = [fDPO]
}
