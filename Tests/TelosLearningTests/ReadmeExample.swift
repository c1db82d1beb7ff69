import TelosEnvironments
import TelosLearning
import TelosRewards
import TelosTensor
import Testing

struct Walk: Environment {
    let specification = EnvironmentSpecification(
        name: "Walk", summary: "A corridor of nine cells; the right end is the goal.",
        observation: .discrete(9), action: .discrete(2), actionNames: ["left", "right"],
        signals: [
            Signal("cell", unit: "1", 0...8, "Where the walker is."), Signal("goal", 0...1, "1 at the right end."),
        ],
        stateNames: ["cell"], reference: "The random walk of Sutton and Barto, 2018, example 6.2, with actions.")

    func reset(using random: inout RandomStream) -> Int { 4 }

    func step(_ state: inout Int, action: Action, using random: inout RandomStream) -> Bool {
        let right = (action.index == 1) != (random.uniform() < 0.1)
        state = min(8, max(0, state + (right ? 1 : -1)))
        return state == 8
    }

    func observe(_ state: Int, into observation: UnsafeMutableBufferPointer<Float>) { observation[0] = Float(state) }

    func readSignals(_ state: Int, into signals: SignalWriter) {
        signals[0] = Double(state)
        signals[1] = state == 8 ? 1 : 0
    }

    func draw(_ state: Int) -> Drawing {
        Drawing(width: 9, height: 1, elements: [.circle(x: Double(state) + 0.5, y: 0.5, radius: 0.4, fill: "#2563eb")])
    }
}

func trainWalker() throws -> Double {
    let entry = EnvironmentEntry(
        name: "Walk", family: "mine", summary: "A corridor.", horizon: 50, reward: "goal ? 1 : -0.01"
    ) { _ in Walk() }
    let task = try TaskDefinition(entry)
    let learner = try Learners.named("q-learning")!.make(
        LearnerContext(task: task, key: RandomKey(seed: 0), plannedSteps: 20_000), "{}")
    while learner.steps < 20_000 { _ = try learner.iterate() }
    return try evaluate(learner.policy(), on: task, episodes: 20, key: RandomKey(seed: 1)).meanReturn
}

@Test func theReadmeExampleLearns() throws { #expect(try trainWalker() > 0.8) }
