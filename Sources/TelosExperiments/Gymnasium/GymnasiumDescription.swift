import TelosEnvironments

/// What an environment of Gymnasium is, as the worker found it.
struct GymnasiumDescription: Sendable {
    /// Observations wider than this have no signals of their own.
    static let namedObservations = 64

    var specification: EnvironmentSpecification
    /// Where the numbers of `info` are that are signals.
    var info: [[String]]
    /// Whether `info` tells which actions are possible.
    var isMasked: Bool
    /// Signals that the worker writes: the reward, the numbers of `info`, the mask. Those of the observation follow.
    var workerSignals: Int
    /// Whether the observation's numbers are signals too.
    var namesObservation: Bool

    init(_ answer: [String: JSONValue], name: String, identifier: String, version: String) throws {
        guard let observation = answer["observation"].flatMap(Space.init(worker:)),
            let action = answer["action"].flatMap(Space.init(worker:))
        else { throw GymnasiumError("\(name): its spaces cannot be read") }
        info = answer["info"]?.list?.compactMap { $0.list?.compactMap(\.text) } ?? []
        isMasked = answer["masked"] == .flag(true)
        let atStart = answer["start"]?.list?.compactMap { $0.list?.compactMap(\.text) } ?? []
        var names = GymnasiumDescription.Names()
        var signals = [
            Signal(
                names.add("reward"), -Double.infinity...Double.infinity,
                "What Gymnasium's environment itself pays for a step; 0 before the first.")
        ]
        for path in info {
            signals.append(
                Signal(
                    names.add(path.joined(separator: "_")), -Double.infinity...Double.infinity,
                    "info" + path.map { "[\($0.quoted)]" }.joined() + " of the step"
                        + (atStart.contains(path) ? "." : "; 0 before the first.")))
        }
        var mask: [String] = []
        if isMasked, case .discrete(let count) = action {
            for choice in 0..<count {
                mask.append(names.add("possible_\(choice)"))
                signals.append(
                    Signal(mask[choice], 0...1, "1 where action \(choice) is possible: info[\"action_mask\"]."))
            }
        }
        workerSignals = signals.count
        namesObservation = observation.width <= GymnasiumDescription.namedObservations
        if namesObservation {
            for element in observation.elements(named: "observation") {
                signals.append(Signal(names.add(element.name), element.range, "Observed: \(element.what)."))
            }
        }
        specification = EnvironmentSpecification(
            name: name,
            summary: "\(identifier) of Gymnasium, stepped in Python; an action outside its box is moved to its edge.",
            observation: observation, action: action, signals: signals, maskSignals: mask, stateNames: ["seed"],
            reference: "\(identifier) of Gymnasium \(version), without its time limit; a state is the seed of the "
                + "episode's reset, then the actions since")
    }

    /// Names that an expression can use, each given once.
    private struct Names {
        private var taken: Set<String> = []

        mutating func add(_ text: String) -> String {
            var name = String(
                text.unicodeScalars.map {
                    $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0)) ? Character($0) : "_"
                })
            if name.first.map({ !$0.isLetter }) ?? true { name = "info_" + name }
            var candidate = name
            var number = 2
            while !taken.insert(candidate).inserted {
                candidate = "\(name)_\(number)"
                number += 1
            }
            return candidate
        }
    }
}

/// One number of a space's flat encoding.
struct SpaceElement {
    var name: String
    var what: String
    var range: ClosedRange<Double>
}

extension Space {
    /// A space in the form the worker tells it; nil where it is none.
    init?(worker value: JSONValue) {
        guard let fields = value.object, let kind = fields["kind"]?.text else { return nil }
        func whole(_ name: String) -> Int? { fields[name]?.number.flatMap { Int(exactly: $0) } }
        func wholes(_ name: String) -> [Int]? {
            fields[name]?.list?.compactMap { $0.number.flatMap { Int(exactly: $0) } }
        }
        func bounds(_ name: String, none: Float) -> [Float]? {
            fields[name]?.list?.map { $0.number.map { Float($0) } ?? none }
        }
        switch kind {
        case "box":
            guard let shape = wholes("shape"), let low = bounds("low", none: -.infinity),
                let high = bounds("high", none: .infinity), low.count == shape.reduce(1, *), high.count == low.count
            else { return nil }
            self = .box(low: low, high: high, shape: shape)
        case "discrete":
            guard let count = whole("count") else { return nil }
            self = .discrete(count)
        case "multi-discrete":
            guard let counts = wholes("counts") else { return nil }
            self = .multiDiscrete(counts)
        case "binary":
            guard let count = whole("count") else { return nil }
            self = .binary(count)
        case "tokens":
            guard let vocabulary = whole("vocabulary"), let length = whole("length") else { return nil }
            self = .tokens(vocabulary: vocabulary, length: length)
        case "tuple":
            guard let parts = fields["spaces"]?.list else { return nil }
            let spaces = parts.compactMap(Space.init(worker:))
            guard spaces.count == parts.count else { return nil }
            self = .tuple(spaces)
        case "dictionary":
            guard let parts = fields["spaces"]?.object else { return nil }
            let spaces = parts.compactMapValues(Space.init(worker:))
            guard spaces.count == parts.count else { return nil }
            self = .dictionary(spaces)
        default: return nil
        }
    }

    /// Every number of the flat encoding, in order: a name, what it is, and its range.
    func elements(named name: String, isWhole: Bool = true) -> [SpaceElement] {
        func numbered(_ ranges: [ClosedRange<Double>]) -> [SpaceElement] {
            if ranges.count == 1 { return [SpaceElement(name: name, what: name, range: ranges[0])] }
            return ranges.enumerated().map {
                SpaceElement(name: "\(name)_\($0)", what: "element \($0) of \(name)", range: $1)
            }
        }
        switch self {
        case .box(let low, let high, _):
            return numbered(
                zip(low, high).map { $0 <= $1 ? Double($0)...Double($1) : -Double.infinity...Double.infinity })
        case .discrete(let count): return numbered([0...Double(max(0, count - 1))])
        case .multiDiscrete(let counts): return numbered(counts.map { 0...Double(max(0, $0 - 1)) })
        case .binary(let count): return numbered(Array(repeating: 0...1, count: count))
        case .tokens(let vocabulary, let length):
            return numbered(Array(repeating: -1...Double(max(0, vocabulary - 1)), count: length))
        case .tuple(let spaces):
            return spaces.enumerated().flatMap { $1.elements(named: "\(name)_\($0)", isWhole: false) }
        case .dictionary(let spaces):
            return spaces.keys.sorted().flatMap {
                spaces[$0]!.elements(named: isWhole ? $0 : "\(name)_\($0)", isWhole: false)
            }
        }
    }
}

extension JSONValue {
    var list: [JSONValue]? { if case .list(let values) = self { values } else { nil } }
    var number: Double? { if case .number(let value) = self { value } else { nil } }
    var text: String? { if case .text(let value) = self { value } else { nil } }
}
