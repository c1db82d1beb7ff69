extension ExperimentReader {
    /// Reads the `search` section: nil where there is none, or where something in it is wrong.
    mutating func readSearch(_ node: DocumentNode?) -> SearchPlan? {
        guard let node, !node.isNull else { return nil }
        let example = "{method: random, trials: 30, space: {learner.learningRate: {log-uniform: [1e-4, 1e-2]}}}"
        guard let pairs = map(node, named: "search", example: example) else { return nil }
        checkKeys(
            pairs, known: ["method", "trials", "seeds", "seed", "reduction", "batch", "space"], of: "search")
        let fields = Fields(pairs)
        guard let spaceNode = fields["space"] else {
            report("search needs a 'space', as in search: \(example)", at: node.place)
            return nil
        }
        guard let dimensions = map(spaceNode, named: "space", example: "{learner.learningRate: {uniform: [0, 1]}}")
        else { return nil }
        if dimensions.isEmpty { report("space is empty; name a key of the experiment in it", at: spaceNode.place) }
        var plan = SearchPlan(space: SearchSpace([]))
        for dimension in dimensions where !dimension.isRepetition {
            guard let values = readValues(dimension) else { continue }
            plan.space.dimensions.append(SearchSpace.Dimension(dimension.key, values))
        }
        if let node = fields["method"], let name = text(node, named: "method") {
            let names = SearchPlan.Method.allCases.map(\.rawValue)
            if let method = SearchPlan.Method(rawValue: name) {
                plan.method = method
            } else {
                let nearest = suggestion(name, among: names)
                report(
                    "there is no way to search called '\(name.abridged)'"
                        + (nearest.isEmpty ? "; there are \(names.joined(separator: ", "))" : nearest), at: node.place)
            }
        }
        func whole(_ name: String, _ range: ClosedRange<Int>, _ reader: inout ExperimentReader) -> Int? {
            fields[name].flatMap { reader.integer($0, named: name, in: range) }
        }
        plan.trials = whole("trials", 1...10_000, &self) ?? plan.trials
        plan.seed = whole("seed", 0...Int(Int32.max), &self) ?? plan.seed
        plan.reduction = whole("reduction", 2...100, &self) ?? plan.reduction
        plan.batch = whole("batch", 1...1000, &self) ?? plan.batch
        if let node = fields["seeds"] { plan.seeds = readSeeds(node) ?? plan.seeds }
        return plan
    }

    private mutating func readValues(_ dimension: DocumentNode.Pair) -> SearchSpace.Values? {
        let kinds = ["uniform", "log-uniform", "integer", "choice"]
        guard let pairs = map(dimension.value, named: dimension.key, example: "{uniform: [0, 1]}") else { return nil }
        guard pairs.count == 1, let pair = pairs.first, kinds.contains(pair.key) else {
            if let stray = pairs.first(where: { !kinds.contains($0.key) }) {
                checkKeys([stray], known: kinds, of: dimension.key)
            } else {
                report("\(dimension.key) is one of \(kinds.joined(separator: ", "))", at: dimension.value.place)
            }
            return nil
        }
        guard case .list(let items) = pair.value.content else {
            report("\(pair.key) must be a list, as in [0, 1], not \(pair.value.kind)", at: pair.value.place)
            return nil
        }
        if pair.key == "choice" {
            guard !items.isEmpty else {
                report("choice is empty; write the values to choose from", at: pair.value.place)
                return nil
            }
            return .choice(items.map { $0.string ?? any($0).json })
        }
        guard items.count == 2 else {
            report("\(pair.key) must be the lowest and the highest value, as in [0, 1]", at: pair.value.place)
            return nil
        }
        if pair.key == "integer" {
            let range = -1_000_000_000_000...1_000_000_000_000
            guard let low = integer(items[0], named: "the lowest value", in: range),
                let high = integer(items[1], named: "the highest value", in: range)
            else { return nil }
            guard low <= high else {
                report("the lowest value \(low) is above the highest, \(high)", at: items[0].place)
                return nil
            }
            return .integer(low...high)
        }
        guard let low = number(items[0], named: "the lowest value"),
            let high = number(items[1], named: "the highest value")
        else { return nil }
        guard low < high else {
            report("the lowest value must be below the highest", at: items[0].place)
            return nil
        }
        guard pair.key == "log-uniform" else { return .uniform(low...high) }
        guard low > 0 else {
            report("log-uniform needs bounds above 0", at: items[0].place)
            return nil
        }
        return .logUniform(low...high)
    }
}
