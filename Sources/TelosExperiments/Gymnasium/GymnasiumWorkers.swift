import Foundation
import Logging
import TelosTensor

/// The Python processes that step one environment of Gymnasium. A batch takes some and gives them back, so that each
/// evaluation does not start Python anew. They end with this.
final class GymnasiumWorkers: @unchecked Sendable {
    /// What batches of any thread share.
    private struct State {
        var idle: [WorkerProcess] = []
        var descriptions: [String: GymnasiumDescription] = [:]
        var failure: GymnasiumError?
    }

    /// As it is called in an experiment file, with the prefix, and by Gymnasium.
    let name: String
    let identifier: String
    let logger: Logger
    /// What Gymnasium ends an episode after, and its version.
    let horizon: Int?
    private let version: String
    private let python: PythonInterpreter
    private let lock = NSLock()
    private var state = State()

    /// Finds the environment. Throws `GymnasiumError` where there is no Python, no Gymnasium, or no such environment.
    init(name: String, identifier: String, python: PythonInterpreter, logger: Logger) throws {
        (self.name, self.identifier, self.python, self.logger) = (name, identifier, python, logger)
        let worker = try GymnasiumWorkers.start(1, python)[0]
        worker.request(.object(["request": .text("find"), "id": .text(identifier)]))
        let answer = try GymnasiumWorkers.fields(worker, name: name, identifier: identifier)
        horizon = answer["horizon"]?.number.flatMap { Int(exactly: $0) }
        version = answer["version"]?.text ?? ""
        state.idle = [worker]
    }

    /// The error that ended the stepping of a batch; nil while all is well.
    var failure: GymnasiumError? { lock.withLock { state.failure } }

    func fail(_ error: GymnasiumError) {
        lock.withLock { if state.failure == nil { state.failure = error } }
    }

    /// What the environment is when made with `arguments`, a JSON object.
    func description(_ arguments: String) throws -> GymnasiumDescription {
        if let known = lock.withLock({ state.descriptions[arguments] }) { return known }
        let worker = try take(1)[0]
        worker.request(request("describe", arguments))
        let answer = try GymnasiumWorkers.fields(worker, name: name, identifier: identifier)
        let description = try GymnasiumDescription(answer, name: name, identifier: identifier, version: version)
        give(worker)
        lock.withLock { state.descriptions[arguments] = description }
        return description
    }

    func request(_ kind: String, _ arguments: String, _ rest: [String: JSONValue] = [:]) -> JSONValue {
        let given = JSONValue(json: arguments) ?? .object([:])
        let fields: [String: JSONValue] = ["request": .text(kind), "id": .text(identifier), "arguments": given]
        return .object(fields.merging(rest) { $1 })
    }

    /// Workers that do nothing yet.
    func take(_ count: Int) throws -> [WorkerProcess] {
        let found = lock.withLock {
            let found = Array(state.idle.suffix(count))
            state.idle.removeLast(found.count)
            return found
        }
        return found.count == count ? found : try found + GymnasiumWorkers.start(count - found.count, python)
    }

    /// Takes back a worker that has closed its environments.
    func give(_ worker: WorkerProcess) { lock.withLock { state.idle.append(worker) } }

    /// Starts Pythons side by side, and waits for them.
    private static func start(_ count: Int, _ python: PythonInterpreter) throws -> [WorkerProcess] {
        let workers = try (0..<count).map { _ in try WorkerProcess(python) }
        for worker in workers {
            switch worker.answer(within: WorkerProcess.startTime) {
            case .done: continue
            case .message(let message):
                let missing = message.object?["missing"]?.text ?? message.json
                throw GymnasiumError(
                    "\(python.path) cannot step environments of Gymnasium: \(missing); run "
                        + "'\(python.path) -m pip install gymnasium', or let TELOS_PYTHON name a Python that has it")
            case .gone(let reason):
                throw GymnasiumError("\(python.path) did not start: \(reason)\n\(worker.lastWords())")
            }
        }
        return workers
    }

    /// The fields of an answer; throws what went wrong instead, with the nearest name where one is not known.
    static func fields(_ worker: WorkerProcess, name: String, identifier: String) throws -> [String: JSONValue] {
        switch worker.answer(within: WorkerProcess.startTime) {
        case .done: return [:]
        case .message(let message):
            let fields = message.object ?? [:]
            guard let error = fields["error"]?.object else { return fields }
            throw GymnasiumWorkers.error(error, name: name, identifier: identifier)
        case .gone(let reason):
            throw GymnasiumError("\(name): \(reason)\n\(worker.lastWords())")
        }
    }

    static func error(_ fields: [String: JSONValue], name: String, identifier: String) -> GymnasiumError {
        var message = fields["message"]?.text ?? ""
        if let known = fields["known"]?.list?.compactMap(\.text) {
            let nearest = suggestion(identifier, among: known)
            message = "Gymnasium has no '\(identifier)'" + (nearest.isEmpty ? "; it says: \(message)" : nearest)
        }
        if let traceback = fields["traceback"]?.text { message += "\n\(traceback)" }
        return GymnasiumError("\(name): \(message)")
    }
}
