import TelosNN
import TelosTensor

extension MLP {
    /// Units of each layer but the last.
    var hiddenSizes: [Int] { layers.dropLast().map { $0.bias.count } }
}

/// Throws for sizes no network has, which a damaged file may claim.
private func checkSizes(_ sizes: [Int]) throws {
    guard sizes.allSatisfy({ (1...1_000_000).contains($0) }) else {
        throw CheckpointError("its settings have a layer of \(sizes.filter { !(1...1_000_000).contains($0) }[0]) units")
    }
}

/// What a network policy's arrays do not say. Files of before there was a `design` have the sizes and activation of a
/// plain network.
private struct StoredActor: Codable {
    var encoding: ObservationEncoding
    var head: ActionHead
    var design: NetworkDesign?
    var hiddenSizes: [Int]?
    var activation: Activation?
    var rescalesActions: Bool?
    var isMasked: Bool?

    var network: NetworkDesign {
        if let design { return design }
        var plain = NetworkDesign()
        plain.hiddenSizes = hiddenSizes ?? plain.hiddenSizes
        plain.activation = activation ?? plain.activation
        return plain
    }
}

extension ActorPolicy: StorablePolicy {
    public static var kind: String { "actor" }

    public func stored() throws -> Checkpoint {
        let model = parameters.traced
        var checkpoint = Checkpoint()
        try checkpoint.store(
            StoredActor(
                encoding: model.encoding, head: model.head, design: model.design, rescalesActions: bounds.rescales,
                isMasked: isMasked), as: PolicyFile.settingsName)
        checkpoint.store(try Parameters(parameters.value.withoutCritic), as: "actor")
        if let normalizer { checkpoint.store(normalizer) }
        return checkpoint
    }

    public convenience init(stored: Checkpoint) throws {
        let settings: StoredActor = try stored.load(from: PolicyFile.settingsName)
        let design = settings.network
        try checkSizes([settings.encoding.features, settings.head.outputs] + design.hiddenSizes)
        let model = ActorCritic(
            encoding: settings.encoding, head: settings.head, valueHeads: 1, design: design, key: RandomKey(seed: 0)
        ).withoutCritic
        let parameters = try Parameters(model)
        try stored.load(parameters, from: "actor")
        try self.init(
            copying: parameters.value, normalizer: stored.normalizer(width: settings.encoding.width),
            bounds: ActionBounds(settings.head, rescales: settings.rescalesActions ?? false),
            isMasked: settings.isMasked ?? false)
    }
}

extension ActorCritic {
    /// The part that acts.
    fileprivate var withoutCritic: ActorCritic {
        var actor = self
        actor.value.layers = []
        actor.valueTrunk = nil
        return actor
    }
}

private struct StoredOffPolicyActor: Codable {
    var encoding: ObservationEncoding
    var head: ActorHead
    var architecture: NetworkArchitecture
    var hiddenSizes: [Int]
    var activation: Activation
    var isMasked: Bool?
}

extension OffPolicyActor: StorablePolicy {
    static var kind: String { "off-policy-actor" }

    func stored() throws -> Checkpoint {
        let model = parameters.traced
        var checkpoint = Checkpoint()
        try checkpoint.store(
            StoredOffPolicyActor(
                encoding: model.encoding, head: model.head, architecture: model.shape.architecture,
                hiddenSizes: model.shape.hiddenSizes, activation: model.shape.activation, isMasked: isMasked),
            as: PolicyFile.settingsName)
        checkpoint.store(parameters, as: "actor")
        if let normalizer { checkpoint.store(normalizer) }
        return checkpoint
    }

    convenience init(stored: Checkpoint) throws {
        let settings: StoredOffPolicyActor = try stored.load(from: PolicyFile.settingsName)
        try checkSizes([settings.encoding.features, settings.head.outputs] + settings.hiddenSizes)
        switch settings.head {
        case .gaussian(let scale), .deterministic(let scale, _):
            guard scale.low.count == scale.high.count else { throw CheckpointError("its bounds do not match") }
        case .categorical: break
        }
        let parameters = try Parameters(
            Actor(
                encoding: settings.encoding, head: settings.head,
                FeedForward.Shape(
                    architecture: settings.architecture, hiddenSizes: settings.hiddenSizes,
                    activation: settings.activation), key: RandomKey(seed: 0)))
        try stored.load(parameters, from: "actor")
        try self.init(
            copying: parameters.value, normalizer: stored.normalizer(width: settings.encoding.width),
            isMasked: settings.isMasked ?? false)
    }
}

private struct StoredValues: Codable {
    var shape: QNetwork.Shape
    var low: Float
    var high: Float
    var epsilon: Double
    var isMasked: Bool?
}

extension GreedyPolicy: StorablePolicy {
    static var kind: String { "greedy-values" }

    func stored() throws -> Checkpoint {
        var checkpoint = Checkpoint()
        try checkpoint.store(
            StoredValues(
                shape: parameters.traced.shape, low: support.lowerBound, high: support.upperBound, epsilon: epsilon,
                isMasked: isMasked), as: PolicyFile.settingsName)
        checkpoint.store(parameters, as: "values")
        if let normalizer { checkpoint.store(normalizer) }
        return checkpoint
    }

    convenience init(stored: Checkpoint) throws {
        let settings: StoredValues = try stored.load(from: PolicyFile.settingsName)
        let shape = settings.shape
        try checkSizes([shape.encoding.features, shape.actions, shape.width] + shape.hiddenSizes)
        guard settings.low <= settings.high else { throw CheckpointError("its support of values is empty") }
        let parameters = try Parameters(QNetwork(shape, key: RandomKey(seed: 0)))
        try stored.load(parameters, from: "values")
        try self.init(
            copying: parameters.value, support: settings.low...settings.high, epsilon: settings.epsilon,
            normalizer: stored.normalizer(width: shape.encoding.width), isMasked: settings.isMasked ?? false)
    }
}

private struct StoredTable: Codable {
    var actionCount: Int
    var epsilon: Double
    /// In full precision; the array beside it is the nearest float32, for other programs.
    var values: [Double]
}

extension TablePolicy: StorablePolicy {
    public static var kind: String { "table" }

    public func stored() throws -> Checkpoint {
        var checkpoint = Checkpoint()
        try checkpoint.store(
            StoredTable(actionCount: actionCount, epsilon: epsilon, values: values), as: PolicyFile.settingsName)
        checkpoint.arrays["values"] = .init(
            shape: [values.count / actionCount, actionCount], values: values.map { Float($0) })
        return checkpoint
    }

    public convenience init(stored: Checkpoint) throws {
        let settings: StoredTable = try stored.load(from: PolicyFile.settingsName)
        guard settings.actionCount > 0, !settings.values.isEmpty, settings.values.count % settings.actionCount == 0
        else { throw CheckpointError("its table has no whole rows") }
        self.init(values: settings.values, actionCount: settings.actionCount, epsilon: settings.epsilon)
    }
}
