import TelosEnvironments
import TelosRewards
import TelosTensor
import Testing

@testable import TelosLearning

@Suite struct TabularCheckpointTests {
    /// Several environments, a reward with memory, a shaped blend, schedules: interrupted at a random iteration, over
    /// and over, it ends as if it had never been.
    @Test(arguments: ["q-learning", "sarsa", "expected-sarsa"], [0, 1, 2])
    func resumingContinues(name: String, trial: Int) throws {
        var task = try task("KeyAndDoor", options: ["size": .integer(4)], horizon: 23)
        task.primary = try RewardMachine("start -> hasKey when key : 0.5\nhasKey -> done when goal : 2\nterminal done")
        task.auxiliaries = [
            AuxiliaryReward(name: "near", reward: try ExpressionReward("-pathDistance / 7"), weight: 0.3)
        ]
        task.combination = .potential
        let context = LearnerContext(task: task, key: RandomKey(seed: trial), plannedSteps: 3000)
        let entry = try #require(Learners.named(name))
        let options = #"{"environments": 3, "stepsPerIteration": 70, "learningRateSchedule": "linear"}"#
        let whole = try entry.make(context, options)
        let expected = try whole.train(steps: 3000)

        var random = RandomKey(seed: 100 + trial).stream
        var learner = try entry.make(context, options)
        var episodes: [EpisodeRecord] = []
        while learner.steps < 3000 {
            let limit = min(3000, learner.steps + 1 + random.index(below: 1000))
            episodes += try learner.train(steps: limit)
            let checkpoint = try Checkpoint(decoding: learner.checkpoint().encoded())
            learner = try entry.make(context, options)
            try learner.restore(checkpoint)
        }
        #expect(learner.weightHash == whole.weightHash)
        #expect(episodes == expected)
        #expect(try learner.checkpoint().encoded() == whole.checkpoint().encoded())
        #expect(episodes.contains { $0.end == .truncated })
    }

    @Test func checkpointsThatDoNotFitAreRefused() throws {
        let (small, large) = (
            try task("Grid", options: ["size": .integer(3)]), try task("Grid", options: ["size": .integer(4)])
        )
        for name in ["q-learning", "value-iteration", "policy-iteration"] {
            let entry = try #require(Learners.named(name))
            func make(_ task: TaskDefinition, _ options: String = "{}") throws -> any Learner {
                try entry.make(LearnerContext(task: task, key: RandomKey(seed: 0), plannedSteps: 100), options)
            }
            let learner = try make(small)
            let hash = learner.weightHash
            #expect(throws: CheckpointError.self) { try learner.restore(make(large).checkpoint()) }
            #expect(learner.weightHash == hash)
            if name == "q-learning" {
                #expect(throws: CheckpointError.self) {
                    try learner.restore(make(small, #"{"environments": 2}"#).checkpoint())
                }
            }
        }
    }
}
