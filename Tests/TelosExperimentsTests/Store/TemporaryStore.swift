import Foundation

@testable import TelosExperiments

/// A folder of its own for a test, removed with it.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "telos-tests-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func store() throws -> RunStore { try RunStore(path: "\(path)/store") }
}

extension RunStore {
    func begin(_ name: String = "walk", seeds: [Int] = [0, 1, 2]) throws -> RunRecord {
        try createRun(
            name: name, environment: "Corridor", learner: "walk", source: "source", resolved: "resolved", seeds: seeds)
    }
}
