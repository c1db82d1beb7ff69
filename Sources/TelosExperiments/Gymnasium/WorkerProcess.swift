import Foundation

/// A Python that runs the worker program, and the socket to it.
final class WorkerProcess: @unchecked Sendable {
    /// What became of a request.
    enum Answer {
        case done
        /// One line of JSON.
        case message(JSONValue)
        /// It ended, or was ended because it did not answer in time: in words.
        case gone(String)
    }

    /// Seconds in which a Python starts, and an environment is made.
    static let startTime = 120.0
    /// Bytes of output after which what a worker printed is forgotten.
    private static let outputLimit: off_t = 1 << 20

    private var identifier: pid_t = 0
    private var socket: Int32 = -1
    /// What the worker prints goes into a file without a name.
    private var output: Int32 = -1
    private var isRunning = false

    /// Starts `python`. It is ready when its first answer has come.
    init(_ python: PythonInterpreter) throws {
        var ends: [Int32] = [-1, -1]
        #if os(Linux)
            let made = socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends)
        #else
            let made = socketpair(AF_UNIX, SOCK_STREAM, 0, &ends)
        #endif
        guard made == 0 else { throw WorkerProcess.failure("no socket can be made") }
        defer { close(ends[1]) }
        socket = ends[0]
        var template = Array((NSTemporaryDirectory() + "/telos-XXXXXX").utf8CString)
        output = mkstemp(&template)
        guard output >= 0 else { throw WorkerProcess.failure("no temporary file can be made") }
        unlink(template)
        for file in [socket, output] { _ = fcntl(file, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(output, F_SETFL, O_APPEND)
        #if !os(Linux)
            var on: Int32 = 1
            setsockopt(socket, SOL_SOCKET, SO_NOSIGPIPE, &on, socklen_t(MemoryLayout<Int32>.size))
        #endif
        // Above the numbers that the new process gives them, so that none is closed by another's move.
        let theirs = fcntl(ends[1], F_DUPFD_CLOEXEC, 10)
        let printed = fcntl(output, F_DUPFD_CLOEXEC, 10)
        defer { for file in [theirs, printed] where file >= 0 { close(file) } }
        guard theirs >= 0, printed >= 0 else { throw WorkerProcess.failure("no file can be opened any more") }
        try spawn(python, socket: theirs, output: printed)
    }

    deinit {
        if isRunning { end() } else if socket >= 0 { close(socket) }
        if output >= 0 { close(output) }
    }

    private func spawn(_ python: PythonInterpreter, socket: Int32, output: Int32) throws {
        #if os(Linux)
            var actions = posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
            let flags = Int16(POSIX_SPAWN_SETPGROUP)
        #else
            var actions: posix_spawn_file_actions_t?
            var attributes: posix_spawnattr_t?
            let flags = Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_CLOEXEC_DEFAULT)
        #endif
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        posix_spawn_file_actions_adddup2(&actions, socket, 3)
        // A group of its own: Ctrl-C at the terminal is for Telos, which saves first.
        posix_spawnattr_setflags(&attributes, flags)
        posix_spawnattr_setpgroup(&attributes, 0)
        let program = String(decoding: PackageResources.worker_py, as: UTF8.self)
        let words: [String] = [python.path, "-c", program, "3"]
        let variables = ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" }.sorted()
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var environment: [UnsafeMutablePointer<CChar>?] = variables.map { strdup($0) } + [nil]
        defer { for text in arguments + environment { free(text) } }
        let code = posix_spawn(&identifier, python.path, &actions, &attributes, &arguments, &environment)
        guard code == 0 else {
            throw GymnasiumError("\(python.path) cannot be started: \(String(cString: strerror(code)))")
        }
        isRunning = true
    }

    private static func failure(_ what: String) -> GymnasiumError {
        GymnasiumError("\(what): \(String(cString: strerror(errno)))")
    }

    /// Asks for a step. What is wrong shows in the answer.
    func step() {
        var byte = UInt8(ascii: "s")
        _ = send(&byte, count: 1)
    }

    func request(_ message: JSONValue) {
        var bytes = Array((message.json + "\n").utf8)
        _ = send(&bytes, count: bytes.count)
    }

    private func send(_ bytes: UnsafeRawPointer, count: Int) -> Bool {
        var sent = 0
        while sent < count {
            #if os(Linux)
                let more = Glibc.send(socket, bytes + sent, count - sent, Int32(MSG_NOSIGNAL))
            #else
                let more = Darwin.send(socket, bytes + sent, count - sent, 0)
            #endif
            if more < 0, errno == EINTR { continue }
            guard more > 0 else { return false }
            sent += more
        }
        return true
    }

    /// Waits for the answer to the last request.
    /// - seconds: after which a worker that says nothing is ended.
    func answer(within seconds: Double) -> Answer {
        guard isRunning else { return .gone("it has ended") }
        var line: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while line.last != UInt8(ascii: "\n") {
            var waiting = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            let ready = poll(&waiting, 1, Int32(min(seconds * 1000, 2e9)))
            if ready < 0, errno == EINTR { continue }
            guard ready > 0 else {
                end()
                return .gone("it did not answer within \(seconds) s")
            }
            let count = read(socket, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return .gone(end()) }
            line += chunk[..<count]
            if line == [UInt8(ascii: "d")] { return .done }
        }
        if let outputSize = size(of: output), outputSize > WorkerProcess.outputLimit { ftruncate(output, 0) }
        guard let message = JSONValue(json: String(decoding: line, as: UTF8.self)) else {
            end()
            return .gone("it gave an answer that is no JSON: \(String(decoding: line.prefix(200), as: UTF8.self))")
        }
        return .message(message)
    }

    /// The last lines that it printed; empty where it printed none.
    func lastWords(lines: Int = 12) -> String {
        guard let size = size(of: output) else { return "" }
        var bytes = [UInt8](repeating: 0, count: Int(min(size, 8192)))
        let count = pread(output, &bytes, bytes.count, size - off_t(bytes.count))
        let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        return text.split(separator: "\n").suffix(lines).joined(separator: "\n")
    }

    private func size(of file: Int32) -> off_t? {
        var status = stat()
        return fstat(file, &status) == 0 ? status.st_size : nil
    }

    /// Ends the process, in case it still runs, and says how it ended.
    @discardableResult
    func end() -> String {
        guard isRunning else { return "it has ended" }
        isRunning = false
        close(socket)
        socket = -1
        var status: Int32 = 0
        // The closed socket tells it to go; one that is busy is not waited for.
        for _ in 0..<20 {
            if waitpid(identifier, &status, WNOHANG) != 0 { return describe(status) }
            usleep(5000)
        }
        kill(identifier, SIGKILL)
        while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
        return describe(status)
    }

    private func describe(_ status: Int32) -> String {
        let signal = status & 0x7f
        return signal == 0 ? "it ended with exit code \((status >> 8) & 0xff)" : "it was ended by signal \(signal)"
    }
}
