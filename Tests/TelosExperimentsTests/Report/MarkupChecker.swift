import Foundation

/// What is wrong with the tags of a page, or nil: every element closed in order, attributes quoted, no bare `<` or `&`.
/// Content of `style` is skipped.
func markupProblem(_ page: String) -> String? {
    var open: [String] = []
    var rest = Substring(page)
    if rest.hasPrefix("<!DOCTYPE html>") { rest = rest.dropFirst(15) }
    while let start = rest.firstIndex(of: "<") {
        if let problem = entityProblem(rest[..<start]) { return problem }
        var end = rest.index(after: start)
        var quoted = false
        while end < rest.endIndex, quoted || rest[end] != ">" {
            if rest[end] == "\"" { quoted.toggle() }
            if rest[end] == "<" { return "a < inside <\(rest[start...].prefix(40))" }
            end = rest.index(after: end)
        }
        guard end < rest.endIndex else { return "an unclosed tag: \(rest[start...].prefix(40))" }
        let tag = rest[rest.index(after: start)..<end]
        rest = rest[rest.index(after: end)...]
        if let problem = entityProblem(tag) { return problem }
        if tag.hasPrefix("/") {
            guard open.popLast() == String(tag.dropFirst()) else { return "<\(tag)> closes nothing" }
            continue
        }
        let name = String(tag.prefix { $0.isLetter || $0.isNumber })
        guard !name.isEmpty else { return "a < that opens nothing before \(tag.prefix(40))" }
        if !tag.hasSuffix("/") { open.append(name) }
        if name == "style", let close = rest.range(of: "</style>") { rest = rest[close.lowerBound...] }
    }
    return entityProblem(rest) ?? (open.isEmpty ? nil : "left open: \(open)")
}

private func entityProblem(_ text: Substring) -> String? {
    let known = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"]
    for index in text.indices where text[index] == "&" {
        let tail = text[index...]
        guard known.contains(where: { tail.hasPrefix($0) }) else { return "a bare &: \(tail.prefix(20))" }
    }
    return nil
}
