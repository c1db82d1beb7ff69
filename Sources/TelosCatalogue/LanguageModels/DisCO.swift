import CTelosKernels
import TelosEnvironments
import TelosEvaluation
import TelosLearning
import TelosRewards
import TelosTensor

extension Catalogue {
    /// Ten ranges of five seeds (1000 to 1094) all hold. Groups of 8 make the effect marginal: their weights differ by 1.5
    /// at most, and most hard groups have no right answer. It holds with groups of 256 and with 12 tokens to choose among;
    /// at a divergence of 0.002 a step, all methods have solved everything by the end, and only halfway do they differ.
    static let disco = CatalogueEntry(
        slug: "disco",
        title: "DisCO: Reinforcing Large Reasoning Models with Discriminative Constrained Optimization",
        family: .languageModelReinforcementLearning, kind: .algorithm, scope: .core,
        reference: CatalogueReference(
            authors: "Gang Li, Ming Lin, Tomer Galanti, Zhengzhong Tu, Tianbao Yang", year: 2025,
            venue: "NeurIPS 2025", link: "https://arxiv.org/abs/2505.12366"),
        idea: """
            With rewards of right and wrong, group-relative advantages compare right with wrong answers, times \
            sqrt(p (1 - p)) of a question's share p of right ones: what is hardly ever answered is hardly learned. DisCO \
            compares without that weight, by scores without clipping, and lets a one-sided penalty bound the divergence.
            """,
        claim: """
            The weight of a question is exactly sqrt(p (1 - p)) for GRPO, p (1 - p) for Dr. GRPO and 1 for DisCO wherever \
            right and wrong answers meet. At one divergence a step, hard questions (p below 0.1 at first) are solved more \
            often by DisCO than by GRPO and by GRPO than by Dr. GRPO, by 0.03 and 0.1 in the end; questions of middling \
            difficulty the other way round.
            """,
        parameters: [
            ClaimParameter(
                "group", default: 64, "Answers to a question; with 8 the effect is marginal.", in: 2...512, whole: true),
            ClaimParameter("divergence", default: 0.0005, "KL of a step, a token.", in: 1e-5...0.01),
            ClaimParameter("iterations", default: 100, "Steps.", in: 10...1000, whole: true),
            ClaimParameter("tokens", default: 3, "Tokens of an answer.", in: 1...6, whole: true),
            ClaimParameter("vocabulary", default: 8, "Tokens to choose among.", in: 3...20, whole: true),
        ],
        defaultSeeds: 0..<5,
        run: { try DisCOExperiment($0).outcome() })
}

/// 100 questions with one right answer each; logits of every question and place by themselves, 0.5 N(0, 1), with the
/// right tokens' set so that a question is answered with probability p, geometric from 0.01 to 0.5 for 50 of them and 1
/// minus that for 50. Steps on 25 questions: the gradient of the coefficients times the mean log-probability of tokens,
/// scaled so that the questions' mean KL(old || new) a token is what is asked.
struct DisCOExperiment {
    let context: ClaimContext
    let methods: [Method]

    enum Method: String, Sendable, CaseIterable {
        case softmax = "DisCO"
        case mean = "DisCO-b"
        case standardized = "GRPO"
        case centred = "Dr. GRPO"

        /// Of each answer to a question.
        func coefficients(isRight: [Bool], scores: [Double]) -> [Double] {
            func advantages(_ baseline: GroupBaseline) -> [Double] {
                baseline.advantages(isRight.map { $0 ? 1 : 0 }).map { $0 / Double(isRight.count) }
            }
            switch self {
            case .softmax:
                return DiscriminativeObjective(temperature: 10).coefficients(isRight: isRight, scores: scores)
            case .mean: return DiscriminativeObjective().coefficients(isRight: isRight, scores: scores)
            case .standardized: return advantages(.standardized)
            case .centred: return advantages(.centred)
            }
        }

        /// The right answers' coefficients together, k right out of `group`.
        func weight(right: Int, group: Int) -> Double {
            let isRight = (0..<group).map { $0 < right }
            return coefficients(isRight: isRight, scores: isRight.map { _ in 0 }).prefix(right).reduce(0, +)
        }
    }

    /// Success of hard and of middling questions, in the middle and at the end.
    struct Success: Sendable { var hard: [Double] = [], middling: [Double] = [] }

    /// - methods: what is run in the places of DisCO, DisCO-b, GRPO and Dr. GRPO.
    init(_ context: ClaimContext, methods: [Method] = Method.allCases) {
        self.context = context
        self.methods = methods
    }

    func outcome() throws -> ClaimOutcome {
        let names = Method.allCases.map(\.rawValue)
        let seeds = try context.perSeed { _, key in try methods.map { try train($0, key) } }
        func middle(_ method: Int, _ value: (Success) -> Double) -> Double {
            interquartileMean(of: seeds.map { value($0[method]) })
        }
        var arms: [ClaimArm] = []
        for (index, name) in names.enumerated() {
            let role: ClaimRole = index < 2 ? .method : .baseline
            arms.append(
                ClaimArm(name, role, metric: "success, hard questions", values: seeds.map { $0[index].hard[1] }))
            arms.append(
                ClaimArm(name, role, metric: "success, middling questions", values: seeds.map { $0[index].middling[1] })
            )
        }
        let group = context.whole("group")
        func law(_ index: Int, _ expected: (Double) -> Double) -> Double {
            (1..<group).map { right in
                abs(methods[index].weight(right: right, group: group) / expected(Double(right) / Double(group)) - 1)
            }.max() ?? .nan
        }
        var tests = [
            ClaimTest("weight over 1, largest error: DisCO", law(0) { _ in 1 }, .below, 1e-6),
            ClaimTest("weight over sqrt(p (1 - p)): GRPO", law(2) { ($0 * (1 - $0)).squareRoot() }, .below, 1e-6),
            ClaimTest("weight over p (1 - p): Dr. GRPO", law(3) { $0 * (1 - $0) }, .below, 1e-6),
        ]
        for (place, when) in ["halfway", "in the end"].enumerated() {
            tests.append(
                ClaimTest(
                    "hard questions \(when): DisCO minus GRPO",
                    middle(0) { $0.hard[place] } - middle(2) { $0.hard[place] }, place == 0 ? .above : .atLeast,
                    place == 0 ? 0 : 0.03))
            tests.append(
                ClaimTest(
                    "hard questions \(when): GRPO minus Dr. GRPO",
                    middle(2) { $0.hard[place] } - middle(3) { $0.hard[place] }, .above, 0))
        }
        tests += [
            ClaimTest(
                "hard questions in the end: DisCO minus Dr. GRPO", middle(0) { $0.hard[1] } - middle(3) { $0.hard[1] },
                .atLeast, 0.1),
            ClaimTest(
                "middling questions in the end: GRPO minus DisCO",
                middle(2) { $0.middling[1] } - middle(0) { $0.middling[1] }, .above, 0),
        ]
        return ClaimOutcome(arms: arms, tests: tests)
    }

    private func train(_ method: Method, _ key: RandomKey) throws -> Success {
        let (places, vocabulary) = (context.whole("tokens"), context.whole("vocabulary"))
        let world = try TokenWorld(vocabulary: vocabulary, length: places)
        var random = key.derived("bank").stream
        let half = (0..<50).map { 0.01 * telos_exp64(telos_log64(50) * Double($0) / 49) }
        let first = half + half.map { 1 - $0 }
        let rule = ExactAnswer(answers: first.map { _ in world.tokens(of: random.index(below: world.responseCount)) })
        var logits = (0..<(first.count * places * vocabulary)).map { _ in 0.5 * random.normal() }
        for (question, answer) in rule.answers.enumerated() {
            let share = telos_exp64(telos_log64(first[question]) / Double(places))
            for (place, token) in answer.enumerated() {
                let row = (question * places + place) * vocabulary
                let others = (0..<vocabulary).filter { $0 != token }.reduce(0) { $0 + telos_exp64(logits[row + $1]) }
                logits[row + token] = telos_log64(share / (1 - share) * others)
            }
        }
        func success(_ range: Range<Double>) -> Double {
            let policy = TabularPolicy.softmax(logits, actionCount: vocabulary)
            let chosen = first.indices.filter { range.contains(first[$0]) }
            return chosen.reduce(0) { sum, question in
                sum
                    + rule.answers[question].enumerated().reduce(1) {
                        $0 * policy[(question * places + $1.offset) * vocabulary + $1.element]
                    } / Double(chosen.count)
            }
        }
        var result = Success()
        var sampling = key.derived("answers").stream
        let iterations = context.whole("iterations")
        for iteration in 1...iterations {
            var left = Array(first.indices)
            let batch = (0..<25).map { _ in left.remove(at: sampling.index(below: left.count)) }
            step(&logits, batch, method, rule, using: &sampling)
            if iteration == iterations / 2 || iteration == iterations {
                result.hard.append(success(0..<0.1))
                result.middling.append(success(0.1..<0.5))
            }
        }
        return result
    }

    /// One step on some questions.
    private func step(
        _ logits: inout [Double], _ batch: [Int], _ method: Method, _ rule: some VerifiableReward,
        using random: inout RandomStream
    ) {
        let (places, vocabulary) = (context.whole("tokens"), context.whole("vocabulary"))
        let width = places * vocabulary
        let old = batch.flatMap { logits[($0 * width)..<(($0 + 1) * width)] }
        let policy = TabularPolicy.softmax(old, actionCount: vocabulary)
        let log = policy.map { telos_log64($0) }
        var direction = [Double](repeating: 0, count: old.count)
        for (position, question) in batch.enumerated() {
            let answers = (0..<context.whole("group")).map { _ in
                (0..<places).map { place in
                    let row = position * width + place * vocabulary
                    return random.index(weights: policy[row..<(row + vocabulary)])
                }
            }
            let scores = answers.map { answer in
                answer.enumerated().reduce(0) { $0 + log[position * width + $1.offset * vocabulary + $1.element] }
                    / Double(places)
            }
            let coefficients = method.coefficients(
                isRight: answers.map { rule.reward(question: question, response: $0) > 0 }, scores: scores)
            for (answer, coefficient) in zip(answers, coefficients) where coefficient != 0 {
                for (place, token) in answer.enumerated() {
                    let row = position * width + place * vocabulary
                    direction[row + token] += coefficient
                    for other in 0..<vocabulary { direction[row + other] -= coefficient * policy[row + other] }
                }
            }
        }
        guard direction.contains(where: { $0 != 0 }) else { return }
        func moved(_ size: Double) -> [Double] { zip(old, direction).map { $0 + size * $1 } }
        func divergence(_ size: Double) -> Double {
            let new = TabularPolicy.softmax(moved(size), actionCount: vocabulary)
            return Responses.divergence(policy, new) / Double(batch.count * places)
        }
        let bound = context["divergence"]
        var (low, high) = (0.0, 0.01)
        while divergence(high) < bound { high *= 2 }
        for _ in 0..<30 {
            let size = 0.5 * (low + high)
            if divergence(size) < bound { low = size } else { high = size }
        }
        let new = moved(low)
        for (position, question) in batch.enumerated() {
            for index in 0..<width { logits[question * width + index] = new[position * width + index] }
        }
    }
}
