import Foundation
import TelosEnvironments
import TelosTensor

/// Environments of Gymnasium, divided among Python processes.
///
/// A step writes the actions where the workers see them, wakes each by a byte, and takes over what they wrote: the parts
/// of a batch are stepped side by side, and each worker steps its own one after another.
final class GymnasiumBatch: BatchEnvironment {
    /// Failures within `failureWindow` steps after which no worker is started any more.
    static let allowedFailures = 3
    static let failureWindow = 1000
    /// Seconds in which environments are closed.
    private static let closingTime = 5.0

    /// An episode as it can be repeated: the seed of its reset, and the actions since, row by row.
    struct Episode: Equatable {
        var seed: Int64 = 0
        var actions: [Float] = []
        var values: [Double] { [Double(seed)] + actions.map(Double.init) }
    }

    /// A worker and the environments it steps.
    struct Part {
        var worker: WorkerProcess
        var columns: SharedColumns
        var range: Range<Int>
    }

    let specification: EnvironmentSpecification
    let count: Int
    let horizon: Int?
    let description: GymnasiumDescription
    let workers: GymnasiumWorkers
    let arguments: String
    let timeout: Double
    let actionWidth: Int
    let observationWidth: Int
    var parts: [Part] = []
    var streams: [RandomStream]
    var elapsed: [Int]
    var episodes: [Episode]
    var finalEpisodes: [Episode?]
    private var steps = 0
    /// At which steps something failed of late.
    private var failures: [Int] = []

    private let actions: Buffer<Float>
    private let ends: Buffer<EpisodeEnd>
    /// Two blocks that change places, as in `VectorEnvironment`.
    private(set) var current: Buffer<Float>
    private var previous: Buffer<Float>
    private let next: Buffer<Float>
    private var signalsCurrent: Buffer<Double>
    private var signalsBefore: Buffer<Double>
    private let signalsAfter: Buffer<Double>

    /// - processes: workers at most.
    /// - timeout: seconds after which a worker that does not answer is replaced.
    /// Throws `GymnasiumError` where the environments cannot be made.
    init(
        _ workers: GymnasiumWorkers, arguments: String, count: Int, horizon: Int?, key: RandomKey, processes: Int,
        timeout: Double
    ) throws {
        self.workers = workers
        self.arguments = arguments
        self.count = count
        self.horizon = horizon
        self.timeout = timeout
        description = try workers.description(arguments)
        specification = description.specification
        actionWidth = specification.action.width
        observationWidth = specification.observation.width
        streams = (0..<count).map { key.derived("environment", $0).stream }
        elapsed = Array(repeating: 0, count: count)
        episodes = Array(repeating: Episode(), count: count)
        finalEpisodes = Array(repeating: nil, count: count)
        actions = Buffer(count: count * actionWidth, repeating: 0)
        ends = Buffer(count: count, repeating: .ongoing)
        current = Buffer(count: count * observationWidth, repeating: 0)
        previous = Buffer(count: count * observationWidth, repeating: 0)
        next = Buffer(count: count * observationWidth, repeating: 0)
        let signals = specification.signals.count * count
        signalsCurrent = Buffer(count: signals, repeating: 0)
        signalsBefore = Buffer(count: signals, repeating: 0)
        signalsAfter = Buffer(count: signals, repeating: 0)
        let shares = min(count, max(1, processes))
        for (index, worker) in try workers.take(shares).enumerated() {
            let range = (count * index / shares)..<(count * (index + 1) / shares)
            parts.append(Part(worker: worker, columns: try columns(range.count), range: range))
        }
        try make(Array(parts.indices))
    }

    deinit {
        for part in parts { part.worker.request(.object(["request": .text("close")])) }
        for part in parts {
            if case .done = part.worker.answer(within: GymnasiumBatch.closingTime) { workers.give(part.worker) }
        }
    }

    var observations: UnsafeBufferPointer<Float> { current.readOnly }
    var signals: UnsafeBufferPointer<Double> { signalsCurrent.readOnly }

    var transitions: TransitionBatch {
        TransitionBatch(
            count: count, specification: specification, signalsBefore: signalsBefore.readOnly,
            signalsAfter: signalsAfter.readOnly, actions: actions.readOnly, observations: previous.readOnly,
            nextObservations: next.readOnly, ends: ends.readOnly)
    }

    func reset() {
        guard workers.failure == nil else { return }
        drawSeeds(of: 0..<count)
        for part in parts { part.worker.request(.object(["request": .text("reset")])) }
        for index in parts.indices { finishReset(index) }
    }

    private func finishReset(_ index: Int) {
        let part = parts[index]
        switch part.worker.answer(within: timeout) {
        case .done: begin(part.range)
        case .message(let message): fail(message)
        case .gone(let reason):
            // The new worker begins episodes of the same seeds.
            if replace(index, because: reason) { begin(part.range) }
        }
    }

    func step(actions rows: UnsafeBufferPointer<Float>) {
        precondition(rows.count == count * actionWidth, "step needs \(count) rows of \(actionWidth) action values")
        if actionWidth > 0 { actions.pointer.update(from: rows.baseAddress!, count: rows.count) }
        swap(&current, &previous)
        swap(&signalsCurrent, &signalsBefore)
        steps += 1
        drawSeeds(of: 0..<count)
        guard workers.failure == nil else { return giveUp(0..<count) }
        for part in parts {
            part.columns.actions.update(
                from: actions.pointer + part.range.lowerBound * actionWidth, count: part.range.count * actionWidth)
            part.worker.step()
        }
        for index in 0..<count {
            episodes[index].actions.append(contentsOf: actions.rows(from: index * actionWidth, count: actionWidth))
            elapsed[index] += 1
        }
        for index in parts.indices { finishStep(index) }
    }

    private func finishStep(_ index: Int) {
        let part = parts[index]
        var failed: [Int] = []
        switch part.worker.answer(within: timeout) {
        case .done: break
        case .message(let message):
            guard let list = message.object?["failures"]?.list else {
                fail(message)
                return giveUp(part.range)
            }
            for failure in list {
                let local = failure.object?["index"]?.number.flatMap { Int(exactly: $0) } ?? 0
                failed.append(local)
                let traceback = failure.object?["traceback"]?.text ?? ""
                guard
                    allowFailure(
                        "environment \(part.range.lowerBound + local) failed: its episode ends truncated, and another "
                            + "environment takes its place", traceback)
                else { return giveUp(part.range) }
            }
        case .gone(let reason):
            guard replace(index, because: reason) else { return giveUp(part.range) }
            failed = Array(0..<part.range.count)
        }
        takeOver(parts[index], failed: failed)
    }

    /// Copies what a worker wrote into the batch's columns.
    /// - failed: which of its environments have not made the step, counted from its first.
    private func takeOver(_ part: Part, failed: [Int]) {
        let (range, columns, width) = (part.range, part.columns, observationWidth)
        let block = range.lowerBound * width
        if range.count * width > 0 {
            (next.pointer + block).update(from: columns.next, count: range.count * width)
        }
        copySignals(columns.after, of: range, to: signalsAfter)
        for index in range {
            ends[index] = EpisodeEnd(rawValue: columns.ends[index - range.lowerBound]) ?? .truncated
        }
        for local in failed { repeatPrevious(range.lowerBound + local) }
        copyObservedSignals(of: range, from: next, to: signalsAfter)
        current.pointer.advanced(by: block).update(from: next.pointer + block, count: range.count * width)
        for position in specification.signals.indices {
            let start = position * count + range.lowerBound
            (signalsCurrent.pointer + start).update(from: signalsAfter.pointer + start, count: range.count)
        }
        for index in range where ends[index] != .ongoing {
            finalEpisodes[index] = episodes[index]
            begin(index..<(index + 1))
        }
    }

    /// What a step that was not made looks like: nothing changed, nothing was paid, and the episode is over.
    private func repeatPrevious(_ index: Int) {
        ends[index] = .truncated
        let row = index * observationWidth
        (next.pointer + row).update(from: previous.pointer + row, count: observationWidth)
        for position in specification.signals.indices {
            signalsAfter[position * count + index] = position == 0 ? 0 : signalsBefore[position * count + index]
        }
    }

    /// A step after training failed: it ends every episode of `range` where it is.
    private func giveUp(_ range: Range<Int>) {
        for index in range {
            repeatPrevious(index)
            let row = index * observationWidth
            (current.pointer + row).update(from: previous.pointer + row, count: observationWidth)
            for position in specification.signals.indices {
                signalsCurrent[position * count + index] = signalsAfter[position * count + index]
            }
        }
    }

    /// Takes over the first observations of the episodes that begin in `range`.
    func begin(_ range: Range<Int>) {
        for index in range {
            guard let part = parts.first(where: { $0.range.contains(index) }) else { continue }
            let local = index - part.range.lowerBound
            episodes[index] = Episode(seed: draw(&streams[index]))
            elapsed[index] = 0
            takeStart(index, from: part.columns, local: local, of: part.range.count)
        }
    }

    func takeStart(_ index: Int, from columns: SharedColumns, local: Int, of size: Int) {
        (current.pointer + index * observationWidth).update(
            from: columns.start + local * observationWidth, count: observationWidth)
        for position in 0..<description.workerSignals {
            signalsCurrent[position * count + index] = columns.first[position * size + local]
        }
        copyObservedSignals(of: index..<(index + 1), from: current, to: signalsCurrent)
    }

    private func copySignals(_ source: UnsafePointer<Double>, of range: Range<Int>, to target: Buffer<Double>) {
        for position in 0..<description.workerSignals {
            (target.pointer + position * count + range.lowerBound).update(
                from: source + position * range.count, count: range.count)
        }
    }

    private func copyObservedSignals(of range: Range<Int>, from rows: Buffer<Float>, to target: Buffer<Double>) {
        guard description.namesObservation else { return }
        for index in range {
            for column in 0..<observationWidth {
                target[(description.workerSignals + column) * count + index] = Double(
                    rows[index * observationWidth + column])
            }
        }
    }

    func finalState(of index: Int) -> [Double]? { finalEpisodes[index]?.values }

    // MARK: Workers

    func columns(_ count: Int) throws -> SharedColumns {
        try SharedColumns(
            SharedColumns.Sizes(
                count: count, signals: description.workerSignals, actionWidth: actionWidth,
                observationWidth: observationWidth))
    }

    /// Has the workers of some parts make their environments, and takes over their first observations.
    private func make(_ indices: [Int]) throws {
        for index in indices {
            let part = parts[index]
            drawSeeds(of: part.range)
            part.worker.request(
                workers.request(
                    "make", arguments,
                    [
                        "count": .number(Double(part.range.count)), "path": .text(part.columns.path),
                        "bytes": .number(Double(part.columns.bytes)), "masked": .flag(description.isMasked),
                        "columns": .object(part.columns.offsets.mapValues { .number(Double($0)) }),
                        "info": .list(description.info.map { .list($0.map(JSONValue.text)) }),
                        "horizon": horizon.map { .number(Double($0)) } ?? .null,
                    ]))
        }
        for index in indices {
            _ = try GymnasiumWorkers.fields(parts[index].worker, name: workers.name, identifier: workers.identifier)
            parts[index].columns.forgetFile()
            begin(parts[index].range)
        }
    }

    /// Starts a worker in place of one that is gone; its environments begin new episodes. False where that fails.
    private func replace(_ index: Int, because reason: String) -> Bool {
        let gone = parts[index]
        let words = gone.worker.lastWords()
        guard
            allowFailure(
                "worker \(index + 1) is gone (\(reason)): its \(gone.range.count) episodes end truncated, and another worker "
                    + "takes its place", words)
        else { return false }
        let before = (episodes[gone.range], elapsed[gone.range], streams[gone.range])
        do {
            parts[index].worker = try workers.take(1)[0]
            parts[index].columns = try columns(gone.range.count)
            try make([index])
        } catch {
            workers.fail(
                GymnasiumError("\(workers.name): worker \(index + 1) is gone, and no other can be had: \(error)"))
            return false
        }
        // Whoever asked takes over the new episodes.
        (episodes[gone.range], elapsed[gone.range], streams[gone.range]) = before
        return true
    }

    /// Notes a failure and tells of it; false where there were too many, which ends training.
    private func allowFailure(_ what: String, _ traceback: String) -> Bool {
        failures = failures.filter { steps - $0 < GymnasiumBatch.failureWindow } + [steps]
        let words = traceback.isEmpty ? "" : "\n\(traceback)"
        guard failures.count <= GymnasiumBatch.allowedFailures else {
            workers.fail(
                GymnasiumError(
                    "\(workers.name) failed \(failures.count) times within \(GymnasiumBatch.failureWindow) steps; the last "
                        + "time it said:\(words.isEmpty ? " nothing" : words)"))
            return false
        }
        workers.logger.warning("\(workers.name), step \(steps): \(what)\(words)")
        return true
    }

    private func fail(_ message: JSONValue) {
        let fields = message.object?["error"]?.object ?? ["message": .text(message.json)]
        workers.fail(GymnasiumWorkers.error(fields, name: workers.name, identifier: workers.identifier))
    }

    // MARK: Seeds

    /// Tells the workers with which seeds the next episodes of `range` begin. The streams advance when they do.
    func drawSeeds(of range: Range<Int>) {
        for part in parts where part.range.overlaps(range) {
            for index in part.range {
                var stream = streams[index]
                part.columns.seeds[index - part.range.lowerBound] = draw(&stream)
            }
        }
    }

    private func draw(_ stream: inout RandomStream) -> Int64 { Int64(stream.index(below: 1 << 31)) }
}
