/// Names of the terms of composed rewards.
enum TermNames {
    /// The names of a part's terms where the part is called `name`: the name itself for a single term, `name.term` for
    /// each of several; unchanged where the part has no name.
    static func named(_ name: String?, _ terms: [String]) -> [String] {
        guard let name else { return terms }
        return terms.count == 1 ? [name] : terms.map { "\(name).\($0)" }
    }

    /// The names with a number after every repeated one: `speed`, `speed 2`.
    static func distinct(_ names: [String]) -> [String] {
        var seen: Set<String> = []
        return names.map { name in
            var candidate = name
            var number = 2
            while !seen.insert(candidate).inserted {
                candidate = "\(name) \(number)"
                number += 1
            }
            return candidate
        }
    }

    /// A text short enough for a column of a table.
    static func shortened(_ text: String) -> String {
        text.count <= 48 ? text : text.prefix(47) + "…"
    }
}
