import Foundation
import TelosLearning
import TelosTensor
import Testing

@testable import TelosExperiments

/// A server on a thread of its own, and what became of it.
private final class Serving: @unchecked Sendable {
    private let stopFlag = StopFlag()
    private let ready = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)
    private var failure: (any Error)?

    /// Throws what starting it throws.
    init(file: String, socket: String) throws {
        Thread { [self] in
            do {
                let server = try PolicyServer(file: file, socket: socket)
                ready.signal()
                server.run(until: stopFlag)
            } catch {
                failure = error
                ready.signal()
            }
            ended.signal()
        }.start()
        ready.wait()
        if let failure { throw failure }
    }

    func stop() {
        stopFlag.raise()
        ended.wait()
    }
}

/// Speaks to a server and waits for what it says.
private final class Talker {
    let socket: UnixSocket
    private var received: [UInt8] = []

    init(_ path: String) throws { socket = try #require(try UnixSocket.connect(to: path)) }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard case .bytes(let count) = socket.write(rest.prefix(1 << 16)), count > 0 else {
                throw StoreError("the server has gone")
            }
            rest = rest.dropFirst(count)
        }
    }

    /// The next line.
    func listen() throws -> [String: JSONValue] {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            if let end = received.firstIndex(of: 0x0A) {
                defer { received.removeFirst(end + 1) }
                let line = String(decoding: received[..<end], as: UTF8.self)
                return try #require(JSONValue(json: line)?.object, "\(line)")
            }
            guard case .bytes(let count) = socket.read(into: &buffer) else { throw StoreError("the server has gone") }
            received += buffer[..<count]
        }
    }

    func ask(_ text: String) throws -> [String: JSONValue] {
        try send(text + "\n")
        return try listen()
    }
}

private func numbers(_ value: JSONValue?) -> [Float] {
    guard case .list(let values)? = value else { return [] }
    return values.compactMap { if case .number(let number) = $0 { Float(number) } else { nil } }
}

private func text(_ values: [Float]) -> String { "[" + values.map { "\($0)" }.joined(separator: ", ") + "]" }

@Suite struct PolicyServerTests {
    private static let fixture = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/policy-1.safetensors").path

    /// A short path: a socket's has about a hundred bytes.
    private func socketPath() -> String { "/tmp/telos-\(UUID().uuidString.prefix(13)).sock" }

    /// A policy with a memory, in a file.
    private func recurrent(_ folder: TemporaryFolder) throws -> String {
        let (store, run) = try ExportedKind.all[2].train(in: folder)
        var options = PolicyExportOptions()
        options.path = folder.path + "/memory.safetensors"
        options.episodes = 0
        return try store.exportPolicy(of: run, options).path
    }

    @Test func actionsAreThePolicys() throws {
        let path = socketPath()
        let serving = try Serving(file: Self.fixture, socket: path)
        let policy = try LoadedPolicy(path: Self.fixture).policy
        let talkers = try (0..<3).map { _ in try Talker(path) }
        var random = RandomKey(seed: 1).stream
        let action = Buffer<Float>(count: 1, repeating: 0)
        for round in 0..<60 {
            let row = (0..<4).map { _ in Float(random.normal()) }
            let input = Buffer(row)
            policy.act(on: input.readOnly, count: 1, into: action.all, deterministic: true, using: &random)
            let reply = try talkers[round % 3].ask("{\"observation\": \(text(row))}")
            #expect(numbers(reply["action"]) == action.array)
        }
        let described = try talkers[0].ask("{\"describe\": true}")["describe"]?.object
        #expect(described?["task"] == .text("CartPole") && described?["observation"] == .number(4))
        serving.stop()
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func eachConnectionHasItsOwnMemory() throws {
        let folder = try TemporaryFolder()
        let file = try recurrent(folder)
        let path = socketPath()
        let serving = try Serving(file: file, socket: path)
        let policy = try LoadedPolicy(path: file).policy
        #expect(policy.memoryWidth > 0)
        let rows: [[Float]] = [[0.5, 0.25], [-0.75, 0.5], [0.125, -1]]
        let memory = Buffer<Float>(count: policy.memoryWidth, repeating: 0)
        var random = RandomKey(seed: 1).stream
        let expected = rows.map { row in
            let action = Buffer<Float>(count: 1, repeating: 0)
            let input = Buffer(row)
            policy.act(
                on: PolicyInput(observations: input.readOnly, count: 1, memory: memory.all), into: action.all,
                deterministic: true, using: &random)
            return action.array
        }
        let (one, other) = (try Talker(path), try Talker(path))
        for (row, action) in zip(rows, expected) {
            #expect(numbers(try one.ask("{\"observation\": \(text(row))}")["action"]) == action)
        }
        // Another connection, and the same one after a reset, begin anew.
        #expect(numbers(try other.ask("{\"observation\": \(text(rows[0]))}")["action"]) == expected[0])
        #expect(try one.ask("{\"reset\": true}")["reset"] == .flag(true))
        #expect(numbers(try one.ask("{\"observation\": \(text(rows[0]))}")["action"]) == expected[0])
        let both = try one.ask("{\"reset\": true, \"observation\": \(text(rows[0]))}")
        #expect(numbers(both["action"]) == expected[0])
        // A memory that the client keeps; the connection's own stays as it is.
        var kept = text(Array(repeating: 0, count: policy.memoryWidth))
        for (row, action) in zip(rows, expected) {
            let reply = try other.ask("{\"observation\": \(text(row)), \"memory\": \(kept)}")
            #expect(numbers(reply["action"]) == action)
            kept = text(numbers(reply["memory"]))
        }
        #expect(numbers(try other.ask("{\"observation\": \(text(rows[1]))}")["action"]) == expected[1])
        serving.stop()
    }

    @Test func nothingThatIsSentEndsIt() throws {
        let path = socketPath()
        let serving = try Serving(file: Self.fixture, socket: path)
        let talker = try Talker(path)
        func error(_ line: String) throws -> String {
            guard case .text(let message)? = try talker.ask(line)["error"] else { return "no error" }
            return message
        }
        let deep = String(repeating: "[", count: 5000) + String(repeating: "]", count: 5000)
        for (line, part) in [
            ("x", "not JSON"), ("[1, 2]", "a request is an object"), ("{}", "asks for nothing"), ("{\"a\"", "not JSON"),
            ("{\"observation\": [1, 2]}", "list of 4 numbers, not of 2"),
            ("{\"observation\": 3}", "list of 4 numbers"), ("{\"observation\": null}", "list of 4 numbers"),
            ("{\"observation\": [1, 2, \"3\", 4]}", "observation[2] must be a number"),
            ("{\"observation\": [1, 2, NaN, 4]}", "not JSON"), ("{\"observation\": [1, 2, 3, 1e39]}", "observation[3]"),
            ("{\"observation\": [1, 2, 3, 4], \"mask\": [1, 1]}", "leave 'mask' out"),
            ("{\"observation\": [1, 2, 3, 4], \"memory\": []}", "remembers nothing"),
            ("{\"memory\": [1]}", "go with an 'observation'"), ("{\"reset\": 1}", "must be true or false"),
            ("{\"observations\": [1]}", "did you mean 'observation'?"), ("{\"observation\": \(deep)}", ""),
        ] {
            let message = try error(line)
            #expect(message != "no error" && (part.isEmpty || message.contains(part)), "\(line.prefix(60)): \(message)")
        }
        // Bytes that are no text, more than a request may have, and half of one.
        try talker.send([0xFF, 0xFE, 0x80, 0x0A])
        #expect(try talker.listen()["error"] != nil)
        try talker.send(Array(repeating: UInt8(ascii: "["), count: PolicyServer.maximumLine + 10))
        #expect(try talker.listen()["error"] != nil)
        try talker.send("]]]\n")
        #expect(numbers(try talker.ask("{\"observation\": [0, 0, 0, 0]}")["action"]).count == 1)
        do {
            let leaving = try Talker(path)
            try leaving.send("{\"observation\": [0, 0")
        }
        // Many at once, the replies read only afterwards.
        let count = 5000
        let burst = Thread { [line = "{\"observation\": [0.1, 0.2, 0.3, 0.4]}\n", talker = Borrowed(talker)] in
            try? talker.value.send(String(repeating: line, count: count))
        }
        burst.start()
        for _ in 0..<count { #expect(numbers(try talker.listen()["action"]).count == 1) }
        serving.stop()
    }

    @Test func aStaleSocketIsReplacedAndALiveOneRefused() throws {
        let path = socketPath()
        // One whose owner went without removing it.
        do { _ = try UnixSocket.listen(at: path) }
        #expect(try UnixSocket.presence(at: path) == .stale)
        let serving = try Serving(file: Self.fixture, socket: path)
        let refusal = #expect(throws: StoreError.self) { try Serving(file: Self.fixture, socket: path) }
        #expect(refusal?.message.contains("is in use") == true)
        #expect(numbers(try Talker(path).ask("{\"observation\": [0, 0, 0, 0]}")["action"]).count == 1)
        serving.stop()
        #expect(try UnixSocket.presence(at: path) == .nothing)
        // A file that is no socket stays.
        FileManager.default.createFile(atPath: path, contents: Data("kept".utf8))
        let other = #expect(throws: StoreError.self) { try Serving(file: Self.fixture, socket: path) }
        #expect(other?.message.contains("no socket") == true)
        #expect(FileManager.default.contents(atPath: path) == Data("kept".utf8))
        try FileManager.default.removeItem(atPath: path)
        let long = "/tmp/" + String(repeating: "x", count: 200)
        let tooLong = #expect(throws: StoreError.self) { try Serving(file: Self.fixture, socket: long) }
        #expect(tooLong?.message.contains("has 205") == true)
        #expect(throws: StoreError.self) { try Serving(file: "/tmp/none.safetensors", socket: path) }
        #expect(try UnixSocket.presence(at: path) == .nothing)
    }

    @Test func choicesAreChecked() throws {
        let folder = try TemporaryFolder()
        let (store, run) = try ExportedKind.all[6].train(in: folder)
        var session = PolicySession(ServedPolicy(try LoadedPolicy(of: run, in: store)))
        func reply(_ line: String) -> String { session.reply(to: line.utf8) }
        #expect(reply("{\"observation\": [3]}").hasPrefix("{\"action\": ["))
        for value in ["-1", "1000000", "0.5"] {
            #expect(reply("{\"observation\": [\(value)]}").contains("observation[0] is a choice"))
        }
        let second = try TemporaryFolder()
        let (masked, other) = try ExportedKind.all[3].train(in: second)
        session = PolicySession(ServedPolicy(try LoadedPolicy(of: other, in: masked)))
        let described = try #require(JSONValue(json: reply("{\"describe\": true}"))?.object?["describe"]?.object)
        guard case .number(let width)? = described["observation"], case .number(let choices)? = described["mask"] else {
            Issue.record("\(described)")
            return
        }
        let row = text(Array(repeating: 0, count: Int(width)))
        for choice in 0..<Int(choices) {
            let mask = text((0..<Int(choices)).map { $0 == choice ? 1 : 0 })
            #expect(reply("{\"observation\": \(row), \"mask\": \(mask)}") == "{\"action\": [\(choice)]}")
        }
        #expect(reply("{\"observation\": \(row), \"mask\": [2]}").contains("'mask'"))
    }

    @Test func linesAreCutAndBounded() {
        var reader = LineReader(limit: 4)
        #expect(reader.read(Array("ab\r\n\ncd".utf8)) == [.text(Array("ab".utf8))])
        #expect(reader.read(Array("e\nabcde".utf8)) == [.text(Array("cde".utf8)), .tooLong])
        #expect(reader.read(Array("fgh\nabcd\n".utf8)) == [.text(Array("abcd".utf8))])
    }
}

/// Hands a value to a thread that uses it alone for what it does.
private final class Borrowed<Value>: @unchecked Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
}
