import Foundation
import TelosEnvironments
import TelosLearning
import TelosTensor

/// What a served policy asks of requests, apart from acting.
struct ServedPolicy {
    let policy: any Policy
    let specification: EnvironmentSpecification
    let origin: String
    /// For each column of the observation, nil for a real number, else the range of a choice.
    let choices: [ClosedRange<Float>?]
    /// Choices that a mask has a column for; 0 where all are always possible.
    let maskWidth: Int

    init(_ loaded: LoadedPolicy) {
        policy = loaded.policy
        specification = loaded.specification
        origin = loaded.origin
        choices = specification.observation.columnChoices
        maskWidth = specification.maskSignals.count
    }

    var description: OrderedJSON {
        .object([
            ("policy", .text(origin)), ("task", .text(specification.name)),
            ("observation", .integer(specification.observation.width)),
            ("action", .integer(specification.action.width)),
            ("mask", .integer(maskWidth)), ("memory", .integer(policy.memoryWidth)),
            ("actionNames", .list(specification.actionNames.map(OrderedJSON.text))),
        ])
    }
}

/// One client's conversation with a served policy: a JSON object a line in, one a line out.
///
/// A request has any of `reset`, `observation` (with `mask` and `memory`) and `describe`; what is wrong with it is told in
/// `error`, and the conversation goes on. What the policy remembers is kept from request to request, until `reset`.
struct PolicySession {
    private let served: ServedPolicy
    private var memory: [Float]

    init(_ served: ServedPolicy) {
        self.served = served
        memory = Array(repeating: 0, count: served.policy.memoryWidth)
    }

    /// The reply to one line, without the end of line.
    mutating func reply(to line: some Sequence<UInt8>) -> String {
        do {
            return try answer(line).description
        } catch {
            return OrderedJSON.object([("error", .text(error.message))]).description
        }
    }

    /// What is wrong with a request.
    private struct Refusal: Error {
        var message: String
        init(_ message: String) { self.message = message }
    }

    private static let keys = ["observation", "mask", "memory", "reset", "describe"]

    private mutating func answer(_ line: some Sequence<UInt8>) throws(Refusal) -> OrderedJSON {
        guard let text = String(validating: Array(line), as: UTF8.self), let value = JSONValue(json: text) else {
            throw Refusal("this line is not JSON; write one object a line, as in {\"observation\": [0.1, 0.2]}")
        }
        guard let request = value.object else {
            throw Refusal("a request is an object, as in {\"observation\": [0.1, 0.2]}")
        }
        for key in request.keys.sorted() where !Self.keys.contains(key) {
            let near = suggestion(key, among: Self.keys)
            let known = "; there are " + Self.keys.joined(separator: ", ")
            throw Refusal("there is no '\(key.abridged)' in a request" + (near.isEmpty ? known : near))
        }
        guard request["observation"] != nil || (request["mask"] == nil && request["memory"] == nil) else {
            throw Refusal("'mask' and 'memory' go with an 'observation'")
        }
        var fields: [(name: String, value: OrderedJSON)] = []
        if try flag("reset", in: request) {
            memory = memory.map { _ in 0 }
            fields.append(("reset", .flag(true)))
        }
        if try flag("describe", in: request) { fields.append(("describe", served.description)) }
        if let observation = request["observation"] {
            fields += try act(on: observation, mask: request["mask"], memory: request["memory"])
        }
        guard !fields.isEmpty else {
            throw Refusal(
                "this asks for nothing; write {\"observation\": [...]}, {\"reset\": true} or {\"describe\": true}")
        }
        return .object(fields)
    }

    private func flag(_ name: String, in request: [String: JSONValue]) throws(Refusal) -> Bool {
        switch request[name] {
        case nil, .flag(false)?: false
        case .flag(true)?: true
        default: throw Refusal("'\(name)' must be true or false")
        }
    }

    private mutating func act(
        on observation: JSONValue, mask: JSONValue?, memory given: JSONValue?
    ) throws(Refusal) -> [(name: String, value: OrderedJSON)] {
        let policy = served.policy
        let rows = try numbers(observation, "observation", count: served.choices.count)
        for (index, range) in served.choices.enumerated() {
            guard let range else { continue }
            guard range.contains(rows[index]), rows[index].rounded() == rows[index] else {
                let (low, high) = (Int(range.lowerBound), Int(range.upperBound))
                throw Refusal("observation[\(index)] is a choice: a whole number from \(low) to \(high)")
            }
        }
        var maskRow: Buffer<Float>?
        if let mask {
            guard served.maskWidth > 0 else { throw Refusal("every choice is always possible here; leave 'mask' out") }
            let values = try numbers(mask, "mask", count: served.maskWidth)
            guard values.allSatisfy({ $0 == 0 || $0 == 1 }) else { throw Refusal("'mask' holds zeros and ones") }
            maskRow = Buffer(values)
        }
        if given != nil, memory.isEmpty { throw Refusal("this policy remembers nothing; leave 'memory' out") }
        let before = try given.map { value throws(Refusal) in
            try numbers(value, "memory", count: memory.count)
        }
        let state = Buffer<Float>(before ?? memory)
        let input = Buffer<Float>(rows)
        let action = Buffer<Float>(count: served.specification.action.width, repeating: 0)
        // Drawn from by no policy that acts deterministically.
        var random = RandomKey(seed: 0).stream
        policy.act(
            on: PolicyInput(
                observations: input.readOnly, count: 1, mask: maskRow?.readOnly,
                memory: memory.isEmpty ? nil : state.all),
            into: action.all, deterministic: true, using: &random)
        var fields: [(name: String, value: OrderedJSON)] = [("action", list(action.array))]
        if given != nil { fields.append(("memory", list(state.array))) } else { memory = state.array }
        return fields
    }

    private func list(_ values: [Float]) -> OrderedJSON {
        // The shortest decimal of the float32, not the digits of its conversion to float64.
        .list(values.map { .number(Double("\($0)") ?? Double($0)) })
    }

    private func numbers(_ value: JSONValue, _ name: String, count: Int) throws(Refusal) -> [Float] {
        guard case .list(let values) = value else { throw Refusal("'\(name)' must be a list of \(count) numbers") }
        guard values.count == count else {
            throw Refusal("'\(name)' must be a list of \(count) numbers, not of \(values.count)")
        }
        var result: [Float] = []
        for (index, value) in values.enumerated() {
            guard case .number(let number) = value, Float(number).isFinite else {
                throw Refusal("\(name)[\(index)] must be a number within the range of float32")
            }
            result.append(Float(number))
        }
        return result
    }
}

/// Cuts a stream of bytes into lines of bounded length.
struct LineReader {
    enum Line: Hashable {
        case text([UInt8])
        /// One that was longer than is allowed; its bytes are dropped.
        case tooLong
    }

    let limit: Int
    private var pending: [UInt8] = []
    private var isDropping = false

    init(limit: Int) { self.limit = limit }

    /// The lines that end in `bytes`, without their ends; empty ones are left out.
    mutating func read(_ bytes: some Sequence<UInt8>) -> [Line] {
        var lines: [Line] = []
        for byte in bytes {
            if byte == 0x0A {
                if pending.last == 0x0D { pending.removeLast() }
                if !isDropping, !pending.isEmpty { lines.append(.text(pending)) }
                pending.removeAll(keepingCapacity: true)
                isDropping = false
            } else if !isDropping {
                pending.append(byte)
                if pending.count > limit {
                    lines.append(.tooLong)
                    pending = []
                    isDropping = true
                }
            }
        }
        return lines
    }
}
