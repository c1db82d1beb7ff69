extension Catalogue {
    static let valueBased: [CatalogueEntry] = [iqn, pgRainbow, prunedNetworks, softMoE, simBa, stockDDP, flGFlowNet]
}
