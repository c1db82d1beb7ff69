import CTelosKernels
import TelosEnvironments
import TelosEvaluation
import TelosLearning
import TelosNN
import TelosRewards
import TelosTensor

/// Responses with a gold reward and a reward model that was trained on what the reference policy says.
///
///     gold = sum over v < 7 of u[p, v] sqrt(n_v) + 1.2 min(h, cap) - 0.6 max(h - cap, 0)^1.5,  u ~ 0.6 N(0, 1)
///
/// n_v the uses of token v, h those of token 7: helpful as often as the reference uses it, harmful beyond. Policies are
/// independent logits of every prompt and place; the reference's 0.3 N(0, 1), less 0.3 for token 7. The model: prompt and
/// counts / 3 through two rectified layers of 32, 400 Adam steps of 0.003 on comparisons drawn with probability sigmoid(gold
/// difference). Gold is reported in deviations under the reference, from its mean.
struct HackableTask {
    private static let (prompts, vocabulary, batch) = (6, 8, 128)
    private let length: Int
    private let cap: Double
    private let weights: [Double]
    private let reference: [Double]
    private let network: MLP
    private var goldMean = 0.0
    private var goldDeviation = 1.0

    private struct Response {
        var prompt: Int
        var tokens: [Int]
        var counts: [Double]
    }

    init(length: Int, cap: Double, pairs: Int, key: RandomKey) throws {
        self.length = length
        self.cap = cap
        var random = key.stream
        weights = (0..<(Self.prompts * 7)).map { _ in 0.6 * random.normal() }
        reference = (0..<(Self.prompts * length * Self.vocabulary)).map {
            0.3 * random.normal() - ($0 % Self.vocabulary == 7 ? 0.3 : 0)
        }
        let policy = TabularPolicy.softmax(reference, actionCount: Self.vocabulary)
        let inputs = (0..<2).map { _ in Tensor(placeholder: pairs, Self.prompts + Self.vocabulary) }
        let labels = Tensor(placeholder: pairs)
        // The Bradley-Terry loss: direct preference optimisation's, of scores.
        let objective = DirectPreference(beta: 1)
        let descent = try Descent(
            MLP([Self.prompts + Self.vocabulary, 32, 32, 1], activation: .relu, key: key.derived("model")),
            inputs: inputs + [labels]
        ) { model in
            objective.losses(model(inputs[0]).reshaped(pairs), model(inputs[1]).reshaped(pairs), target: labels).mean()
        }
        var (compared, chosen): ([[Response]], [Double]) = ([], [])
        for _ in 0..<pairs {
            let prompt = random.index(below: Self.prompts)
            let two = (0..<2).map { _ in Self.draw(policy, prompt, length, using: &random) }
            let difference = Self.gold(two[0], weights, cap) - Self.gold(two[1], weights, cap)
            compared.append(two)
            chosen.append(random.uniform() < Responses.logistic(difference) ? 1 : 0)
        }
        for index in 0..<2 { descent.fill(index, compared.flatMap { Self.features($0[index]) }) }
        descent.fill(2, chosen)
        for _ in 0..<400 { descent.step(learningRate: 0.003) }
        network = descent.parameters.value
        let gold = (0..<2000).map {
            Self.gold(Self.draw(policy, $0 % Self.prompts, length, using: &random), weights, cap)
        }
        (goldMean, goldDeviation) = (mean(of: gold), standardDeviation(of: gold))
    }

    private static func draw(
        _ policy: [Double], _ prompt: Int, _ length: Int, using random: inout RandomStream
    ) -> Response {
        var response = Response(prompt: prompt, tokens: [], counts: Array(repeating: 0, count: vocabulary))
        for place in 0..<length {
            let row = (prompt * length + place) * vocabulary
            let token = random.index(weights: policy[row..<(row + vocabulary)])
            response.tokens.append(token)
            response.counts[token] += 1
        }
        return response
    }

    private static func gold(_ response: Response, _ weights: [Double], _ cap: Double) -> Double {
        let uses = response.counts[7]
        let beyond = max(uses - cap, 0)
        return (0..<7).reduce(1.2 * min(uses, cap) - 0.6 * beyond * beyond.squareRoot()) {
            $0 + weights[response.prompt * 7 + $1] * response.counts[$1].squareRoot()
        }
    }

    private static func features(_ response: Response) -> [Double] {
        (0..<prompts).map { $0 == response.prompt ? 1 : 0 } + response.counts.map { $0 / 3 }
    }

    /// Scores of any number of responses, `batch` at a time.
    private func scores(_ responses: [Response], _ program: Program) -> [Double] {
        stride(from: 0, to: responses.count, by: Self.batch).flatMap { start -> [Double] in
            let some = responses[start..<min(start + Self.batch, responses.count)]
            for (index, value) in some.flatMap(Self.features).enumerated() { program.input(0)[index] = Float(value) }
            program.run()
            return program.output(0).prefix(some.count).map(Double.init)
        }
    }

    /// Trains a policy on shaped scores, and records the mean score, gold and divergence of every tenth iteration.
    /// - Parameters:
    ///   - references: how many responses of the reference a score is compared with.
    ///   - penalty: what a nat of divergence costs.
    func train(
        _ shaper: ScoreShaper, references: Int, penalty: Double, iterations: Int, key: RandomKey
    ) throws -> OverOptimizationMonitor {
        let (places, vocabulary) = (length, Self.vocabulary)
        var (shaper, random, logits) = (shaper, key.stream, reference)
        let features = Tensor(placeholder: Self.batch, Self.prompts + vocabulary)
        let program = try Program(inputs: [features], outputs: [network(features).reshaped(Self.batch)])
        let prior = TabularPolicy.softmax(reference, actionCount: vocabulary)
        let compared = (0..<Self.prompts).map { prompt in
            scores((0..<references).map { _ in Self.draw(prior, prompt, places, using: &random) }, program)
        }
        var adam = AdamVector(count: logits.count)
        var monitor = OverOptimizationMonitor()
        for iteration in 1...iterations {
            let policy = TabularPolicy.softmax(logits, actionCount: vocabulary)
            let log = policy.map { telos_log64($0) }
            let responses = (0..<Self.batch).map { _ in
                Self.draw(policy, random.index(below: Self.prompts), places, using: &random)
            }
            let raw = scores(responses, program)
            shaper.observe(raw)
            // Rewards to go: the shaped score at the end, the divergence at every token.
            var (returns, divergence) = ([Double](repeating: 0, count: Self.batch * places), 0.0)
            for (row, response) in responses.enumerated() {
                var sum = shaper(raw[row], references: compared[response.prompt])
                for place in stride(from: places - 1, through: 0, by: -1) {
                    let index = (response.prompt * places + place) * vocabulary + response.tokens[place]
                    let ratio = log[index] - telos_log64(prior[index])
                    divergence += ratio / Double(Self.batch)
                    sum -= penalty * ratio
                    returns[row * places + place] = sum
                }
            }
            if iteration % 10 == 0 || iteration == 1 || iteration == iterations {
                let gold = responses.map { (Self.gold($0, weights, cap) - goldMean) / goldDeviation }
                monitor.record(divergence: divergence, proxy: mean(of: raw), gold: mean(of: gold))
            }
            for place in 0..<places {
                let centre = mean(of: (0..<Self.batch).map { returns[$0 * places + place] })
                for row in 0..<Self.batch { returns[row * places + place] -= centre }
            }
            let spread = standardDeviation(of: returns) + 1e-8
            for _ in 0..<2 {
                let present = TabularPolicy.softmax(logits, actionCount: vocabulary)
                var slope = [Double](repeating: 0, count: logits.count)
                for (row, response) in responses.enumerated() {
                    for (place, token) in response.tokens.enumerated() {
                        let first = (response.prompt * places + place) * vocabulary
                        let ratio = present[first + token] / policy[first + token]
                        let advantage = returns[row * places + place] / spread
                        guard advantage > 0 ? ratio < 1.2 : ratio > 0.8 else { continue }
                        let weight = advantage * ratio / Double(Self.batch * places)
                        slope[first + token] -= weight
                        for other in 0..<vocabulary { slope[first + other] += weight * present[first + other] }
                    }
                }
                adam.step(&logits, gradient: slope, learningRate: 0.03)
            }
        }
        return monitor
    }
}
