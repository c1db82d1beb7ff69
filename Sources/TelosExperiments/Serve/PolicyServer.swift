import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Serves a policy to programs on the same machine: JSON lines over a Unix-domain socket, any number of clients up to
/// `maximumClients`, each with a session of its own. One thread does it all.
public final class PolicyServer {
    public static let maximumClients = 128
    /// Bytes of a request.
    public static let maximumLine = 1 << 20
    /// Replies that wait for a client who does not read them; beyond that nothing more is read from it.
    private static let maximumPending = 1 << 20

    public let path: String
    private let served: ServedPolicy
    private let socket: UnixSocket
    private let identity: stat
    private var clients: [Client] = []
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)

    private final class Client {
        let socket: UnixSocket
        var session: PolicySession
        var lines = LineReader(limit: PolicyServer.maximumLine)
        var pending: [UInt8] = []
        /// Requests that wait until replies have been read.
        var waiting: [LineReader.Line] = []
        /// Whether it will say nothing more.
        var isFinished = false

        init(_ socket: UnixSocket, _ session: PolicySession) {
            self.socket = socket
            self.session = session
        }

        var isGone: Bool { isFinished && pending.isEmpty && waiting.isEmpty }
    }

    /// Serves a policy file that `telos export` wrote as safetensors.
    public convenience init(file: String, socket path: String, registries: Registries = .builtIn) throws {
        try self.init(LoadedPolicy(path: file, registries: registries), socket: path)
    }

    /// Serves the policy of a run's checkpoint.
    /// - seed: nil for the one with the best evaluation return, the lowest of equals.
    public convenience init(
        run: String, in store: RunStore, seed: Int? = nil, from choice: CheckpointChoice = .latest,
        socket path: String, registries: Registries = .builtIn
    ) throws {
        try self.init(
            LoadedPolicy(of: run, in: store, seed: seed, from: choice, registries: registries), socket: path)
    }

    /// Listens from now on; `run` answers. Throws `StoreError` where the socket cannot be had.
    init(_ loaded: LoadedPolicy, socket path: String) throws {
        served = ServedPolicy(loaded)
        self.path = path
        socket = try UnixSocket.listen(at: path)
        var status = stat()
        _ = lstat(path, &status)
        identity = status
    }

    deinit { removeSocket() }

    /// One line on what is served.
    public var summary: String { "\(served.origin), acting in \(served.specification.name)" }

    /// Answers until `stop` is raised, then removes the socket.
    public func run(until stop: StopFlag) {
        while !stop.isRaised { turn(milliseconds: 100) }
        clients = []
        removeSocket()
    }

    /// Removes the socket's file, unless another has taken its place.
    private func removeSocket() {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_ino == identity.st_ino, status.st_dev == identity.st_dev else {
            return
        }
        unlink(path)
    }

    /// Waits for something to do, for so long at most, and does it.
    private func turn(milliseconds: Int32) {
        var watched = [pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0)]
        for client in clients {
            var events: Int16 = 0
            if !client.isFinished, client.waiting.isEmpty { events |= Int16(POLLIN) }
            if !client.pending.isEmpty { events |= Int16(POLLOUT) }
            watched.append(pollfd(fd: client.socket.descriptor, events: events, revents: 0))
        }
        guard poll(&watched, nfds_t(watched.count), milliseconds) > 0 else { return }
        for (client, watched) in zip(clients, watched.dropFirst()) where watched.revents != 0 {
            let events = Int32(watched.revents)
            if events & Int32(POLLERR) | events & Int32(POLLNVAL) != 0 { drop(client) }
            if events & Int32(POLLIN) | events & Int32(POLLHUP) != 0, !client.isFinished { receive(client) }
            answer(client)
        }
        clients.removeAll(where: \.isGone)
        if watched[0].revents != 0 { admit() }
    }

    private func drop(_ client: Client) {
        client.isFinished = true
        client.pending = []
        client.waiting = []
    }

    private func admit() {
        while let client = socket.accept() {
            let newcomer = Client(client, PolicySession(served))
            if clients.count >= Self.maximumClients {
                tell(newcomer, "{\"error\": \"\(Self.maximumClients) clients are connected already; try again later\"}")
                answer(newcomer)
            } else {
                clients.append(newcomer)
            }
        }
    }

    private func receive(_ client: Client) {
        switch client.socket.read(into: &buffer) {
        case .bytes(let count): client.waiting += client.lines.read(buffer[..<count])
        case .wouldWait: break
        case .ended: client.isFinished = true
        }
    }

    /// Answers what waits, as long as the client reads the replies.
    private func answer(_ client: Client) {
        var next = 0
        while true {
            while next < client.waiting.count, client.pending.count < Self.maximumPending {
                switch client.waiting[next] {
                case .text(let line): tell(client, client.session.reply(to: line))
                case .tooLong:
                    tell(
                        client, "{\"error\": \"a request has at most \(Self.maximumLine) bytes; this one was dropped\"}"
                    )
                }
                next += 1
            }
            guard send(client), next < client.waiting.count else { break }
        }
        client.waiting.removeFirst(min(next, client.waiting.count))
    }

    private func tell(_ client: Client, _ reply: String) { client.pending += Array(reply.utf8) + [0x0A] }

    /// Whether everything pending went out.
    private func send(_ client: Client) -> Bool {
        var sent = 0
        defer { client.pending.removeFirst(min(sent, client.pending.count)) }
        while sent < client.pending.count {
            switch client.socket.write(client.pending[sent...]) {
            case .bytes(let count): sent += count
            case .wouldWait: return false
            case .ended:
                drop(client)
                return false
            }
        }
        return true
    }
}
