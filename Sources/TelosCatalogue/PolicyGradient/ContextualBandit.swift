import TelosEnvironments
import TelosLearning
import TelosTensor

/// Contexts alike, each with arms of normal mean rewards.
struct ContextualBandit: Sendable {
    let contexts: Int
    let arms: Int
    let means: [Double]

    init(contexts: Int, arms: Int, key: RandomKey) {
        (self.contexts, self.arms) = (contexts, arms)
        var random = key.stream
        means = (0..<(contexts * arms)).map { _ in random.normal() }
    }

    func policy(_ logits: [Double]) -> [Double] { TabularPolicy.softmax(logits, actionCount: arms) }

    func value(of policy: [Double], in context: Int) -> Double {
        (context * arms..<(context + 1) * arms).reduce(0) { $0 + policy[$1] * means[$1] }
    }

    /// 0 for the uniform policy, 1 for the best.
    func score(of policy: [Double]) -> Double {
        var (value, uniform, best) = (0.0, 0.0, 0.0)
        for context in 0..<contexts {
            let row = means[(context * arms)..<((context + 1) * arms)]
            value += self.value(of: policy, in: context)
            uniform += row.reduce(0, +) / Double(arms)
            best += row.max() ?? 0
        }
        return (value - uniform) / (best - uniform)
    }
}

/// Adam on a table of numbers, uphill.
struct TableAdam: Sendable {
    private(set) var values: [Double]
    private var mean: [Double]
    private var square: [Double]
    private var powers = (1.0, 1.0)

    init(count: Int) {
        values = Array(repeating: 0, count: count)
        (mean, square) = (values, values)
    }

    mutating func ascend(_ gradient: [Double], rate: Double) {
        powers = (powers.0 * 0.9, powers.1 * 0.999)
        for (index, slope) in gradient.enumerated() {
            mean[index] += 0.1 * (slope - mean[index])
            square[index] += 0.001 * (slope * slope - square[index])
            values[index] +=
                rate * (mean[index] / (1 - powers.0)) / ((square[index] / (1 - powers.1)).squareRoot() + 1e-8)
        }
    }
}

/// The bandit to act in: one context, one arm, one noisy reward an episode. Signals: `pay`.
struct BanditEnvironment: Environment {
    let bandit: ContextualBandit
    let noise: Double
    let specification: EnvironmentSpecification

    /// The context and what was paid.
    typealias State = SIMD2<Double>

    init(_ bandit: ContextualBandit, noise: Double) {
        self.bandit = bandit
        self.noise = noise
        specification = EnvironmentSpecification(
            name: "ContextualBandit", summary: "One choice in one of several contexts.",
            observation: .discrete(bandit.contexts), action: .discrete(bandit.arms),
            signals: [Signal("pay", -1e6...1e6, "What the arm paid.")], stateNames: ["context", "pay"],
            reference: "none")
    }

    func reset(using random: inout RandomStream) -> State { [Double(random.index(below: bandit.contexts)), 0] }

    func step(_ state: inout State, action: Action, using random: inout RandomStream) -> Bool {
        state.y = bandit.means[Int(state.x) * bandit.arms + action.index] + noise * random.normal()
        return true
    }

    func observe(_ state: State, into observation: UnsafeMutableBufferPointer<Float>) {
        observation[0] = Float(state.x)
    }

    func readSignals(_ state: State, into signals: SignalWriter) { signals[0] = state.y }
    func draw(_ state: State) -> Drawing { Drawing(width: 1, height: 1, elements: []) }

    func task() throws -> TaskDefinition {
        let environment = self
        return try TaskDefinition(
            EnvironmentEntry(
                name: specification.name, family: "catalogue", summary: specification.summary, horizon: nil,
                reward: "pay"
            ) { _ in environment })
    }
}
