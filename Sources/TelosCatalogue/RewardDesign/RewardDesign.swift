extension Catalogue {
    static let rewardDesign: [CatalogueEntry] = [exprd, starc]
}
