import TelosEnvironments

extension Learners {
    static let tabular: [LearnerEntry] = [
        LearnerEntry(
            name: "q-learning", family: "tabular",
            summary: "learns the value of the best behaviour from each step, whatever it does meanwhile",
            reference: "Watkins and Dayan, Q-learning, 1992",
            notes: .qLearning, configuration: TemporalDifferenceConfiguration.self, refusal: TableShape.refusal,
            make: { try TemporalDifferenceLearner($0, $1, target: .qLearning) }),
        LearnerEntry(
            name: "sarsa", family: "tabular",
            summary: "learns the value of its own behaviour from each step, its exploration included",
            reference: "Rummery and Niranjan, On-line Q-learning using connectionist systems, 1994",
            notes: .sarsa, configuration: TemporalDifferenceConfiguration.self, refusal: TableShape.refusal,
            make: { try TemporalDifferenceLearner($0, $1, target: .sarsa) }),
        LearnerEntry(
            name: "expected-sarsa", family: "tabular",
            summary: "SARSA towards the mean over its next actions in place of one of them",
            reference: "Van Seijen, Van Hasselt, Whiteson and Wiering, A theoretical and empirical analysis of "
                + "expected Sarsa, 2009",
            notes: .expectedSarsa, configuration: TemporalDifferenceConfiguration.self, refusal: TableShape.refusal,
            make: { try TemporalDifferenceLearner($0, $1, target: .expectedSarsa) }),
        LearnerEntry(
            name: "value-iteration", family: "planning",
            summary: "plans on the exact model, a sweep over all states at a time (states * actions steps each)",
            reference: "Bellman, Dynamic programming, 1957",
            notes: .valueIteration, configuration: PlanningConfiguration.self, refusal: TableShape.refusal,
            make: { try Planner($0, $1, method: .valueIteration) }),
        LearnerEntry(
            name: "policy-iteration", family: "planning",
            summary: "plans on the exact model, evaluating and improving a policy (states * actions steps each time)",
            reference: "Howard, Dynamic programming and Markov processes, 1960",
            notes: .policyIteration, configuration: PlanningConfiguration.self, refusal: TableShape.refusal,
            make: { try Planner($0, $1, method: .policyIteration) }),
    ]
}

/// How many rows and columns a table of action values has in an environment.
enum TableShape {
    static let refusal: @Sendable (EnvironmentSpecification) -> String? = { specification in
        guard case .discrete = specification.observation else {
            return "it has a table with a row an observation, \(specification.name) gives \(specification.observation)"
        }
        guard case .discrete = specification.action else {
            return "it has a table with a column an action, \(specification.name) takes \(specification.action)"
        }
        return nil
    }

    static func of(_ specification: EnvironmentSpecification) throws -> (observations: Int, actions: Int) {
        guard case .discrete(let observations) = specification.observation,
            case .discrete(let actions) = specification.action
        else { throw LearnerError(refusal(specification) ?? "") }
        return (observations, actions)
    }
}
