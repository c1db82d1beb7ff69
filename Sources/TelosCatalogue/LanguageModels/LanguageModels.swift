extension Catalogue {
    /// Policies of responses trained on comparisons directly.
    static let directAlignment: [CatalogueEntry] = [fDPO]
    /// Policies of responses trained on rewards, checked or learned.
    static let languageModels: [CatalogueEntry] = [disco]
}
