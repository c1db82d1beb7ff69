extension Catalogue {
    static let rewardDesign: [CatalogueEntry] = [barfi, exprd, starc, correlatedProxies]
}
