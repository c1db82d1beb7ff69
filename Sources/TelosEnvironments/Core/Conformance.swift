import TelosTensor

/// Checks that an environment keeps the promises every learner relies on. Run it on your own:
///
///     let problems = EnvironmentConformance.check(entry)
///     precondition(problems.isEmpty, problems.joined(separator: "\n"))
///
/// Environments are stepped with random actions, and these are checked:
///  - the specification is coherent: names unique and usable in expressions, widths as declared;
///  - observations lie in their space, signals are finite and within their ranges;
///  - the same key and actions give the same bytes;
///  - an environment's trajectory does not depend on how many others run in the batch;
///  - a snapshot, restored elsewhere, continues identically;
///  - at an episode's end, `nextObservations` belongs to the finished episode and `observations` to the new one;
///  - the horizon truncates exactly then, and only what did not terminate.
public enum EnvironmentConformance {
    public typealias Maker = (_ count: Int, _ horizon: Int?, _ key: RandomKey) throws -> any BatchEnvironment

    /// What is wrong with the environment of `entry`, with its default options or `options`; empty when all is well.
    public static func check(
        _ entry: EnvironmentEntry, options: EnvironmentOptions? = nil, steps: Int = 200, seed: Int = 0
    ) -> [String] {
        var problems: [String] = []
        if entry.summary.isEmpty { problems.append("\(entry.name): the entry has no summary") }
        if let horizon = entry.horizon, horizon < 1 { problems.append("\(entry.name): the horizon is \(horizon)") }
        for (index, option) in entry.options.enumerated()
        where entry.options[..<index].contains(where: { $0.name == option.name }) {
            problems.append("\(entry.name): two options are named \(option.name)")
        }
        return problems
            + check(name: entry.name, steps: steps, seed: seed) { count, horizon, key in
                try entry.make(options ?? entry.defaultOptions, count, horizon, key)
            }
    }

    /// What is wrong with the batches that `make` makes; empty when all is well.
    /// - Parameter independent: false for a batch whose environments share something on purpose, such as statistics.
    public static func check(
        name: String, steps: Int = 200, seed: Int = 0, independent: Bool = true, make: Maker
    ) -> [String] {
        do {
            let key = RandomKey(seed: seed).derived("conformance")
            var problems = try specificationProblems(make(2, nil, key))
            guard problems.isEmpty else { return problems.map { "\(name): \($0)" } }
            problems += try trajectoryProblems(make, steps: steps, key: key)
            problems += try repeatabilityProblems(make, steps: steps, key: key, independent: independent)
            problems += try snapshotProblems(make, steps: steps, key: key)
            problems += try horizonProblems(make, key: key, independent: independent)
            return problems.map { "\(name): \($0)" }
        } catch {
            return ["\(name): making or restoring it failed: \(error)"]
        }
    }

    // A batch with the random actions it is given, environment e's from a stream of its own.
    private struct Driver {
        var batch: any BatchEnvironment
        private var streams: [RandomStream]
        private let actions: Buffer<Float>
        private let space: Space

        init(_ batch: any BatchEnvironment, key: RandomKey) {
            self.batch = batch
            space = batch.specification.action
            streams = (0..<batch.count).map { key.derived("action", $0).stream }
            actions = Buffer(count: batch.count * space.width, repeating: 0)
        }

        mutating func step() {
            for index in streams.indices {
                space.sample(into: actions.rows(from: index * space.width, count: space.width), using: &streams[index])
            }
            batch.step(actions: actions.readOnly)
        }
    }

    private static func specificationProblems(_ batch: any BatchEnvironment) -> [String] {
        let specification = batch.specification
        var problems: [String] = []
        if specification.name.isEmpty { problems.append("the specification has no name") }
        if specification.summary.isEmpty { problems.append("the specification has no summary") }
        func checkNames(_ names: [String], _ what: String, areConstants: Bool) {
            for (index, name) in names.enumerated() {
                if names[..<index].contains(name) { problems.append("two \(what)s are named '\(name)'") }
                if areConstants, !isIdentifier(name) {
                    problems.append("the \(what) '\(name)' cannot be written in an expression: use letters and digits")
                }
            }
        }
        checkNames(specification.signals.map(\.name), "signal", areConstants: true)
        checkNames(specification.actionNames, "action name", areConstants: false)
        checkNames(specification.stateNames, "state name", areConstants: false)
        for signal in specification.signals {
            if ["action", "previous"].contains(signal.name) {
                problems.append("a signal may not be named '\(signal.name)', which means something else in expressions")
            }
            if signal.lowerBound.isNaN || signal.upperBound.isNaN || signal.lowerBound > signal.upperBound {
                problems.append("the signal \(signal.name) has no range: \(signal.lowerBound) to \(signal.upperBound)")
            }
        }
        let choices: Int =
            if case .discrete(let count) = specification.action { count } else { specification.action.width }
        if !specification.actionNames.isEmpty, specification.actionNames.count != choices {
            problems.append("\(specification.actionNames.count) action names for \(choices) actions")
        }
        if !specification.maskSignals.isEmpty {
            for name in specification.maskSignals where specification.signalIndex(name) == nil {
                problems.append("there is no signal '\(name)' to be a mask")
            }
            let masked = specification.action.choices?.reduce(0, +)
            if masked != specification.maskSignals.count {
                problems.append(
                    "\(specification.maskSignals.count) mask signals for the \(masked ?? 0) choices of \(specification.action)"
                )
            }
        }
        problems += spaceProblems(specification.observation, "observation")
        problems += spaceProblems(specification.action, "action")
        let width = specification.observation.width
        if batch.observations.count != batch.count * width {
            problems.append("\(batch.observations.count) observed floats for \(batch.count) rows of width \(width)")
        }
        if let state = batch.snapshot.states.first, state.count != specification.stateNames.count {
            problems.append("\(specification.stateNames.count) state names for the \(state.count) numbers of a state")
        }
        return problems
    }

    private static func spaceProblems(_ space: Space, _ what: String) -> [String] {
        switch space {
        case .box(let low, let high, let shape):
            let size = shape.reduce(1, *)
            guard low.count == size, high.count == size else {
                return ["the \(what) has \(low.count) lower and \(high.count) upper bounds for shape \(shape)"]
            }
            return zip(low, high).allSatisfy { $0 <= $1 } ? [] : ["a lower bound of the \(what) is above the upper one"]
        case .discrete(let count): return count > 0 ? [] : ["the \(what) has \(count) choices"]
        case .multiDiscrete(let counts): return counts.allSatisfy { $0 > 0 } ? [] : ["the \(what) has an empty choice"]
        case .binary(let count): return count >= 0 ? [] : ["the \(what) has \(count) bits"]
        case .tuple(let spaces): return spaces.flatMap { spaceProblems($0, what) }
        case .dictionary(let spaces): return spaces.keys.sorted().flatMap { spaceProblems(spaces[$0]!, what) }
        case .tokens(let vocabulary, let length):
            return vocabulary > 0 && length >= 0 ? [] : ["the \(what) has \(vocabulary) tokens, length \(length)"]
        }
    }

    private static func trajectoryProblems(_ make: Maker, steps: Int, key: RandomKey) throws -> [String] {
        var problems = FirstOfEach()
        let batch = try make(4, nil, key)
        var driver = Driver(batch, key: key)
        let space = batch.specification.observation
        let signals = batch.specification.signals
        let (count, width) = (batch.count, space.width)
        func row(_ block: UnsafeBufferPointer<Float>, _ index: Int) -> UnsafeBufferPointer<Float> {
            .init(rebasing: block[(index * width)..<((index + 1) * width)])
        }
        for index in 0..<count where !space.contains(row(batch.observations, index)) {
            problems.add("space", "the first observation \(Array(row(batch.observations, index))) is not in its space")
        }
        for step in 1...steps {
            let before = Array(batch.observations)
            let signalsBefore = step == 1 ? nil : Array(batch.transitions.signalsAfter)
            let endsBefore = Array(batch.transitions.ends)
            if let problem = maskProblem(batch) { problems.add("mask", "step \(step): \(problem)") }
            driver.step()
            let last = batch.transitions
            guard last.count == count, last.ends.count == count, last.observations.count == count * width,
                last.nextObservations.count == count * width, last.signalsBefore.count == count * signals.count,
                last.signalsAfter.count == count * signals.count,
                last.actions.count == count * batch.specification.action.width
            else { return problems.messages + ["the columns of transitions do not have the declared widths"] }
            if !sameBytes(last.observations, before) {
                problems.add("before", "step \(step): transitions.observations is not what the policy acted on")
            }
            for index in 0..<count {
                let (after, now) = (row(last.nextObservations, index), row(batch.observations, index))
                for (name, values) in [("next observation", after), ("observation", now)]
                where !space.contains(values) {
                    problems.add("space", "step \(step): the \(name) \(Array(values)) is not in its space")
                }
                if last.ends[index] == .ongoing, !sameBytes(after, now) {
                    problems.add("ongoing", "step \(step): an episode goes on, but next and present observation differ")
                }
                if last.ends[index] == .truncated {
                    problems.add("truncated", "step \(step): truncated though there is no horizon")
                }
                for (position, signal) in signals.enumerated() {
                    let value = last.signalsAfter[position * count + index]
                    if !(value >= signal.lowerBound && value <= signal.upperBound && value.isFinite) {
                        problems.add(
                            "signal \(signal.name)",
                            "step \(step): the signal \(signal.name) is \(value), outside "
                                + "\(signal.lowerBound) to \(signal.upperBound)")
                    }
                    if let signalsBefore, endsBefore[index] == .ongoing,
                        last.signalsBefore[position * count + index].bitPattern
                            != signalsBefore[position * count + index].bitPattern
                    {
                        problems.add("signals", "step \(step): \(signal.name) changed between two steps")
                    }
                }
            }
        }
        let drawing = batch.draw(0)
        if !(drawing.width > 0 && drawing.height > 0) { problems.add("draw", "the drawing has no size") }
        return problems.messages
    }

    /// Mask signals are 0 or 1 where an action is due, and leave at least one option of each choice.
    private static func maskProblem(_ batch: any BatchEnvironment) -> String? {
        guard let mask = ActionMask(batch.specification), let choices = batch.specification.action.choices else {
            return nil
        }
        let values = batch.specification.maskSignals.compactMap(batch.specification.signalIndex).map { position in
            (0..<batch.count).map { batch.signals[position * batch.count + $0] }
        }
        guard values.joined().allSatisfy({ $0 == 0 || $0 == 1 }) else { return "a mask signal is neither 0 nor 1" }
        let rows = Buffer<Float>(count: batch.count * mask.width, repeating: 0)
        mask.write(batch.signals, count: batch.count, into: rows.all)
        for environment in 0..<batch.count {
            var start = environment * mask.width
            for count in choices {
                if rows.rows(from: start, count: count).allSatisfy({ $0 == 0 }) { return "no option is possible" }
                start += count
            }
        }
        return nil
    }

    private static func repeatabilityProblems(
        _ make: Maker, steps: Int, key: RandomKey, independent: Bool
    ) throws -> [String] {
        var problems = FirstOfEach()
        var first = Driver(try make(4, nil, key), key: key)
        var second = Driver(try make(4, nil, key), key: key)
        var wider = Driver(try make(8, nil, key), key: key)
        for step in 1...steps {
            first.step()
            second.step()
            wider.step()
            if let column = difference(first.batch, second.batch) {
                problems.add("repeat", "step \(step): the same key and actions gave different \(column)")
            }
            if independent, let column = difference(first.batch, wider.batch) {
                problems.add("count", "step \(step): \(column) differ between a batch of 4 and one of 8")
            }
        }
        first.batch.reset()
        second.batch.reset()
        if !sameBytes(first.batch.observations, second.batch.observations) {
            problems.add("reset", "reset gave different observations after the same steps")
        }
        return problems.messages
    }

    private static func snapshotProblems(_ make: Maker, steps: Int, key: RandomKey) throws -> [String] {
        var problems = FirstOfEach()
        var original = Driver(try make(4, 23, key), key: key)
        var continued = original
        for step in 1...steps {
            let every = step % 17 == 0
            if every || step == 1 {
                let other = try make(4, 23, key.derived("elsewhere", step))
                let snapshot = original.batch.snapshot
                try other.restore(snapshot)
                if other.snapshot != snapshot { problems.add("form", "step \(step): restoring changes a snapshot") }
                if !sameBytes(other.observations, original.batch.observations) {
                    problems.add("observation", "step \(step): observations are not those of the state after a reset")
                }
                continued = original
                continued.batch = other
            }
            original.step()
            continued.step()
            if let column = difference(original.batch, continued.batch) {
                problems.add("continue", "step \(step): \(column) differ after restoring a snapshot")
            }
        }
        let small = try make(3, 23, key)
        let before = small.snapshot
        if (try? small.restore(original.batch.snapshot)) != nil {
            problems.add("count", "a batch of 3 accepted the snapshot of a batch of 4")
        } else if small.snapshot != before {
            problems.add("count", "restoring a snapshot that does not fit changed the batch")
        }
        return problems.messages
    }

    private static func horizonProblems(_ make: Maker, key: RandomKey, independent: Bool) throws -> [String] {
        var problems = FirstOfEach()
        let horizon = 7
        var limited = Driver(try make(4, horizon, key), key: key)
        var unlimited = Driver(try make(4, nil, key), key: key)
        if limited.batch.horizon != horizon { problems.add("horizon", "the batch does not tell its horizon") }
        var elapsed = Array(repeating: 0, count: 4)
        var terminatedBefore = Array(repeating: false, count: 4)
        let width = limited.batch.specification.observation.width
        for step in 1...(6 * horizon) {
            limited.step()
            if step <= horizon { unlimited.step() }
            let last = limited.batch.transitions
            for index in elapsed.indices {
                elapsed[index] += 1
                let end = last.ends[index]
                if (end == .truncated && elapsed[index] != horizon) || (end == .ongoing && elapsed[index] >= horizon) {
                    problems.add("time", "horizon \(horizon): an episode is \(end.name) after \(elapsed[index]) steps")
                }
                let columns = (index * width)..<((index + 1) * width)
                if independent, step <= horizon, !terminatedBefore[index],
                    !sameBytes(
                        UnsafeBufferPointer(rebasing: last.nextObservations[columns]),
                        UnsafeBufferPointer(rebasing: unlimited.batch.transitions.nextObservations[columns]))
                {
                    problems.add("final", "nextObservations of a truncated episode is not that of one that goes on")
                }
                if end == .terminated { terminatedBefore[index] = true }
                if end != .ongoing { elapsed[index] = 0 }
            }
            if limited.batch.snapshot.elapsed != elapsed {
                problems.add("elapsed", "step \(step): the snapshot counts \(limited.batch.snapshot.elapsed) steps")
            }
        }
        return problems.messages
    }

    /// The first column in which the environments that both batches have differ.
    private static func difference(_ a: any BatchEnvironment, _ b: any BatchEnvironment) -> String? {
        let count = min(a.count, b.count)
        let (x, y) = (a.transitions, b.transitions)
        func same(_ p: UnsafeBufferPointer<Float>, _ q: UnsafeBufferPointer<Float>, _ width: Int) -> Bool {
            sameBytes(
                UnsafeBufferPointer(rebasing: p[..<(count * width)]),
                UnsafeBufferPointer(rebasing: q[..<(count * width)]))
        }
        let width = a.specification.observation.width
        if !same(a.observations, b.observations, width) { return "observations" }
        if !same(x.nextObservations, y.nextObservations, width) { return "next observations" }
        if !same(x.actions, y.actions, a.specification.action.width) { return "actions" }
        for index in 0..<count {
            if x.ends[index] != y.ends[index] { return "ends" }
            for position in a.specification.signals.indices {
                let (i, j) = (position * a.count + index, position * b.count + index)
                if x.signalsBefore[i].bitPattern != y.signalsBefore[j].bitPattern
                    || x.signalsAfter[i].bitPattern != y.signalsAfter[j].bitPattern
                {
                    return "signals (\(a.specification.signals[position].name))"
                }
            }
        }
        return nil
    }

    private static func sameBytes(_ a: some Collection<Float>, _ b: some Collection<Float>) -> Bool {
        a.count == b.count && zip(a, b).allSatisfy { $0.bitPattern == $1.bitPattern }
    }

    private static func isIdentifier(_ name: String) -> Bool {
        guard let first = name.unicodeScalars.first, first.properties.isAlphabetic else { return false }
        return name.unicodeScalars.allSatisfy {
            $0.isASCII
                && ($0.properties.isAlphabetic || ("0"..."9").contains($0)
                    || $0 == "_")
        }
    }

    /// Keeps the first message of each topic: one fault shows at every step.
    private struct FirstOfEach {
        private var topics: [String] = []
        var messages: [String] = []

        mutating func add(_ topic: String, _ message: @autoclosure () -> String) {
            guard !topics.contains(topic) else { return }
            topics.append(topic)
            messages.append(message())
        }
    }
}
