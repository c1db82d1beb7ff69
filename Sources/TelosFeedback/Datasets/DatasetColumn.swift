/// Rows of `width` numbers: in memory, or in a file until one is appended.
struct DatasetColumn: Sendable {
    let width: Int
    private var values: [Float]
    private var file: (contents: MappedFile, range: Range<Int>)?

    init(width: Int, values: [Float] = []) {
        self.width = width
        self.values = values
    }

    /// - Parameter range: the bytes of the file that hold it, from a multiple of four.
    init(width: Int, in file: MappedFile, at range: Range<Int>) {
        self.init(width: width)
        self.file = (file, range)
    }

    var isMapped: Bool { file != nil }

    func withValues<Result>(_ body: (UnsafeBufferPointer<Float>) throws -> Result) rethrows -> Result {
        guard let file else { return try values.withUnsafeBufferPointer(body) }
        return try withExtendedLifetime(file.contents) {
            try body(
                UnsafeRawBufferPointer(rebasing: file.contents.bytes[file.range]).assumingMemoryBound(to: Float.self))
        }
    }

    var array: [Float] { file == nil ? values : withValues { Array($0) } }

    func row(_ index: Int) -> [Float] {
        width == 0 ? [] : withValues { Array($0[(index * width)..<((index + 1) * width)]) }
    }

    mutating func append(_ row: some Sequence<Float>) {
        if file != nil { (values, file) = (array, nil) }
        values.append(contentsOf: row)
    }
}
