/// JSON whose fields keep their order, for what is printed. A number that is not finite prints as null.
public indirect enum OrderedJSON: Sendable, Hashable, CustomStringConvertible {
    case null
    case flag(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case list([OrderedJSON])
    case object([(name: String, value: OrderedJSON)])

    public static func optional(_ value: Double?) -> OrderedJSON { value.map(OrderedJSON.number) ?? .null }

    /// On one line.
    public var description: String {
        switch self {
        case .list(let values): "[" + values.map(\.description).joined(separator: ", ") + "]"
        case .object(let fields):
            "{" + fields.map { "\($0.name.quoted): \($0.value)" }.joined(separator: ", ") + "}"
        case .null: "null"
        case .flag(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value):
            !value.isFinite ? "null" : abs(value) < 1e15 && value == value.rounded() ? "\(Int(value))" : "\(value)"
        case .text(let value): value.quoted
        }
    }

    /// Over several lines: a field or element a line, but a list or object of plain values on one.
    public var indented: String { indented("") }

    private func indented(_ margin: String) -> String {
        let inner = margin + "  "
        switch self {
        case .list(let values) where values.contains(where: \.isNested):
            return "[\n" + values.map { inner + $0.indented(inner) }.joined(separator: ",\n") + "\n\(margin)]"
        case .object(let fields) where margin.isEmpty || fields.contains(where: { $0.value.isNested }):
            guard !fields.isEmpty else { return "{}" }
            return "{\n"
                + fields.map { "\(inner)\($0.name.quoted): \($0.value.indented(inner))" }.joined(separator: ",\n")
                + "\n\(margin)}"
        default: return description
        }
    }

    private var isNested: Bool {
        switch self {
        case .list, .object: true
        default: false
        }
    }

    public static func == (left: OrderedJSON, right: OrderedJSON) -> Bool { left.description == right.description }
    public func hash(into hasher: inout Hasher) { hasher.combine(description) }
}
