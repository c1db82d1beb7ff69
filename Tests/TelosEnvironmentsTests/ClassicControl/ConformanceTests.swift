import TelosTensor
import Testing

@testable import TelosEnvironments

/// Counts up by one a step from a start; wrong in one way at a time.
private struct Counter: Environment {
    enum Fault: CaseIterable, Sendable {
        case none, sharedName, badName, observationOutside, signalOutside, signalNaN, unsavedState, badActionNames,
            badStateNames, reservedName
    }
    final class State: EnvironmentState, @unchecked Sendable {
        var position: Double
        var hidden: Double
        init(_ position: Double, _ hidden: Double) {
            self.position = position
            self.hidden = hidden
        }
        init?(values: [Double]) {
            guard values.count == 1 else { return nil }
            position = values[0]
            hidden = 0
        }
        var values: [Double] { [position] }
    }
    var fault = Fault.none

    var specification: EnvironmentSpecification {
        let second =
            switch fault {
            case .sharedName: "position"
            case .badName: "2nd"
            case .reservedName: "action"
            default: "half"
            }
        return EnvironmentSpecification(
            name: "Counter", summary: "Counts.", observation: .box(0...12, count: 1), action: .discrete(2),
            actionNames: fault == .badActionNames ? ["one"] : ["one", "two"],
            signals: [Signal("position", 0...12, "Count."), Signal(second, 0...6, "Half the count.")],
            stateNames: fault == .badStateNames ? [] : ["position"], reference: "none")
    }
    func reset(using random: inout RandomStream) -> State { State(Double(random.index(below: 3)), 0) }
    func step(_ state: inout State, action: Action, using random: inout RandomStream) -> Bool {
        state = State(state.position + Double(action.index + 1), state.hidden + 0.25)
        if state.position >= 10 { state.position = min(state.position, 12) }
        return state.position >= 10
    }
    func observe(_ state: State, into observation: UnsafeMutableBufferPointer<Float>) {
        let hidden = fault == .unsavedState ? state.hidden.truncatingRemainder(dividingBy: 1) : 0
        observation[0] = Float(min(state.position + hidden, 12)) + (fault == .observationOutside ? 3 : 0)
    }
    func readSignals(_ state: State, into signals: SignalWriter) {
        signals[0] = state.position + (fault == .signalOutside && state.position >= 10 ? 5 : 0)
        signals[1] = fault == .signalNaN ? .nan : state.position / 2
    }
    func draw(_ state: State) -> Drawing { Drawing(width: 1, height: 1) }
}

/// Steps a counter, wrongly in one way at a time.
private final class FaultyBatch: BatchEnvironment {
    enum Fault: CaseIterable { case finalObservationLost, sharedRandomness, lateTruncation, losesElapsed }
    let base: VectorEnvironment<Counter>
    let fault: Fault
    let horizon: Int?
    init(_ count: Int, _ horizon: Int?, _ key: RandomKey, _ fault: Fault) {
        self.fault = fault
        self.horizon = horizon
        let used = fault == .sharedRandomness ? key.derived("count", count) : key
        base = VectorEnvironment(
            Counter(), count: count, horizon: fault == .lateTruncation ? horizon.map { $0 + 1 } : horizon, key: used)
    }
    var specification: EnvironmentSpecification { base.specification }
    var count: Int { base.count }
    var observations: UnsafeBufferPointer<Float> { base.observations }
    var signals: UnsafeBufferPointer<Double> { base.signals }
    var transitions: TransitionBatch {
        var batch = base.transitions
        if fault == .finalObservationLost { batch.nextObservations = base.observations }
        return batch
    }
    func reset() { base.reset() }
    func step(actions: UnsafeBufferPointer<Float>) { base.step(actions: actions) }
    var snapshot: BatchSnapshot { base.snapshot }
    func restore(_ snapshot: BatchSnapshot) throws {
        var snapshot = snapshot
        if fault == .losesElapsed { snapshot.elapsed = snapshot.elapsed.map { _ in 0 } }
        try base.restore(snapshot)
    }
    func draw(_ index: Int) -> Drawing { base.draw(index) }
}

@Suite struct ConformanceTests {
    @Test(arguments: Environments.all.map(\.name)) func comesWithTelos(name: String) throws {
        let entry = try #require(Environments.named(name))
        #expect(EnvironmentConformance.check(entry) == [])
    }

    @Test func namesAreUnique() {
        let names = Environments.all.map(\.name)
        #expect(Set(names).count == names.count)
    }

    @Test(arguments: Counter.Fault.allCases) private func findsFaultsOfEnvironments(fault: Counter.Fault) {
        let problems = EnvironmentConformance.check(name: "Counter") { count, horizon, key in
            VectorEnvironment(Counter(fault: fault), count: count, horizon: horizon, key: key)
        }
        #expect(problems.isEmpty == (fault == .none), "\(fault): \(problems)")
    }

    @Test(arguments: FaultyBatch.Fault.allCases) private func findsFaultsOfBatches(fault: FaultyBatch.Fault) {
        let problems = EnvironmentConformance.check(name: "Counter") { count, horizon, key in
            FaultyBatch(count, horizon, key, fault)
        }
        #expect(!problems.isEmpty, "\(fault) was not found")
    }

    @Test func horizonsOfClassicControl() {
        let horizons = Dictionary(uniqueKeysWithValues: Environments.classicControl.map { ($0.name, $0.horizon) })
        #expect(
            horizons == [
                "CartPole": 500, "MountainCar": 200, "MountainCarContinuous": 999, "Acrobot": 500, "Pendulum": 200,
            ])
    }

    @Test func optionsReachTheDynamics() throws {
        let entry = try #require(Environments.named("Pendulum"))
        var options = entry.defaultOptions
        options.values["gravity"] = .real(0)
        let batch = try entry.make(options, 1, nil, RandomKey(seed: 1))
        let velocity = batch.observations[2]
        [Float(0)].withUnsafeBufferPointer { batch.step(actions: $0) }
        #expect(batch.observations[2] == velocity)
        #expect(EnvironmentConformance.check(entry, options: options) == [])
    }

    @Test func spacesHoldWhatTheySample() {
        let space = Space.dictionary([
            "b": .tuple([.discrete(3), .binary(4)]), "a": .box(low: [0, -.infinity], high: [1, 5], shape: [2]),
            "c": .tokens(vocabulary: 5, length: 4), "d": .multiDiscrete([2, 7]),
        ])
        var random = RandomKey(seed: 3).stream
        var values = [Float](repeating: 0, count: space.width)
        var seen: Set<Float> = []
        for _ in 0..<200 {
            values.withUnsafeMutableBufferPointer { space.sample(into: $0, using: &random) }
            #expect(values.withUnsafeBufferPointer { space.contains($0) })
            seen.insert(values[2])
        }
        #expect(seen == [0, 1, 2])
        for (index, wrong) in [(0, Float(1.5)), (1, 6), (2, 3), (2, 0.5), (3, 2), (7, 5), (11, 2), (12, .nan)] {
            var changed = values
            changed[index] = wrong
            #expect(!changed.withUnsafeBufferPointer { space.contains($0) })
        }
    }
}
