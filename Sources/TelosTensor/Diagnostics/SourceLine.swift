#if canImport(Glibc) && canImport(Runtime) && compiler(>=6.3) && compiler(<6.4)
    // Glibc is what a statically linked Runtime needs beside itself.
    import Glibc
    @_spi(Internal) @_spi(MemoryReaders) import Runtime
#endif

/// A line of a source file, written `Module/File.swift:line` as `#fileID` writes it.
struct SourceLine: Sendable, Hashable, CustomStringConvertible {
    /// `Module/File.swift`
    var file: String
    var line: UInt

    init(_ file: StaticString, _ line: UInt) {
        self.file = "\(file)"
        self.line = line
    }

    var description: String { "\(file):\(line)" }

    func isInside(_ module: String) -> Bool { file.hasPrefix(module + "/") }
}

extension SourceLine {
    #if canImport(Glibc) && canImport(Runtime) && compiler(>=6.3) && compiler(<6.4)
        /// Whether return addresses become source lines here. Some of what is used below is not yet public, hence the
        /// bounds on the compiler; elsewhere messages name the nearest operation that was given its line.
        static let isPrecise = true

        /// The source lines of each return address, innermost first, inlined calls included; from the line tables that
        /// SwiftPM puts into debug and release builds alike. Takes milliseconds.
        static func table(_ addresses: some Sequence<UInt>) -> [UInt: [SourceLine]] {
            #if arch(x86_64)
                let architecture = "x86_64"
            #elseif arch(arm64)
                let architecture = "arm64"
            #else
                return [:]
            #endif
            let stack = Backtrace(
                architecture: architecture,
                frames: Set(addresses).sorted().map { RichFrame<UInt>.returnAddress($0) }, images: nil)
            // By default the images' headers are read where they lie, which fails when another thread has just unmapped a
            // file. This reader asks the system for the bytes.
            let images = ImageMap.capture(using: LocalMemoryReader())
            var table: [UInt: [SourceLine]] = [:]
            for frame in stack.symbolicated(with: images)?.frames ?? [] {
                guard let symbol = frame.symbol, let place = symbol.sourceLocation, place.line > 0,
                    let address = UInt(frame.captured.originalProgramCounter),
                    let line = SourceLine(path: place.path, line: UInt(place.line), symbol: symbol.rawName)
                else { continue }
                table[address, default: []].append(line)
            }
            return table
        }
    #else
        static let isPrecise = false

        static func table(_ addresses: some Sequence<UInt>) -> [UInt: [SourceLine]] { [:] }
    #endif

    /// nil for what the compiler or a macro wrote.
    private init?(path: String, line: UInt, symbol: String) {
        let parts = path.split(separator: "/")
        guard let name = parts.last, name.hasSuffix(".swift"), !name.hasPrefix("@") else { return nil }
        // The folder under Sources or Tests is the module's, wherever a specialised generic was instantiated.
        let root = parts.dropLast().lastIndex { $0 == "Sources" || $0 == "Tests" }
        let folder = root.flatMap { $0 + 1 < parts.count - 1 ? String(parts[$0 + 1]) : nil }
        file = "\(folder ?? Self.module(of: symbol).map { "\($0)" } ?? String(parts.dropLast().last ?? ""))/\(name)"
        self.line = line
    }

    /// The module a mangled name begins with: `$s7TelosNN6LinearV...` is of TelosNN.
    private static func module(of symbol: String) -> Substring? {
        guard symbol.hasPrefix("$s") else { return nil }
        let rest = symbol.dropFirst(2)
        let digits = rest.prefix { $0.isNumber }
        guard let length = Int(digits), length > 0, rest.count >= digits.count + length else { return nil }
        return rest.dropFirst(digits.count).prefix(length)
    }
}
