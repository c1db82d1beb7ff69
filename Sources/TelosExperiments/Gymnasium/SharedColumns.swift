import Foundation

/// The columns that a batch and a worker both see, in a file that both have mapped.
///
/// The file is removed as soon as the worker has mapped it, so that nothing is left behind whatever becomes of either.
final class SharedColumns {
    /// How many of what there are.
    struct Sizes: Hashable {
        var count: Int
        var signals: Int
        var actionWidth: Int
        var observationWidth: Int
    }

    let path: String
    let bytes: Int
    /// Where each column begins.
    let offsets: [String: Int]
    private let base: UnsafeMutableRawPointer
    private let sizes: Sizes

    /// The seed with which each environment's next episode begins.
    var seeds: UnsafeMutablePointer<Int64> { column("seeds") }
    /// Signal k of environment e at `k * count + e`: after a step, and at the first observation of an episode.
    var after: UnsafeMutablePointer<Double> { column("after") }
    var first: UnsafeMutablePointer<Double> { column("first") }
    /// Row e: the action, what the step led to, and the first observation of an episode.
    var actions: UnsafeMutablePointer<Float> { column("actions") }
    var next: UnsafeMutablePointer<Float> { column("next") }
    var start: UnsafeMutablePointer<Float> { column("start") }
    var ends: UnsafeMutablePointer<UInt8> { column("ends") }

    init(_ sizes: Sizes) throws {
        self.sizes = sizes
        let signals = sizes.count * sizes.signals * MemoryLayout<Double>.stride
        let observations = sizes.count * sizes.observationWidth * MemoryLayout<Float>.stride
        var offsets: [String: Int] = [:]
        var end = 0
        for (name, size) in [
            ("seeds", sizes.count * MemoryLayout<Int64>.stride), ("after", signals), ("first", signals),
            ("actions", sizes.count * sizes.actionWidth * MemoryLayout<Float>.stride), ("next", observations),
            ("start", observations), ("ends", sizes.count),
        ] {
            offsets[name] = end
            // Columns begin on lines of the cache: what one side writes does not slow the other's reading.
            end += (size + 63) / 64 * 64
        }
        self.offsets = offsets
        bytes = max(end, 64)
        var isFolder: ObjCBool = false
        let memory = FileManager.default.fileExists(atPath: "/dev/shm", isDirectory: &isFolder) && isFolder.boolValue
        let folder = memory ? "/dev/shm/" : NSTemporaryDirectory()
        var template = Array("\(folder)telos-XXXXXX".utf8CString)
        let file = mkstemp(&template)
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        guard file >= 0 else {
            let reason = String(cString: strerror(errno))
            throw GymnasiumError("no file for shared memory can be made in \(folder): \(reason)")
        }
        defer { close(file) }
        guard ftruncate(file, off_t(bytes)) == 0,
            let base = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), base != MAP_FAILED
        else {
            let reason = String(cString: strerror(errno))
            unlink(path)
            throw GymnasiumError("\(bytes) bytes of shared memory cannot be had: \(reason)")
        }
        self.base = base
    }

    deinit {
        unlink(path)
        munmap(base, bytes)
    }

    /// Takes the file's name away; both sides keep what they have mapped.
    func forgetFile() { unlink(path) }

    private func column<Element>(_ name: String) -> UnsafeMutablePointer<Element> {
        (base + offsets[name]!).assumingMemoryBound(to: Element.self)
    }
}
