/// Turns the operations of a graph on one row into statements of C.
///
/// A value has a place: an input, an array of constants, or a part of the scratch memory `s`, which later values take
/// over when nothing reads it any more. An element-wise operation that one other reads is done in the same loop.
struct CWriter {
    /// Where a value is read: element i of it is `base[offset + i]`, or a number.
    struct Operand {
        var base: String
        var offset = 0

        func element(_ index: String) -> String {
            if base.isEmpty { return index }
            if index == "0" { return "\(base)[\(offset)]" }
            return offset == 0 ? "\(base)[\(index)]" : "\(base)[\(offset) + \(index)]"
        }

        var pointer: String { offset == 0 ? base : "\(base) + \(offset)" }
    }

    let graph: ExportGraph
    var statements: [String] = []
    /// Definitions of constants.
    private(set) var arrays: [String] = []
    var functions: Set<String> = []
    private(set) var scratchCount = 0
    private(set) var readInputs: Set<String> = []
    var places: [Int: Operand] = [:]
    var numbers: [Int: Float] = [:]
    /// Values computed in the loop of the one that reads them.
    var inlined: Set<Int> = []
    /// Parts of the scratch memory that are free: start and count, ascending.
    private var free: [(start: Int, count: Int)] = []
    private var arrayNames: Set<String> = []

    init(graph: ExportGraph) { self.graph = graph }

    /// Writes everything; gives where the outputs are.
    mutating func run() throws -> [Operand] {
        chooseInlined()
        let lastRead = lastReads()
        let inputNames = Dictionary(graph.inputs.map { ($0.value, $0.name) }) { first, _ in first }
        var expiring: [Int: [Int]] = [:]
        for (value, last) in lastRead { expiring[last, default: []].append(value) }
        var held: [Int: (start: Int, count: Int)] = [:]
        for (index, value) in graph.values.enumerated() {
            switch value.source {
            case .input: places[index] = Operand(base: inputNames[index]!)
            case .constant(let values, let name): define(index, values, name)
            case .operation(let operation, let sources):
                if inlined.contains(index) { break }
                if let view = view(index) {
                    if let place = places[view.root] {
                        places[index] = Operand(base: place.base, offset: place.offset + view.offset)
                    }
                    break
                }
                // A broadcast is read where it stands by element-wise operations; others want it written out.
                if operation == .broadcast, lastRead[index] == nil { break }
                let part = take(value.count)
                held[index] = part
                places[index] = Operand(base: "s", offset: part.start)
                try write(operation, sources, index)
            }
            for value in (expiring[index] ?? []).sorted() { if let part = held[value] { give(part) } }
        }
        return graph.outputs.map { operand($0.value) }
    }

    // MARK: What is computed where

    /// What `index` is another form of without being moved: reshapes, and slices that are contiguous.
    private func view(_ index: Int) -> (root: Int, offset: Int)? {
        guard case .operation(let operation, let sources) = graph.values[index].source else { return nil }
        switch operation {
        case .reshape: return (sources[0], 0)
        case .slice(let axis, let start):
            let shape = graph.values[sources[0]].shape
            guard shape[..<axis].allSatisfy({ $0 == 1 }) else { return nil }
            return (sources[0], start * shape[(axis + 1)...].reduce(1, *))
        default: return nil
        }
    }

    func root(_ index: Int) -> Int {
        var index = index
        while let view = view(index) { index = view.root }
        return index
    }

    private func isElementwise(_ index: Int) -> Bool {
        if case .operation(.elementwise, _) = graph.values[index].source { true } else { false }
    }

    /// What an element-wise operation reads in place of `index`: the value that broadcasts repeat, through reshapes that
    /// leave every element where it is.
    func bare(_ index: Int) -> Int {
        guard case .operation(.broadcast, let sources) = graph.values[index].source else { return index }
        return bare(sources[0])
    }

    /// The values that `index` reads from memory.
    private func reads(_ index: Int) -> [Int] {
        guard case .operation(let operation, let sources) = graph.values[index].source else { return [] }
        if case .elementwise = operation { return sources.map(bare) }
        return operation == .broadcast ? [bare(index)] : sources
    }

    private mutating func chooseInlined() {
        var readers: [Int: Set<Int>] = [:]
        for index in graph.values.indices {
            for source in reads(index) { readers[root(source), default: []].insert(index) }
        }
        let outputs = Set(graph.outputs.map { root($0.value) })
        for index in graph.values.indices where isElementwise(index) && !outputs.contains(index) {
            guard let all = readers[index], all.count == 1, let reader = all.first, isElementwise(reader),
                graph.values[reader].count == graph.values[index].count
            else { continue }
            // Read as it is or through reshapes alone, whose elements have the same places.
            guard case .operation(_, let sources) = graph.values[reader].source,
                sources.allSatisfy({ root(bare($0)) != index || isSamePlaced($0, index) })
            else { continue }
            inlined.insert(index)
        }
    }

    private func isSamePlaced(_ index: Int, _ target: Int) -> Bool {
        var index = index
        while index != target {
            guard case .operation(.reshape, let sources) = graph.values[index].source else { return false }
            index = sources[0]
        }
        return true
    }

    /// The value in whose statements `index` is computed.
    private func leader(_ index: Int, _ readerOf: [Int: Int]) -> Int {
        var index = index
        while inlined.contains(index), let reader = readerOf[index] { index = reader }
        return index
    }

    /// The last value whose statements read each value from memory.
    private func lastReads() -> [Int: Int] {
        var readerOf: [Int: Int] = [:]
        for index in graph.values.indices {
            for source in reads(index) where inlined.contains(root(source)) { readerOf[root(source)] = index }
        }
        var last: [Int: Int] = [:]
        for index in graph.values.indices where view(index) == nil {
            // A broadcast that only element-wise operations read is never written out.
            if case .operation(.broadcast, _) = graph.values[index].source, !isWrittenOut(index) { continue }
            for source in reads(index) {
                let found = root(source)
                last[found] = max(last[found] ?? 0, leader(index, readerOf))
            }
        }
        for port in graph.outputs { last[root(port.value)] = graph.values.count }
        return last
    }

    /// Whether an operation that cannot repeat what it reads, a view, or an output wants a broadcast in memory.
    private func isWrittenOut(_ index: Int) -> Bool {
        graph.outputs.contains { root($0.value) == index }
            || graph.values.indices.contains { reader in
                guard case .operation(let operation, let sources) = graph.values[reader].source else { return false }
                if case .elementwise = operation {
                    return sources.contains { $0 != index && root(bare($0)) == index }
                }
                return operation != .broadcast && sources.contains { root($0) == index }
            }
    }

    // MARK: Memory

    private mutating func take(_ count: Int) -> (start: Int, count: Int) {
        if let slot = free.indices.filter({ free[$0].count >= count }).min(by: { free[$0].count < free[$1].count }) {
            let part = (free[slot].start, count)
            free[slot] = (free[slot].start + count, free[slot].count - count)
            if free[slot].count == 0 { free.remove(at: slot) }
            return part
        }
        scratchCount += count
        return (scratchCount - count, count)
    }

    private mutating func give(_ part: (start: Int, count: Int)) {
        free.append(part)
        free.sort { $0.start < $1.start }
        var joined: [(start: Int, count: Int)] = []
        for part in free {
            if let last = joined.last, last.start + last.count == part.start {
                joined[joined.count - 1].count += part.count
            } else {
                joined.append(part)
            }
        }
        free = joined
    }

    /// Constants: a number, or an array of the file.
    private mutating func define(_ index: Int, _ values: [Float], _ name: String?) {
        if values.count == 1 {
            numbers[index] = values[0]
            return
        }
        let wanted = String((name ?? "constant").map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
        var (chosen, number) = ("w_" + wanted, 1)
        while !arrayNames.insert(chosen).inserted {
            number += 1
            chosen = "w_\(wanted)_\(number)"
        }
        var lines = ["static const float \(chosen)[\(values.count)] = {"]
        for start in stride(from: 0, to: values.count, by: 8) {
            lines.append(
                "    " + values[start..<min(start + 8, values.count)].map { literal($0) + "," }.joined(separator: " "))
        }
        arrays += lines + ["};", ""]
        places[index] = Operand(base: chosen)
    }

    /// The shortest decimal that is read back as the same number.
    func literal(_ value: Float) -> String {
        if value.isNaN { return "NAN" }
        if value.isInfinite { return value < 0 ? "-INFINITY" : "INFINITY" }
        return "\(value)f"
    }

    // MARK: Reading

    mutating func operand(_ index: Int) -> Operand {
        let root = root(index)
        if let number = numbers[root] { return constant(root, number) }
        let place = places[index] ?? places[root]!
        if graph.values[root].source == .input { readInputs.insert(place.base) }
        return place
    }

    /// An operand that is an array even where it is one number.
    private mutating func constant(_ index: Int, _ number: Float) -> Operand {
        if let place = places[index] { return place }
        let name = "w_number_\(index)"
        arrays += ["static const float \(name)[1] = {\(literal(number))};", ""]
        places[index] = Operand(base: name)
        return places[index]!
    }

    /// The place in a source of what element i of a target of these extents reads, where the source's element has these
    /// strides (0 where it is repeated).
    func place(_ extents: [Int], _ strides: [Int], _ i: String = "i") -> String {
        // Axes of one extent say nothing; neighbours that advance together are one.
        var axes: [(extent: Int, stride: Int)] = []
        for (extent, stride) in zip(extents, strides) where extent != 1 {
            if let last = axes.last, last.stride == stride * extent {
                axes[axes.count - 1] = (last.extent * extent, stride)
            } else {
                axes.append((extent, stride))
            }
        }
        var (terms, inner): ([String], Int) = ([], 1)
        for (position, axis) in axes.enumerated().reversed() {
            if axis.stride != 0 {
                var term = inner == 1 ? i : "\(i) / \(inner)"
                if position > 0 { term = inner == 1 ? "\(term) % \(axis.extent)" : "(\(term)) % \(axis.extent)" }
                if axis.stride != 1 { term = "\(term.contains(" ") ? "(\(term))" : term) * \(axis.stride)" }
                terms.append(term)
            }
            inner *= axis.extent
        }
        return terms.isEmpty ? "0" : terms.reversed().joined(separator: " + ")
    }

    func strides(_ shape: [Int]) -> [Int] {
        var strides = Array(repeating: 1, count: shape.count)
        for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
        return strides
    }

    /// Element i of `target`'s shape, read from `index`, which may be a broadcast.
    mutating func element(_ index: Int, as target: [Int]) -> String {
        let source = bare(index)
        if let number = numbers[root(source)] { return literal(number) }
        let shape = graph.values[source].shape
        if graph.values[source].count == target.reduce(1, *) { return operand(source).element("i") }
        let repeated = zip(shape, strides(shape)).map { $0 == 1 ? 0 : $1 }
        return operand(source).element(place(target, repeated))
    }
}
