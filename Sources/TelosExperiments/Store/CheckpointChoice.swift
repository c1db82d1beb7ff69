import Foundation
import TelosLearning

/// Which of a seed's checkpoints.
public enum CheckpointChoice: Sendable, Hashable, CustomStringConvertible {
    /// The one a run continues from.
    case latest
    /// The one with the best evaluation return.
    case best
    /// A periodic one, taken at that many steps.
    case step(Int)

    /// Reads `latest`, `best` or a number of steps; nil for anything else.
    public init?(argument: String) {
        switch argument {
        case "latest": self = .latest
        case "best": self = .best
        default:
            guard let steps = Numeral.parse(argument).flatMap(Int.init(exactly:)), steps >= 0 else { return nil }
            self = .step(steps)
        }
    }

    public var description: String {
        switch self {
        case .latest: "latest"
        case .best: "best"
        case .step(let steps): "\(steps)"
        }
    }

    fileprivate var suffix: String {
        switch self {
        case .latest: ""
        case .best: ".best"
        case .step(let steps): ".step-\(steps)"
        }
    }
}

extension RunStore {
    public func checkpointPath(of run: String, seed: Int, _ choice: CheckpointChoice = .latest) -> String {
        "\(folder(of: run))/seed-\(seed)\(choice.suffix).safetensors"
    }

    /// Replaces a seed's checkpoint in one step: a crash leaves the old one or the new one.
    public func writeCheckpoint(
        _ checkpoint: Checkpoint, run: String, seed: Int, as choice: CheckpointChoice = .latest
    ) throws {
        try writeAtomically(checkpoint.encoded(), to: checkpointPath(of: run, seed: seed, choice))
    }

    /// A seed's checkpoint; nil where none was written yet.
    public func readCheckpoint(run: String, seed: Int, _ choice: CheckpointChoice = .latest) throws -> Checkpoint? {
        let path = checkpointPath(of: run, seed: seed, choice)
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw StoreError("cannot read \(path): check its permissions")
        }
        do {
            return try Checkpoint(decoding: data)
        } catch {
            throw StoreError("\(path): \(error)")
        }
    }

    /// A seed's checkpoint; throws with what there is where it is not there.
    func checkpoint(_ choice: CheckpointChoice, of run: RunRecord, seed: Int) throws -> Checkpoint {
        if let checkpoint = try readCheckpoint(run: run.id, seed: seed, choice) { return checkpoint }
        var message = "seed \(seed) of '\(run.id)' has no checkpoint yet; 'telos resume \(run.id)' trains it"
        if choice != .latest, FileManager.default.fileExists(atPath: checkpointPath(of: run.id, seed: seed)) {
            var present = ["latest"]
            if FileManager.default.fileExists(atPath: checkpointPath(of: run.id, seed: seed, .best)) {
                present.append("best")
            }
            present += keptSteps(of: run.id, seed: seed).map(String.init)
            let list = present.joined(separator: ", ")
            message = "seed \(seed) of '\(run.id)' has no checkpoint '\(choice)'; there are \(list)"
        }
        throw StoreError(message)
    }

    /// The steps of a seed's periodic checkpoints, ascending.
    public func keptSteps(of run: String, seed: Int) -> [Int] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder(of: run))) ?? []
        let (prefix, suffix) = ("seed-\(seed).step-", ".safetensors")
        return names.compactMap { name in
            guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return nil }
            return Int(name.dropFirst(prefix.count).dropLast(suffix.count))
        }.sorted()
    }

    /// Removes a seed's periodic checkpoints but the `count` latest.
    func removeCheckpoints(of run: String, seed: Int, keeping count: Int) throws {
        for step in keptSteps(of: run, seed: seed).dropLast(count) {
            try FileManager.default.removeItem(atPath: checkpointPath(of: run, seed: seed, .step(step)))
        }
    }

    /// Removes a seed's periodic checkpoints after `step`: what a process wrote that ended before the next one.
    func removeCheckpoints(of run: String, seed: Int, after step: Int) throws {
        for kept in keptSteps(of: run, seed: seed) where kept > step {
            try FileManager.default.removeItem(atPath: checkpointPath(of: run, seed: seed, .step(kept)))
        }
    }
}
