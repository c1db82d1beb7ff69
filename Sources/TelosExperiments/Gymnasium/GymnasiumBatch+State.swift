import TelosEnvironments
import TelosTensor

extension GymnasiumBatch {
    /// Under which name a snapshot keeps what shows whether environments repeat themselves.
    private static let fingerprints = "gymnasium"

    /// The seed and the actions of each unfinished episode, from which it can be repeated.
    var snapshot: BatchSnapshot {
        BatchSnapshot(
            states: episodes.map(\.values), streams: streams, elapsed: elapsed,
            extra: [GymnasiumBatch.fingerprints: (0..<count).map(fingerprint)])
    }

    /// Repeats the unfinished episodes of a snapshot, action by action.
    ///
    /// One that comes to another observation than it had is told to the logger, and goes on from there: the environment
    /// does not repeat itself.
    func restore(_ snapshot: BatchSnapshot) throws {
        if let name = snapshot.extra.keys.sorted().first(where: { $0 != GymnasiumBatch.fingerprints }) {
            throw SnapshotError("the snapshot is of a batch wrapped by \(name), this \(specification.name) is not")
        }
        guard snapshot.states.count == count, snapshot.streams.count == count, snapshot.elapsed.count == count else {
            throw SnapshotError("the snapshot holds \(snapshot.states.count) environments, this batch has \(count)")
        }
        let restored = try snapshot.states.map { values in
            guard let episode = episode(values) else {
                throw SnapshotError(
                    "a state of \(specification.name) is the seed of its episode, from 0 to \(Int32.max), and then the "
                        + "actions since, \(actionWidth) numbers each; this has \(values.count) numbers")
            }
            return episode
        }
        if let failure = workers.failure { throw failure }
        for part in parts {
            for index in part.range { part.columns.seeds[index - part.range.lowerBound] = restored[index].seed }
            let actions = part.range.map { index in
                JSONValue.list(restored[index].actions.map { .number(Double($0)) })
            }
            part.worker.request(.object(["request": .text("replay"), "episodes": .list(actions)]))
        }
        for part in parts {
            let answer = try GymnasiumWorkers.fields(part.worker, name: workers.name, identifier: workers.identifier)
            for index in part.range {
                let local = index - part.range.lowerBound
                takeStart(index, from: part.columns, local: local, of: part.range.count)
                if answer["same"]?.list?[local] == .flag(false) { tell(index) }
            }
        }
        (episodes, streams, elapsed) = (restored, snapshot.streams, snapshot.elapsed)
        for (index, print) in (snapshot.extra[GymnasiumBatch.fingerprints] ?? []).enumerated()
        where index < count && !restored[index].actions.isEmpty && print != fingerprint(index) { tell(index) }
    }

    private func tell(_ index: Int) {
        workers.logger.warning(
            "\(workers.name) does not repeat itself: the episode of environment \(index) came to another observation")
    }

    private func episode(_ values: [Double]) -> Episode? {
        guard let first = values.first, let seed = Int64(exactly: first), (0...Int64(Int32.max)).contains(seed),
            values.dropFirst().allSatisfy({ $0.isFinite }),
            actionWidth == 0 ? values.count == 1 : (values.count - 1) % actionWidth == 0
        else { return nil }
        return Episode(seed: seed, actions: values.dropFirst().map { Float($0) })
    }

    /// A number that another observation would hardly have (FNV-1a, 32 bits of it).
    private func fingerprint(_ index: Int) -> Double {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for value in current.rows(from: index * observationWidth, count: observationWidth) {
            hash = (hash ^ UInt64(value.bitPattern)) &* 0x0000_0100_0000_01B3
        }
        return Double(hash >> 32)
    }

    /// The numbers that are observed, as bars to both sides of a line: the middle of the range, or 0 where it has no ends.
    func draw(_ index: Int) -> Drawing {
        let shown = min(observationWidth, 64)
        let (width, height) = (max(Double(shown), 6), 6.0)
        var drawing = Drawing(width: width, height: height)
        drawing.elements.append(
            .line(x1: 0, y1: height / 2, x2: width, y2: height / 2, width: 0.04, stroke: "#868e96"))
        let ranges = specification.observation.elements(named: "")
        for column in 0..<shown {
            let value = Double(current[index * observationWidth + column])
            let range = ranges[column].range
            let isBounded = (range.upperBound - range.lowerBound).isFinite && range.lowerBound < range.upperBound
            // -1 to 1 from end to end; without ends by a curve that never reaches them.
            let share =
                isBounded
                ? 2 * (value - range.lowerBound) / (range.upperBound - range.lowerBound) - 1 : value / (1 + abs(value))
            let length = (share.isFinite ? min(1, max(-1, share)) : 0) * (height / 2 - 0.3)
            drawing.elements.append(
                .rectangle(
                    x: Double(column) + 0.5, y: height / 2 + length / 2, width: 0.7, height: max(abs(length), 0.02),
                    angle: 0, fill: length < 0 ? "#e8590c" : "#1c7ed6"))
        }
        return drawing
    }
}
