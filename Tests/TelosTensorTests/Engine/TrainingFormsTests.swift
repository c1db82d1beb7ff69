import CTelosKernels
import Foundation
import Testing

@testable import TelosNN
@testable import TelosTensor

/// What learners train, on every form of the kernels and several threads: the same bytes.
///
/// With the environment variable TELOS_IMAGES the programs are written into the folder it names, each with its hash, for
/// `make test-neon` to run elsewhere.
@Suite struct TrainingFormsTests {
    enum Work: String, CaseIterable, Sendable { case ppo, transformer }

    private struct Networks: TensorContainer {
        var policy: MLP
        var value: MLP

        mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
            policy.visitTensors(path.appending(part: "policy"), visit)
            value.visitTensors(path.appending(part: "value"), visit)
        }
    }

    /// An update of proximal policy optimisation: tanh networks, clipped objective, entropy bonus, squared value error,
    /// clipped gradient norm, Adam.
    private func ppo(_ set: InstructionSet, threads: Int) throws -> Program {
        let key = RandomKey(seed: 0)
        let batch = 256
        let observations = Tensor(placeholder: batch, 4)
        let actions = Tensor(placeholder: batch, 1)
        let (old, advantages) = (Tensor(placeholder: batch), Tensor(placeholder: batch))
        let returns = Tensor(placeholder: batch)
        let trainer = try Trainer(
            Networks(
                policy: MLP([4, 64, 64, 2], output: .orthogonal(gain: 0.01), key: key.derived("policy")),
                value: MLP([4, 64, 64, 1], key: key.derived("value"))),
            inputs: [observations, actions, old, advantages, returns], learningRate: 3e-3, maximumNorm: 0.5,
            instructionSet: set, threads: threads
        ) { model in
            let distribution = Categorical(logits: model.policy(observations))
            let ratio = exp(distribution.logProbability(actions) - old)
            let surrogate = minimum(ratio * advantages, ratio.clipped(0.8, 1.2) * advantages).mean()
            let valueLoss = (model.value(observations).reshaped(batch) - returns).squared.mean()
            return 0.5 * valueLoss - surrogate - 0.01 * distribution.entropy().mean()
        }
        let program = trainer.program
        var random = key.derived("rollout").stream
        for index in [0, 3, 4] { random.fillNormal(program.input(index)) }
        for row in 0..<batch { program.input(1)[row] = Float(random.index(below: 2)) }
        program.input(2).update(repeating: -0.693_147_2)
        return program
    }

    /// A training step of a causal Transformer, with Adam.
    private func transformer(_ set: InstructionSet, threads: Int) throws -> Program {
        let (batch, time, vocabulary) = (4, 16, 11)
        let tokens = Tensor(placeholder: batch, time + 1)
        let trainer = try Trainer(
            CausalTransformer(
                vocabulary: vocabulary, context: time, width: 32, heads: 2, layers: 2, key: RandomKey(seed: 1)),
            inputs: [tokens], learningRate: 3e-3, instructionSet: set, threads: threads
        ) { $0.loss(tokens) }
        let program = trainer.program
        for index in program.input(0).indices { program.input(0)[index] = Float(index * 7 % vocabulary) }
        return program
    }

    @Test(arguments: Work.allCases) func trainingHasTheSameBytesInEveryForm(_ work: Work) throws {
        let runs = 20
        func compiled(_ set: InstructionSet, threads: Int) throws -> Program {
            switch work {
            case .ppo: try ppo(set, threads: threads)
            case .transformer: try transformer(set, threads: threads)
            }
        }
        func trained(_ program: Program) -> UInt64 {
            program.run()
            let loss = program.output(0)[0]
            for _ in 1..<runs { program.run() }
            #expect(program.output(0)[0] < loss, "\(work) learns nothing")
            return program.updatedVariablesHash
        }
        let first = try compiled(.scalar, threads: 1)
        let lanes = try #require(compiled(.scalar, threads: 2).schedule?.taskCounts)
        #expect(lanes == lanes.filter { $0 > 0 } && lanes.reduce(0, +) > 20, "two threads have nothing to share")
        let image = try ProgramImage(first, runs: runs)
        let expected = trained(first)
        for set in InstructionSet.allCases where set.isAvailable {
            for threads in 1...2 {
                let hash = trained(try compiled(set, threads: threads))
                #expect(hash == expected, "\(work), \(set), \(threads) threads")
            }
        }
        if let folder = ProcessInfo.processInfo.environment["TELOS_IMAGES"] {
            let file = URL(fileURLWithPath: folder).appendingPathComponent("\(work).image")
            try image.write(expecting: expected, to: file)
        }
    }
}
