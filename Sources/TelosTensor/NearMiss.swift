/// The name in `candidates` that `name` was probably meant to be: the smallest edit distance (insert, delete, replace,
/// swap of neighbours, case ignored), if it is at most a third of the longer name, rounded up.
public func nearestName(to name: String, among candidates: some Sequence<String>) -> String? {
    let target = Array(name.lowercased())
    var best: (distance: Int, name: String)?
    for candidate in candidates {
        let other = Array(candidate.lowercased())
        let distance = editDistance(target, other)
        guard distance <= (max(target.count, other.count) + 2) / 3 else { continue }
        if best == nil || distance < best!.distance { best = (distance, candidate) }
    }
    return best?.name
}

private func editDistance(_ a: [Character], _ b: [Character]) -> Int {
    var older: [Int] = []
    var previous = Array(0...b.count)
    for i in 0..<a.count {
        var row = [i + 1]
        for j in 0..<b.count {
            var cost = min(previous[j] + (a[i] == b[j] ? 0 : 1), previous[j + 1] + 1, row[j] + 1)
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, older[j - 1] + 1) }
            row.append(cost)
        }
        older = previous
        previous = row
    }
    return previous[b.count]
}
