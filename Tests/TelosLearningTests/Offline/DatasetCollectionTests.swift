import TelosEnvironments
import TelosFeedback
import TelosTensor
import Testing

@testable import TelosLearning

@Suite struct DatasetCollectionTests {
    private let key = RandomKey(seed: 6)

    @Test func stepsOfAnEnvironmentLieTogetherAndPayTheTasksReward() throws {
        let definition = try task("CartPole", horizon: 30)
        let space = try definition.makeEnvironments(count: 1, key: key).specification.action
        let dataset = try TransitionDataset.collecting(
            UniformPolicy(space), on: definition, count: 205, environments: 4, key: key)
        #expect(dataset.count == 205 && dataset.observationWidth == 4 && dataset.source == "CartPole")
        for episode in dataset.episodes {
            for row in episode.dropLast() {
                #expect(dataset[row].nextObservation == dataset[row + 1].observation && dataset[row].end == .ongoing)
                #expect(dataset[row].nextSignals == dataset[row + 1].signals)
            }
            #expect(episode.count <= 30 && dataset[episode.upperBound - 1].end != .ongoing)
        }
        #expect(dataset.returns == dataset.episodes.map { Double($0.count) })
        // The same key gives the same steps; another policy's are others.
        let again = try TransitionDataset.collecting(
            UniformPolicy(space), on: definition, count: 205, environments: 4, key: key)
        #expect(again == dataset)
        // Few steps come from few environments.
        let few = try TransitionDataset.collecting(UniformPolicy(space), on: definition, count: 3, key: key)
        #expect(few.count == 3 && few.episodes.count == 3)
        #expect(throws: LearnerError.self) {
            try TransitionDataset.collecting(UniformPolicy(space), on: definition, count: 0, key: key)
        }
        #expect(throws: LearnerError.self) { try UniformPolicy(.multiDiscrete([2, 3])) }
    }

    @Test func gradesRiseFromRandomToExpert() throws {
        let definition = try task("GridWorld", horizon: 60)
        let entry = try #require(Learners.named("q-learning"))
        let learner = try entry.make(
            LearnerContext(task: definition, key: key.derived("learner"), plannedSteps: 20_000), "{}")
        let policies = try GradedPolicies(training: learner, on: definition, iterations: 12, key: key)
        let (medium, expert) = (policies.stages[policies.medium()], policies.stages[policies.expert])
        #expect(policies.stages.count == 13 && policies.medium() <= policies.expert)
        #expect(policies.stages[0].meanReturn < expert.meanReturn && medium.meanReturn <= expert.meanReturn)
        #expect(policies.normalizedScore(expert.meanReturn) == 100)
        #expect(policies.normalizedScore(policies.stages[0].meanReturn) == 0)
        func mean(_ grade: DatasetGrade) throws -> Double {
            let dataset = try policies.dataset(grade, count: 1500, key: key.derived("data"))
            #expect(dataset.count == 1500 && dataset.source == "GridWorld, \(grade.rawValue)")
            return dataset.returns.reduce(0, +) / Double(dataset.returns.count)
        }
        let (random, best) = (try mean(.random), try mean(.expert))
        #expect(best > random)
        let replay = try mean(.replay)
        #expect(replay >= random - 1e-9 && replay <= best + 1e-9)
    }

    @Test func gradedPoliciesOfAFiniteProcessAreWorthTheirShare() throws {
        let definition = try task("CliffWalking")
        let (model, reward, solution) = try solution(of: definition, discount: 0.95)
        let mdp = model.mdp
        func value(_ policy: [Double]) throws -> Double {
            try mdp.expectedReturn(policy: policy, reward: reward, discount: 0.95)
        }
        let low = try value(TabularPolicy.uniform(stateCount: mdp.stateCount, actionCount: mdp.actionCount))
        let high = mdp.expectation(of: solution.values)
        for share in [0.0, 0.2, 1.0 / 3, 0.7, 0.95, 1] {
            let graded = try value(mdp.gradedPolicy(share: share, reward: reward, discount: 0.95))
            #expect(abs((graded - low) / (high - low) - share) < 1e-6, "\(share)")
        }
        #expect(throws: TabularError.self) { try mdp.gradedPolicy(share: 1.5, reward: reward, discount: 0.95) }
    }
}
