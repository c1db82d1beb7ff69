import Foundation
import Telos
import TelosExperiments

extension Benchmark {
    /// Steps a second of eight environments of a Python's Gymnasium in as many processes as there are threads; none where
    /// neither `TELOS_PYTHON` nor a `.python` says that one is wanted.
    static func gymnasium(threads: Int) -> [Benchmark] {
        guard let python = PythonInterpreter.chosen() else { return [] }
        return ["CartPole-v1", "Hopper-v5"].map { identifier in
            Benchmark(name: "gymnasium \(identifier)", unit: "steps/s", threads: threads) {
                let entry = try EnvironmentProvider.gymnasium(python: python).find("gymnasium:\(identifier)")
                var options = entry.defaultOptions
                options.values["workers"] = .integer(threads)
                let count = 8
                let environments = try entry.make(options, count, entry.horizon, RandomKey(seed: 0))
                let space = environments.specification.action
                let rows = (0..<64).map { _ in Buffer<Float>(count: count * space.width, repeating: 0) }
                var random = RandomKey(seed: 0).derived("actions").stream
                for row in rows {
                    for index in 0..<count {
                        space.sample(
                            into: row.rows(from: index * space.width, count: space.width), using: &random)
                    }
                }
                var step = 0
                return {
                    environments.step(actions: rows[step % rows.count].readOnly)
                    step += 1
                    if let failure = entry.failure() { throw failure }
                    return Double(count)
                }
            }
        }
    }
}
