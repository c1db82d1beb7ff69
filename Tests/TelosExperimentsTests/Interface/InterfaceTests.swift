import Foundation
import TelosEnvironments
import TelosLearning
import TelosTensor
import Testing

@testable import TelosC
@testable import TelosExperiments

/// The C interface as C sees it: addresses, numbers and texts.
@Suite struct InterfaceTests {
    private let experiment = """
        task: {environment: CartPole, reward: "1 - abs(angle)", horizon: 30}
        auxiliary: {still: {reward: "-abs(velocity)", weight: 0.5}}
        learner: {algorithm: not-looked-at}
        """

    private func message(_ text: UnsafeMutablePointer<CChar>?) -> String {
        guard let text else { return "" }
        defer { telosFree(text) }
        return String(cString: text)
    }

    private func create(_ experiment: String, count: Int64 = 3, seed: Int64 = 4) -> (UnsafeMutableRawPointer?, String) {
        var error: UnsafeMutablePointer<CChar>?
        let handle = telosVectorCreate(experiment, "file.yaml", count, seed, 0.99, &error)
        return (handle, message(error))
    }

    @Test func columnsAreThoseOfTheEnvironments() throws {
        let handle = try #require(create(experiment).0)
        defer { telosVectorDestroy(handle) }
        let task = try TaskDefinition(parsing: experiment, file: "file.yaml")
        let environments = try task.makeEnvironments(count: 3, key: RandomKey(seed: 4))
        let rewards = try TaskRewards(
            task, specification: environments.specification, count: 3, discount: 0.99)
        var columns = [UnsafeRawPointer?](repeating: nil, count: 8)
        func floats(_ index: Int) -> [Float] {
            Array(UnsafeBufferPointer(start: columns[index]?.assumingMemoryBound(to: Float.self), count: 12))
        }
        func doubles(_ index: Int, _ count: Int) -> [Double] {
            Array(UnsafeBufferPointer(start: columns[index]?.assumingMemoryBound(to: Double.self), count: count))
        }
        #expect(telosVectorReset(handle, 4, &columns) == 0)
        #expect(floats(0) == Array(environments.observations))
        var random = RandomKey(seed: 0).stream
        var ends: Set<UInt8> = []
        for _ in 0..<60 {
            let actions = (0..<3).map { _ in Float(random.index(below: 2)) }
            #expect(telosVectorStep(handle, actions, &columns) == 0)
            actions.withUnsafeBufferPointer { environments.step(actions: $0) }
            let transitions = environments.transitions
            let paid = rewards.evaluate(transitions)
            #expect(floats(0) == Array(environments.observations))
            #expect(floats(1) == Array(transitions.nextObservations))
            let blended: [Double] = (0..<3).map { paid.channels[$0] + 0.5 * paid.channels[3 + $0] }
            #expect(doubles(2, 3) == blended)
            #expect(doubles(3, 3) == Array(paid.channels[..<3]))
            #expect(doubles(4, 6) == Array(paid.terms))
            #expect(doubles(5, environments.signals.count) == Array(environments.signals))
            #expect(doubles(6, environments.signals.count) == Array(transitions.signalsAfter))
            let told = UnsafeBufferPointer(start: columns[7]?.assumingMemoryBound(to: UInt8.self), count: 3)
            let expected: [UInt8] = transitions.ends.map(\.rawValue)
            #expect(Array(told) == expected)
            ends.formUnion(told)
        }
        #expect(ends == [0, 1, 2])
    }

    @Test func mistakesAreTexts() throws {
        let near = "there is no environment 'CartPol'; did you mean 'CartPole'?"
        #expect(create("task: {environment: CartPol}").1 == "file.yaml:1:21: \(near)")
        #expect(create("task: [").1.hasPrefix("file.yaml:"))
        #expect(create(experiment + "\ncombine: behavior-alignment").1.contains("ppo"))
        #expect(create(experiment, count: 0).1.contains("from 1 to"))
        #expect(create(experiment, count: .max).1.contains("from 1 to"))
        #expect(telosVectorCreate(nil, nil, 1, 0, 0.99, nil) == nil)

        let handle = try #require(create(experiment).0)
        defer { telosVectorDestroy(handle) }
        var columns = [UnsafeRawPointer?](repeating: nil, count: 8)
        #expect(telosVectorReset(handle, -1, &columns) == 0)
        let before = columns[0]
        for actions: [Float] in [[0, 2, 0], [0, -1, 0], [0, 0.5, 0], [0, .nan, 0]] {
            #expect(telosVectorStep(handle, actions, &columns) == 1)
            #expect(String(cString: telosVectorError(handle)!).contains("environment 1"))
        }
        #expect(telosVectorStep(handle, nil, &columns) == 1)
        #expect(columns[0] == before)
        #expect(telosVectorStep(handle, [0, 1, 0], nil) == 0)
        #expect(String(cString: telosVectorError(handle)!) == "")
        #expect(telosVectorStep(nil, [0], nil) == 1)
        #expect(telosVectorReset(nil, 0, nil) == 1)
        #expect(telosVectorDraw(handle, 3) == nil)
        #expect(message(telosVectorDraw(handle, 2)).hasPrefix("<svg"))
        let description = try #require(JSONValue(json: message(telosVectorDescribe(handle)))?.object)
        #expect(description["terms"]?.list?.compactMap(\.text) == ["1 - abs(angle)", "still"])
        #expect(description["horizon"] == .number(30))
        #expect(JSONValue(json: message(telosEnvironments()))?.list?.count == Environments.all.count)
    }
}
