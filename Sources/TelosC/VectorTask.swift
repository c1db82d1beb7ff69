import Foundation
import Telos
import TelosExperiments

/// Several copies of a task's environment with its rewards evaluated: what a handle of the C interface stands for.
final class VectorTask {
    /// The most environments that one handle may hold.
    static let maximumCount = 1 << 20

    let task: TaskDefinition
    let count: Int
    let discount: Double
    private(set) var environments: any BatchEnvironment
    private(set) var rewards: TaskRewards
    private let action: Space
    private let actionWidth: Int
    private let blended: Buffer<Double>
    private let primary: Buffer<Double>
    private let terms: Buffer<Double>
    private let ends: Buffer<EpisodeEnd>
    /// What was wrong with the last call, as C reads it.
    private(set) var error = VectorTask.text("")

    init(experiment: String, file: String, count: Int, seed: Int, discount: Double) throws {
        guard (1...VectorTask.maximumCount).contains(count) else {
            throw VectorTaskError("there must be from 1 to \(VectorTask.maximumCount) environments, not \(count)")
        }
        guard discount.isFinite else { throw VectorTaskError("the discount must be a number, not \(discount)") }
        task = try TaskDefinition(parsing: experiment, file: file)
        try task.requireFixedBlend()
        self.count = count
        self.discount = discount
        environments = try task.makeEnvironments(count: count, key: RandomKey(seed: seed))
        rewards = try TaskRewards(
            task, specification: environments.specification, count: count, discount: discount)
        action = environments.specification.action
        actionWidth = action.width
        blended = Buffer(count: count, repeating: 0)
        primary = Buffer(count: count, repeating: 0)
        terms = Buffer(count: count * rewards.termNames.count, repeating: 0)
        ends = Buffer(count: count, repeating: .ongoing)
    }

    deinit { free(error) }

    private static func text(_ text: String) -> UnsafeMutablePointer<CChar> { strdup(text)! }

    /// Does `work`, and keeps the message of what it throws. True where it threw nothing.
    func succeeds(_ work: () throws -> Void) -> Bool {
        free(error)
        do {
            try work()
            error = VectorTask.text("")
            return true
        } catch {
            self.error = VectorTask.text("\(error)")
            return false
        }
    }

    /// Begins new episodes, of a new batch where there is a seed.
    func reset(seed: Int?) throws {
        if let seed {
            environments = try task.makeEnvironments(count: count, key: RandomKey(seed: seed))
        } else {
            environments.reset()
        }
        for index in 0..<count { rewards.reset(index) }
        for buffer in [blended, primary, terms] { buffer.all.update(repeating: 0) }
        ends.all.update(repeating: .ongoing)
        if let failure = task.environment.failure() { throw failure }
    }

    func step(_ actions: UnsafeBufferPointer<Float>) throws {
        for index in 0..<count {
            let row = UnsafeBufferPointer(rebasing: actions[(index * actionWidth)..<((index + 1) * actionWidth)])
            guard VectorTask.isPossible(row, in: action) else {
                throw VectorTaskError(
                    "the action of environment \(index), \(Array(row)), is not one of \(environments.specification.name): "
                        + "choices count from 0, and numbers are finite")
            }
        }
        environments.step(actions: actions)
        let paid = rewards.evaluate(environments.transitions)
        for index in 0..<count { blended[index] = rewards.blended(paid.channels, index) }
        primary.pointer.update(from: paid.channels.baseAddress!, count: count)
        if terms.count > 0 { terms.pointer.update(from: paid.terms.baseAddress!, count: terms.count) }
        ends.pointer.update(from: environments.transitions.ends.baseAddress!, count: count)
        if let failure = task.environment.failure() { throw failure }
    }

    /// Whether an environment can be stepped with this: choices in range, and finite numbers, which need not be in a box.
    private static func isPossible(_ row: UnsafeBufferPointer<Float>, in space: Space) -> Bool {
        func areParts(_ spaces: [Space]) -> Bool {
            var start = 0
            for space in spaces {
                guard isPossible(.init(rebasing: row[start..<(start + space.width)]), in: space) else { return false }
                start += space.width
            }
            return true
        }
        switch space {
        case .box: return row.allSatisfy(\.isFinite)
        case .tuple(let spaces): return areParts(spaces)
        case .dictionary(let spaces): return areParts(spaces.keys.sorted().map { spaces[$0]! })
        case .discrete, .multiDiscrete, .binary, .tokens: return space.contains(row)
        }
    }

    /// Where the numbers are, in the order of `telos_columns`.
    func write(columns: UnsafeMutablePointer<UnsafeRawPointer?>) {
        let transitions = environments.transitions
        let addresses: [UnsafeRawPointer?] = [
            .init(environments.observations.baseAddress), .init(transitions.nextObservations.baseAddress),
            .init(blended.pointer), .init(primary.pointer), .init(terms.pointer),
            .init(environments.signals.baseAddress), .init(transitions.signalsAfter.baseAddress), .init(ends.pointer),
        ]
        for (index, address) in addresses.enumerated() { columns[index] = address }
    }

    var description: String {
        let names = rewards.termNames.map { OrderedJSON.text($0).description }.joined(separator: ", ")
        return "{\"environment\": \(environments.specification.json), \"terms\": [\(names)], "
            + "\"horizon\": \(task.horizon.map(String.init) ?? "null"), \"count\": \(count)}"
    }
}

/// What is wrong with a call of the C interface.
struct VectorTaskError: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}
