import TelosFeedback
import TelosNN

/// Bradley-Terry scores of options, fitted to all answers so far by Adam.
struct OptionRewardModel {
    private(set) var scores: [Double]
    private var wins: [Double]
    private var optimizer: AdamVector
    private let count: Int

    init(count: Int) {
        self.count = count
        scores = Array(repeating: 0, count: count)
        wins = Array(repeating: 0, count: count * count)
        optimizer = AdamVector(count: count)
    }

    mutating func append(_ first: Int, _ second: Int, _ choice: Choice) {
        wins[first * count + second] += choice.target
        wins[second * count + first] += 1 - choice.target
    }

    mutating func fit(steps: Int) {
        let total = wins.reduce(0, +)
        for _ in 0..<steps {
            var gradient = [Double](repeating: 0, count: count)
            for i in 0..<count {
                for j in 0..<count {
                    let error = wins[i * count + j] * (1 - logistic(scores[i] - scores[j])) / total
                    gradient[i] -= error
                    gradient[j] += error
                }
            }
            optimizer.step(&scores, gradient: gradient, learningRate: 0.05)
        }
    }
}
