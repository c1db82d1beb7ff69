import CTelosKernels

/// Where a node was built: the return addresses of the calls that were open, which become source lines only when a
/// message is printed, and the line a named operation was given.
///
/// Operators such as `+` cannot take `#line`, so the addresses are what tells where they stand. Nothing here changes
/// after it is made, which is why it may cross threads.
struct Origin: @unchecked Sendable {
    static let frameLimit = 16
    private typealias Frames = (
        UInt, UInt, UInt, UInt, UInt, UInt, UInt, UInt, UInt, UInt, UInt, UInt, UInt, UInt, UInt, UInt
    )

    private var frames: Frames = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    private var frameCount: Int32 = 0
    /// The line that the caller of a named operation passed on.
    private var named: (file: StaticString, line: UInt)?
    /// For a node that differentiation made: the operation whose derivative it belongs to, whose lines these are.
    var derivative: Operation?
    /// What the container that holds it calls a variable.
    var name: String?

    /// The open calls.
    static func here(_ file: StaticString? = nil, _ line: UInt = 0) -> Origin {
        if let forward = differentiated { return forward }
        var origin = Origin()
        origin.named = file.map { ($0, line) }
        origin.frameCount = withUnsafeMutableBytes(of: &origin.frames) {
            telos_call_stack($0.assumingMemoryBound(to: UInt.self).baseAddress, Int32(frameLimit))
        }
        return origin
    }

    /// The operation being differentiated: what its gradient rule builds is reported under it.
    @TaskLocal private static var differentiated: Origin?

    /// Runs the gradient rule of `node`.
    static func differentiating<Result>(_ node: Node, _ rule: () -> Result) -> Result {
        var origin = node.origin
        if origin.derivative == nil { origin.derivative = node.operation }
        return $differentiated.withValue(origin, operation: rule)
    }

    var line: SourceLine? { named.map { SourceLine($0.file, $0.line) } }

    var addresses: [UInt] {
        withUnsafeBytes(of: frames) { Array($0.assumingMemoryBound(to: UInt.self).prefix(Int(frameCount))) }
    }

    /// The line outside the tensor library, and where that is a layer of TelosNN also the line that called it; nil
    /// where the program was built without line tables and the operation was not given a line.
    var location: String? { location(in: SourceLine.table(addresses)) }

    /// As above, given the lines of its addresses.
    func location(in table: [UInt: [SourceLine]]) -> String? {
        let lines = addresses.flatMap { table[$0] ?? [] }.filter { !$0.isInside("TelosTensor") }
        guard let first = lines.first else {
            guard let line, !line.isInside("TelosTensor") else { return nil }
            return "\(line)"
        }
        guard first.isInside("TelosNN"), let caller = lines.first(where: { !$0.isInside("TelosNN") }) else {
            return "\(first)"
        }
        return "\(first), from \(caller)"
    }
}

extension Origin: Hashable {
    static func == (a: Origin, b: Origin) -> Bool { a.addresses == b.addresses && a.derivative == b.derivative }

    func hash(into hasher: inout Hasher) { hasher.combine(addresses) }
}

extension Node {
    /// Where this was built, as text. Without line tables: near which of the operations it is made from, or in which
    /// function.
    var location: String? {
        if let location = origin.location { return location }
        if let near = nearestLine() { return "at or after \(near)" }
        return origin.addresses.lazy.compactMap(functionName(at:)).first { !$0.contains("TelosTensor") }
            .map { "in \($0)" }
    }

    /// The line of the latest named operation among the inputs, breadth first.
    private func nearestLine() -> String? {
        var queue = inputs
        var seen: Set<ObjectIdentifier> = []
        var next = 0
        while next < queue.count, next < 1000 {
            let node = queue[next]
            next += 1
            if let line = node.origin.line, !line.isInside("TelosTensor") { return "\(line)" }
            for input in node.inputs where seen.insert(ObjectIdentifier(input)).inserted { queue.append(input) }
        }
        return nil
    }

    /// "tanh", or "multiply in the derivative of tanh".
    var title: String {
        if let name = origin.name { return "\(operation.name) '\(name)'" }
        return origin.derivative.map { "\(operation.name) in the derivative of \($0.name)" } ?? operation.name
    }
}

private func functionName(at address: UInt) -> String? { telos_function_at(address).map { String(cString: $0) } }
