/// A fixed block of memory, allocated once, freed with its owner; 64-byte aligned and padded by 64 bytes at the end,
/// so that a vector load that starts inside it may read past the last element.
public final class Buffer<Element: BitwiseCopyable> {
    public let pointer: UnsafeMutablePointer<Element>
    public let count: Int

    public init(count: Int, repeating value: Element) {
        let bytes = count * MemoryLayout<Element>.stride + 64
        let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        raw.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
        pointer = raw.bindMemory(to: Element.self, capacity: count)
        pointer.initialize(repeating: value, count: count)
        self.count = count
    }

    public init(_ values: some Collection<Element>) {
        let bytes = values.count * MemoryLayout<Element>.stride + 64
        let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        raw.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
        pointer = raw.bindMemory(to: Element.self, capacity: values.count)
        count = values.count
        for (index, value) in values.enumerated() { (pointer + index).initialize(to: value) }
    }

    deinit { UnsafeMutableRawPointer(pointer).deallocate() }

    public var all: UnsafeMutableBufferPointer<Element> { .init(start: pointer, count: count) }
    public var readOnly: UnsafeBufferPointer<Element> { .init(start: pointer, count: count) }
    public var array: [Element] { Array(readOnly) }

    @inlinable public subscript(index: Int) -> Element {
        get { pointer[index] }
        set { pointer[index] = newValue }
    }

    /// The elements `start ..< start + count` without copying.
    public func rows(from start: Int, count: Int) -> UnsafeMutableBufferPointer<Element> {
        .init(start: pointer + start, count: count)
    }
}
