import CTelosKernels
import Telos

/// One speed figure: a piece of work, how much of it there is, and its unit.
struct Benchmark {
    var name: String
    var unit: String
    var threads: Int
    /// Prepares the work; the closure it gives does it once and says how many units it did.
    var prepare: () throws -> () throws -> Double

    /// Units a second of `repeats` timings, each long enough (50 ms) for the clock, after one that warms up.
    func measure(repeats: Int) throws -> [Double] {
        let work = try prepare()
        let clock = ContinuousClock()
        func time(_ rounds: Int) throws -> (units: Double, seconds: Double) {
            var units = 0.0
            let begin = clock.now
            for _ in 0..<rounds { units += try work() }
            let duration = begin.duration(to: clock.now).components
            return (units, Double(duration.seconds) + Double(duration.attoseconds) * 1e-18)
        }
        var rounds = 1
        while try time(rounds).seconds < 0.05, rounds < 1 << 24 { rounds *= 2 }
        return try (0..<repeats).map { _ in
            let (units, seconds) = try time(rounds)
            return units / seconds
        }
    }

    static func all(threads: Int) -> [Benchmark] {
        var list = Environments.all.filter { $0.family == "classic control" || $0.name == "FourRooms" }
            .map { stepping($0, count: 256, threads: 1) }
        list += ["Hopper", "HalfCheetah"].compactMap(Environments.named)
            .map { stepping($0, count: 8, threads: threads) }
        list.append(rewardExpression())
        for size in [64, 256, 1024] { list.append(matrixProduct(size, size, size, threads: 1)) }
        list += [(256, 64, 256), (8, 64, 64), (64, 4, 64)].map { matrixProduct($0, $1, $2, threads: 1) }
        if threads > 1 { list.append(matrixProduct(1024, 1024, 1024, threads: threads)) }
        list += [elementwise("tanh", tanh), elementwise("exp", exp), elementwise("log", log), advantages()]
        list += [ppoUpdate(threads: threads), sacUpdate(threads: threads), compilingSAC()]
        list += [transformer(threads: threads), recurrent(threads: threads), convolution(threads: threads)]
        list += [replayPush(), replaySample()]
        list += gymnasium(threads: threads)
        list += [
            training("ppo", "CartPole", options: #"{"epochs": 4}"#, threads: 1),
            training("dqn", "CartPole 64x64", options: #"{"hiddenSizes": [64, 64]}"#, threads: 1),
            training(
                "sac", "Pendulum 64x64", options: #"{"hiddenSizes": [64, 64], "learningStarts": 300}"#, threads: 1),
            training(
                "sac", "Pendulum 256x256", options: #"{"hiddenSizes": [256, 256], "learningStarts": 300}"#,
                threads: threads),
            training(
                "ppo", "HalfCheetah", options: #"{"rolloutSteps": 256, "normalizeObservations": true}"#,
                threads: threads),
            training("sac", "Hopper", options: #"{"learningStarts": 300}"#, threads: threads),
        ].compactMap { $0 }
        return list
    }

    /// Environment steps a second, `count` copies side by side, random actions.
    private static func stepping(_ entry: EnvironmentEntry, count: Int, threads: Int) -> Benchmark {
        Benchmark(name: "step \(entry.name)", unit: "steps/s", threads: threads) {
            let environments = try TaskDefinition(entry).makeEnvironments(
                count: count, key: RandomKey(seed: 0), threads: threads)
            let space = environments.specification.action
            // Random anew at each step, as the loops it is compared with have it: actions that never change end episodes
            // in a corner.
            let batches = 4096 / count
            let actions = randomActions(space, count: batches * count)
            let width = count * space.width
            var batch = 0
            return {
                for _ in 0..<16 {
                    environments.step(
                        actions: UnsafeBufferPointer(rebasing: actions.readOnly[batch * width..<(batch + 1) * width]))
                    batch = (batch + 1) % batches
                }
                return Double(16 * count)
            }
        }
    }

    /// Flat encodings of random actions: choices of a discrete space, numbers in -1 to 1 of any other.
    private static func randomActions(_ space: Space, count: Int) -> Buffer<Float> {
        var random = RandomKey(seed: 0).derived("actions").stream
        let actions = Buffer<Float>(count: count * space.width, repeating: 0)
        for index in 0..<actions.count {
            switch space {
            case .discrete(let choices): actions[index] = Float(random.index(below: choices))
            case .multiDiscrete(let choices):
                actions[index] = Float(random.index(below: choices[index % choices.count]))
            case .binary: actions[index] = Float(random.index(below: 2))
            default: actions[index] = Float(random.uniform(-1, 1))
            }
        }
        return actions
    }

    /// Transitions a second of a reward expression with a condition, a function and a power.
    private static func rewardExpression() -> Benchmark {
        Benchmark(name: "reward expression", unit: "transitions/s", threads: 1) {
            let count = 4096
            let specification = EnvironmentSpecification(
                name: "Speed", summary: "", observation: .box(-1...1, count: 1), action: .discrete(2),
                signals: [Signal("position", -1...1, ""), Signal("velocity", -1...1, ""), Signal("goal", 0...1, "")],
                stateNames: [], reference: "")
            let reward = try ExpressionReward("goal ? 10 : abs(velocity) - 0.1 * position^2").bind(to: specification)
            var random = RandomKey(seed: 0).stream
            let signals = Buffer<Double>((0..<3 * count).map { $0 < 2 * count ? random.uniform(-1, 1) : 0 })
            let floats = Buffer<Float>(count: count, repeating: 0)
            let ends = Buffer<EpisodeEnd>(count: count, repeating: .ongoing)
            let rewards = Buffer<Double>(count: count, repeating: 0)
            let terms = Buffer<Double>(count: count * reward.termNames.count, repeating: 0)
            let memory = Buffer<Double>(count: 1, repeating: 0)
            return {
                reward.evaluate(
                    TransitionBatch(
                        count: count, specification: specification, signalsBefore: signals.readOnly,
                        signalsAfter: signals.readOnly, actions: floats.readOnly, observations: floats.readOnly,
                        nextObservations: floats.readOnly, ends: ends.readOnly),
                    memory: memory.all, rewards: rewards.all, terms: terms.all)
                return Double(count)
            }
        }
    }

    /// Replays a list of equal products, as a program would, so that a small one is not measured by the call around it.
    private static func matrixProduct(_ m: Int, _ k: Int, _ n: Int, threads: Int) -> Benchmark {
        Benchmark(name: "matrix product \(m)x\(k)x\(n)", unit: "GFLOP/s", threads: threads) {
            let a = Buffer<Float>(count: m * k, repeating: 0.5)
            let b = Buffer<Float>(count: k * n, repeating: 0.25)
            let result = Buffer<Float>(count: m * n, repeating: 0)
            let isa = telos_isa_default()
            var instruction = telos_instruction()
            instruction.opcode = Int32(TELOS_I_MATMUL.rawValue)
            instruction.n0 = 1
            instruction.n1 = Int64(m)
            instruction.n2 = Int64(n)
            instruction.n3 = Int64(k)
            instruction.a = UnsafePointer(a.pointer)
            instruction.b = UnsafePointer(b.pointer)
            instruction.dst = result.pointer
            let instructions = Buffer(count: max(1, 10_000_000 / (m * k * n)), repeating: instruction)
            return {
                withExtendedLifetime((a, b, result)) {
                    telos_execute(isa, instructions.pointer, instructions.count, Int32(threads))
                }
                return 2e-9 * Double(m) * Double(n) * Double(k) * Double(instructions.count)
            }
        }
    }

    /// Training steps a second of a learner: stepping, acting and learning together.
    /// - task: an environment's name, and after a space what distinguishes the options.
    private static func training(_ learner: String, _ task: String, options: String, threads: Int) -> Benchmark? {
        guard let entry = Learners.named(learner),
            let environment = Environments.named(String(task.prefix { $0 != " " }))
        else { return nil }
        return Benchmark(name: "train \(learner) \(task)", unit: "steps/s", threads: threads) {
            let context = LearnerContext(
                task: try TaskDefinition(environment), key: RandomKey(seed: 0), plannedSteps: 100_000_000,
                threads: threads)
            let learner = try entry.make(context, options)
            return {
                let before = learner.steps
                _ = try learner.iterate()
                return Double(learner.steps - before)
            }
        }
    }
}
