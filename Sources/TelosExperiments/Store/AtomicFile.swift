import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What went wrong in the store, and what to do about it.
public struct StoreError: Error, Sendable, Hashable, CustomStringConvertible {
    public var message: String
    public init(_ message: String) { self.message = message }
    public var description: String { message }
}

/// Replaces the file at `path` so that a reader, or a crash at any moment, meets either the old bytes or the new ones:
/// a temporary file in the same folder, flushed to the disk, renamed over the old one, and the folder flushed in turn.
///
/// Throws `StoreError` with the system's reason; the old file is then as it was.
func writeAtomically(_ data: Data, to path: String) throws {
    let temporary = "\(path).\(getpid()).new"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    guard descriptor >= 0 else { throw StoreError("cannot write \(path): \(lastSystemError())") }
    var written = 0
    let failure: String? = data.withUnsafeBytes { bytes in
        while written < bytes.count {
            let count = write(descriptor, bytes.baseAddress! + written, bytes.count - written)
            if count < 0 {
                if errno == EINTR { continue }
                return lastSystemError()
            }
            written += count
        }
        return fsync(descriptor) == 0 ? nil : lastSystemError()
    }
    close(descriptor)
    if let failure {
        unlink(temporary)
        throw StoreError("cannot write \(path): \(failure)")
    }
    guard rename(temporary, path) == 0 else {
        let reason = lastSystemError()
        unlink(temporary)
        throw StoreError("cannot write \(path): \(reason)")
    }
    let folder = open(URL(fileURLWithPath: path).deletingLastPathComponent().path, O_RDONLY)
    if folder >= 0 {
        fsync(folder)
        close(folder)
    }
}

/// A lock that one process holds at a time. The system releases it when the process ends, however it ends.
final class FileLock: Sendable {
    private let descriptor: Int32

    /// Waits for the lock; with `wait` false, nil where another process holds it.
    init?(path: String, wait: Bool) throws {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw StoreError("cannot open \(path): \(lastSystemError())") }
        while flock(descriptor, wait ? LOCK_EX : LOCK_EX | LOCK_NB) != 0 {
            if errno == EINTR { continue }
            let reason = lastSystemError()
            let held = errno == EWOULDBLOCK
            close(descriptor)
            if held { return nil }
            throw StoreError("cannot lock \(path): \(reason)")
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }
}

private func lastSystemError() -> String { String(cString: strerror(errno)) }
