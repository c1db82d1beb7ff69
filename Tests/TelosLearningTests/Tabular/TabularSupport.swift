import TelosEnvironments
import TelosRewards
import TelosTensor

@testable import TelosLearning

/// The usual task of an environment that comes with Telos, with some options, the horizon or the reward changed.
func task(
    _ name: String, options: [String: OptionValue] = [:], horizon: Int?? = nil, reward: String? = nil
) throws -> TaskDefinition {
    var task = try TaskDefinition(Environments.named(name)!)
    for (option, value) in options { task.options.values[option] = value }
    if let horizon { task.horizon = horizon }
    if let reward { task.primary = try ExpressionReward(reward) }
    return task
}

/// A task in a tabular MDP whose reward is a signal `pay` of the state reached.
func task(_ mdp: TabularMDP, pay: [Double], horizon: Int?) throws -> TaskDefinition {
    let environment = try TabularEnvironment(mdp, columns: [.init("pay", values: pay)])
    return try TaskDefinition(
        EnvironmentEntry(name: "Tabular", family: "tests", summary: "", horizon: horizon, reward: "pay") { _ in
            environment
        })
}

/// The exact solution of a task in a finite environment, with its model and r(s,a).
func solution(
    of task: TaskDefinition, discount: Double
) throws -> (model: FiniteModel, reward: [Double], solution: TabularSolution) {
    let environments = try task.makeEnvironments(count: 1, key: RandomKey(seed: 0))
    let model = environments.finiteModel!
    let reward = try model.mdp.expectedReward(
        tabulate(reward: task.primary.bind(to: environments.specification), over: model))
    return (model, reward, try model.mdp.policyIteration(reward: reward, discount: discount))
}

extension Learner {
    /// Trains until so many steps are taken and gives the episodes that ended.
    @discardableResult
    func train(steps limit: Int) throws -> [EpisodeRecord] {
        var episodes: [EpisodeRecord] = []
        while steps < limit { episodes += try iterate().episodes }
        return episodes
    }
}

/// A one-step temporal-difference learner on `task`.
func learner(
    _ target: TemporalDifferenceTarget, _ task: TaskDefinition, seed: Int = 0, plannedSteps: Int,
    _ configure: (inout TemporalDifferenceConfiguration) -> Void
) throws -> TemporalDifferenceLearner {
    var configuration = TemporalDifferenceConfiguration()
    configure(&configuration)
    try configuration.validate()
    return try TemporalDifferenceLearner(
        LearnerContext(task: task, key: RandomKey(seed: seed), plannedSteps: plannedSteps), configuration,
        target: target)
}
