import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A Unix-domain stream socket, closed with its owner.
final class UnixSocket {
    let descriptor: Int32

    private init(adopting descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// What is at a path.
    enum Presence: Hashable {
        case nothing
        /// A socket that someone listens at.
        case live
        /// A socket whose owner has gone.
        case stale
        /// Something else.
        case other
    }

    private static func make() throws -> UnixSocket {
        #if canImport(Darwin)
            let descriptor = socket(AF_UNIX, SOCK_STREAM, 0)
        #elseif canImport(Musl)
            let descriptor = socket(AF_UNIX, SOCK_STREAM, 0)
        #else
            let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        #endif
        guard descriptor >= 0 else { throw StoreError("cannot make a socket: \(reason())") }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        return UnixSocket(adopting: descriptor)
    }

    /// The address of a path; throws where it is longer than the system allows.
    private static func withAddress<Result>(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Result
    ) throws -> Result {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let capacity = MemoryLayout.size(ofValue: address.sun_path) - 1
        guard !bytes.isEmpty, bytes.count <= capacity, !bytes.contains(0) else {
            throw StoreError("a socket's path has 1 to \(capacity) bytes; '\(path.abridged)' has \(bytes.count)")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return try withUnsafePointer(to: &address) {
            try $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                try body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    static func presence(at path: String) throws -> Presence {
        var status = stat()
        guard lstat(path, &status) == 0 else { return .nothing }
        guard status.st_mode & S_IFMT == S_IFSOCK else { return .other }
        return try connect(to: path) == nil ? .stale : .live
    }

    /// Nil where nobody listens.
    static func connect(to path: String) throws -> UnixSocket? {
        let socket = try make()
        let failed = try withAddress(path) { address, size -> Int32? in
            #if canImport(Glibc)
                let result = Glibc.connect(socket.descriptor, address, size)
            #elseif canImport(Musl)
                let result = Musl.connect(socket.descriptor, address, size)
            #else
                let result = Darwin.connect(socket.descriptor, address, size)
            #endif
            return result == 0 ? nil : errno
        }
        guard let failed else { return socket }
        if failed == ECONNREFUSED || failed == ENOENT { return nil }
        throw StoreError("cannot reach \(path): \(String(cString: strerror(failed)))")
    }

    /// Listens at `path`, which its owner alone may reach. A stale socket there is replaced; a live one, or a file of
    /// another kind, is refused.
    static func listen(at path: String) throws -> UnixSocket {
        let socket = try make()
        // Where the path is too long the message should say so, not that nobody is there.
        try withAddress(path) { _, _ in }
        switch try presence(at: path) {
        case .nothing: break
        case .stale: unlink(path)
        case .live: throw StoreError("\(path) is in use: another server listens there; give --socket another path")
        case .other: throw StoreError("\(path) is a file and no socket: remove it, or give --socket another path")
        }
        let isBound = try withAddress(path) { bind(socket.descriptor, $0, $1) == 0 }
        guard isBound else { throw StoreError("cannot listen at \(path): \(reason())") }
        chmod(path, 0o600)
        #if canImport(Glibc)
            let result = Glibc.listen(socket.descriptor, 64)
        #elseif canImport(Musl)
            let result = Musl.listen(socket.descriptor, 64)
        #else
            let result = Darwin.listen(socket.descriptor, 64)
        #endif
        guard result == 0 else {
            unlink(path)
            throw StoreError("cannot listen at \(path): \(reason())")
        }
        socket.stopWaiting()
        return socket
    }

    /// The next client; nil where none waits.
    func accept() -> UnixSocket? {
        #if canImport(Glibc)
            let client = Glibc.accept(descriptor, nil, nil)
        #elseif canImport(Musl)
            let client = Musl.accept(descriptor, nil, nil)
        #else
            let client = Darwin.accept(descriptor, nil, nil)
        #endif
        guard client >= 0 else { return nil }
        _ = fcntl(client, F_SETFD, FD_CLOEXEC)
        #if canImport(Darwin)
            var on: Int32 = 1
            setsockopt(client, SOL_SOCKET, SO_NOSIGPIPE, &on, socklen_t(MemoryLayout<Int32>.size))
        #endif
        let socket = UnixSocket(adopting: client)
        socket.stopWaiting()
        return socket
    }

    /// Reading and writing then give up where they would have to wait.
    private func stopWaiting() { _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) }

    enum Transfer {
        case bytes(Int)
        case wouldWait
        /// The other side has gone.
        case ended
    }

    func read(into buffer: inout [UInt8]) -> Transfer {
        let count = buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
        return transfer(count, atEnd: .ended)
    }

    func write(_ bytes: some Collection<UInt8>) -> Transfer {
        #if canImport(Darwin)
            let flags: Int32 = 0
        #else
            let flags = Int32(MSG_NOSIGNAL)
        #endif
        let count = Array(bytes).withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, flags) }
        return transfer(count, atEnd: .bytes(0))
    }

    private func transfer(_ count: Int, atEnd: Transfer) -> Transfer {
        if count > 0 { return .bytes(count) }
        if count == 0 { return atEnd }
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? .wouldWait : .ended
    }

    private static func reason() -> String { String(cString: strerror(errno)) }
}
