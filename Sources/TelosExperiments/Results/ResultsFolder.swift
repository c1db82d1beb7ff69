import Foundation
import TelosLearning

/// `Results/`: curve data in `data`, published numbers in `published.json`, and the pages generated from both, one a
/// learner and an index.
public struct ResultsFolder: Sendable {
    public let path: String
    private let registries: Registries

    public init(path: String, registries: Registries = .builtIn) {
        self.path = path
        self.registries = registries
    }

    /// The data, by learner in the order of `telos learners`, then by environment.
    /// Throws `StoreError` for a file that is no data.
    public func results() throws -> [LearnerResult] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(path)/data")) ?? []
        let read = try names.filter { $0.hasSuffix(".json") }.sorted().map { name in
            let result: LearnerResult = try decode("data/\(name)")
            guard result.fileName == name else {
                throw StoreError("\(path)/data/\(name) holds \(result.fileName); rename it")
            }
            return result
        }
        let order = registries.learners.map(\.name)
        for result in read where !order.contains(result.learner) {
            throw StoreError("\(path)/data/\(result.fileName): there is no learner '\(result.learner)'")
        }
        return order.flatMap { name in read.filter { $0.learner == name } }
    }

    public func published() throws -> [PublishedReturn] {
        guard FileManager.default.fileExists(atPath: "\(path)/published.json") else { return [] }
        return try decode("published.json")
    }

    /// Every page's name and text, the index first.
    public func pages() throws -> [(name: String, text: String)] {
        let (results, published) = (try results(), try published())
        guard !results.isEmpty else {
            throw StoreError("there are no results in \(path)/data; add a finished run's: telos results --add RUN")
        }
        let entries = registries.learners.filter { entry in results.contains { $0.learner == entry.name } }
        let pages = entries.map { entry in
            ResultsPage(
                entry: entry, results: results.filter { $0.learner == entry.name },
                published: published.filter { $0.learner == entry.name })
        }
        return [("README.md", ResultsPage.index(pages))]
            + (try pages.map { ("\($0.entry.name).md", try $0.text()) })
    }

    /// Writes every page and gives the names of those that changed.
    public func write() throws -> [String] {
        try changed().map { page in
            try writeAtomically(Data(page.text.utf8), to: "\(path)/\(page.name)")
            return page.name
        }
    }

    /// The pages that differ from what is there.
    public func changed() throws -> [(name: String, text: String)] {
        try pages().filter { page in
            FileManager.default.contents(atPath: "\(path)/\(page.name)") != Data(page.text.utf8)
        }
    }

    /// Adds a finished run's curves, in place of those of its learner, environment and variant; gives the file's path.
    public func add(run id: String, in store: RunStore, variant: String? = nil, measuresSpeed: Bool = true) throws
        -> String
    {
        let result = try LearnerResult(
            run: id, in: store, variant: variant, measuresSpeed: measuresSpeed, registries: registries)
        try FileManager.default.createDirectory(atPath: "\(path)/data", withIntermediateDirectories: true)
        let file = "\(path)/data/\(result.fileName)"
        try writeAtomically(Data(result.json.utf8), to: file)
        return file
    }

    private func decode<Value: Decodable>(_ name: String) throws -> Value {
        let file = "\(path)/\(name)"
        guard let data = FileManager.default.contents(atPath: file) else { throw StoreError("cannot read \(file)") }
        do {
            return try JSONDecoder().decode(Value.self, from: data)
        } catch {
            throw StoreError("\(file) cannot be read: \(error)")
        }
    }
}
