extension Catalogue {
    static let offPolicyEvaluation: [CatalogueEntry] = [starOPE]
}
