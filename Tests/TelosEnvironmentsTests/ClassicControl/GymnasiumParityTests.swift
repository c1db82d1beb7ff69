import Foundation
import TelosTensor
import Testing

@testable import TelosEnvironments

/// What Gymnasium 1.4.0 did, as `Fixtures/record_gymnasium.py` recorded it.
struct GymnasiumRecording: Decodable {
    struct Segment: Decodable {
        var start: [Double]
        var firstObservation: [Double]
        var actions: [Double]
        var states: [[Double]]
        var observations: [[Double]]
        var rewards: [Double]
        var terminated: [Bool]
    }
    struct Trajectory: Decodable {
        var seed: Int
        var segments: [Segment]
    }
    var gymnasium: String
    var environments: [String: [Trajectory]]

    static let shared: GymnasiumRecording? = {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let data = try? Data(contentsOf: folder.appending(path: "Fixtures/classic_control.json"))
        return data.flatMap { try? JSONDecoder().decode(GymnasiumRecording.self, from: $0) }
    }()
}

/// Signals by name, before and after a step, and the action.
private struct Step {
    var names: [String]
    var before: [Double]
    var after: [Double]
    var action: Double
    func previous(_ name: String) -> Double { before[names.firstIndex(of: name)!] }
    func now(_ name: String) -> Double { after[names.firstIndex(of: name)!] }
}

@Suite struct GymnasiumParityTests {
    @Test func cartPole() throws {
        try compare(CartPole(), states: 1e-9, observations: 1e-6) { _ in 1 }
    }

    @Test func mountainCar() throws {
        try compare(MountainCar(), states: 1e-9, observations: 1e-6) { _ in -1 }
    }

    /// The reference keeps this state in single precision.
    @Test func mountainCarContinuous() throws {
        try compare(MountainCarContinuous(), states: 1e-6, observations: 1e-6) {
            100 * $0.now("goal") - 0.1 * $0.action * $0.action
        }
    }

    @Test func acrobot() throws {
        try compare(Acrobot(), states: 1e-9, observations: 1e-6) { $0.now("goal") == 1 ? 0 : -1 }
    }

    @Test func pendulum() throws {
        try compare(Pendulum(), states: 1e-9, observations: 1e-6) {
            let torque = min(max($0.action, -2), 2)
            let (angle, velocity) = ($0.previous("angle"), $0.previous("angularVelocity"))
            return -(angle * angle + 0.1 * velocity * velocity + 0.001 * torque * torque)
        }
    }

    @Test func recordingIsLongEnough() throws {
        let recording = try #require(GymnasiumRecording.shared)
        #expect(recording.gymnasium == "1.4.0")
        for entry in Environments.classicControl {
            let trajectories = try #require(recording.environments[entry.name])
            #expect(trajectories.count >= 3)
            for trajectory in trajectories {
                #expect(trajectory.segments.reduce(0) { $0 + $1.actions.count } >= 200)
            }
        }
        for name in ["CartPole", "MountainCar", "MountainCarContinuous", "Acrobot"] {
            #expect(recording.environments[name]!.contains { $0.segments.contains { $0.terminated.contains(true) } })
        }
    }

    /// Steps from each recorded start through the recorded actions, never correcting the state on the way.
    private func compare<Dynamics: Environment>(
        _ dynamics: Dynamics, states stateTolerance: Double, observations observationTolerance: Double,
        reward: (Step) -> Double
    ) throws {
        let specification = dynamics.specification
        let recording = try #require(GymnasiumRecording.shared)
        let trajectories = try #require(recording.environments[specification.name])
        var random = RandomKey(seed: 0).stream
        var (worstState, worstObservation, worstReward, wrongEnds) = (0.0, 0.0, 0.0, 0)
        for segment in trajectories.flatMap(\.segments) {
            var state = try #require(Dynamics.State(values: segment.start))
            var observed = observation(dynamics, state)
            worstObservation = max(worstObservation, distance(observed, segment.firstObservation))
            for index in segment.actions.indices {
                let before = signals(dynamics, state)
                var action = [Float(segment.actions[index])]
                let terminal = action.withUnsafeMutableBufferPointer {
                    dynamics.step(&state, action: Action($0.baseAddress!), using: &random)
                }
                observed = observation(dynamics, state)
                worstState = max(worstState, distance(state.values, segment.states[index]))
                worstObservation = max(worstObservation, distance(observed, segment.observations[index]))
                if terminal != segment.terminated[index] { wrongEnds += 1 }
                let step = Step(
                    names: specification.signals.map(\.name), before: before, after: signals(dynamics, state),
                    action: Double(action[0]))
                worstReward = max(worstReward, abs(reward(step) - segment.rewards[index]))
            }
        }
        #expect(worstState <= stateTolerance)
        #expect(worstObservation <= observationTolerance)
        #expect(worstReward <= 1e-6)
        #expect(wrongEnds == 0)
        if ProcessInfo.processInfo.environment["TELOS_PARITY_REPORT"] != nil {
            print("\(specification.name): state \(worstState), observation \(worstObservation), reward \(worstReward)")
        }
    }

    private func observation<Dynamics: Environment>(_ dynamics: Dynamics, _ state: Dynamics.State) -> [Double] {
        var row = [Float](repeating: .nan, count: dynamics.specification.observation.width)
        row.withUnsafeMutableBufferPointer { dynamics.observe(state, into: $0) }
        return row.map(Double.init)
    }

    private func signals<Dynamics: Environment>(_ dynamics: Dynamics, _ state: Dynamics.State) -> [Double] {
        var values = [Double](repeating: .nan, count: dynamics.specification.signals.count)
        values.withUnsafeMutableBufferPointer {
            dynamics.readSignals(state, into: SignalWriter($0.baseAddress!, stride: 1))
        }
        return values
    }

    /// Largest difference; infinite when the counts differ or a number is missing.
    private func distance(_ a: [Double], _ b: [Double]) -> Double {
        guard a.count == b.count else { return .infinity }
        return zip(a, b).reduce(0) { $1.0.isNaN ? .infinity : max($0, abs($1.0 - $1.1)) }
    }
}
