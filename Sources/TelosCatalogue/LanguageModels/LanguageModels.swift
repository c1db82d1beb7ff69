extension Catalogue {
    /// Policies of responses trained on comparisons directly.
    static let directAlignment: [CatalogueEntry] = [fDPO, rebel]
    /// Policies of responses trained on rewards, checked or learned.
    static let languageModels: [CatalogueEntry] = [disco, par]
}
