import CTelosKernels
import Telos

extension Benchmark {
    /// Elements a second of one function over a million floats, from one array into another.
    static func elementwise(_ name: String, _ function: @escaping (Tensor) -> Tensor) -> Benchmark {
        Benchmark(name: "elementwise \(name)", unit: "elements/s", threads: 1) {
            let count = 1_000_000
            let x = Tensor(placeholder: count)
            let program = try Program(inputs: [x], outputs: [function(x)])
            var random = RandomKey(seed: 0).stream
            random.fillUniform(program.input(0))
            return {
                program.run()
                return Double(count)
            }
        }
    }

    /// Steps a second of generalised advantage estimation over 2,048 steps of 256 environments, one step in 200 an end.
    static func advantages() -> Benchmark {
        Benchmark(name: "advantages 524288", unit: "steps/s", threads: 1) {
            let (steps, environments) = (2048, 256)
            let count = steps * environments
            var random = RandomKey(seed: 0).stream
            func normals() -> Buffer<Float> {
                let values = Buffer<Float>(count: count, repeating: 0)
                random.fillNormal(values.all)
                return values
            }
            let (rewards, values, nextValues, result) = (normals(), normals(), normals(), normals())
            let ends = Buffer<EpisodeEnd>(
                (0..<count).map { _ in random.index(below: 200) == 0 ? .terminated : .ongoing })
            return {
                generalizedAdvantages(
                    rewards: rewards.pointer, values: values.pointer, nextValues: nextValues.pointer,
                    ends: ends.pointer, steps: steps, environments: environments, discount: 0.99, lambda: 0.95,
                    into: result.pointer)
                return Double(count)
            }
        }
    }
}
