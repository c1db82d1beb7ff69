import CTelosKernels
import TelosTensor

/// The columns of a batch of environments that a step reads and writes. A view: valid during the call it is passed to.
public struct EnvironmentBatch<State> {
    public var count: Int
    /// Steps after which an episode is truncated.
    public var horizon: Int
    /// Numbers in a row of `actions` and of the observations.
    public var actionWidth: Int
    public var observationWidth: Int
    public var states: UnsafeMutablePointer<State>
    /// The state in which the last episode of each environment ended.
    public var finalStates: UnsafeMutablePointer<State?>
    public var streams: UnsafeMutablePointer<RandomStream>
    /// Steps since each environment's last reset.
    public var elapsed: UnsafeMutablePointer<Int>
    public var actions: UnsafePointer<Float>
    public var ends: UnsafeMutablePointer<EpisodeEnd>
    /// What the step led to, before any reset.
    public var nextObservations: UnsafeMutablePointer<Float>
    public var signalsAfter: UnsafeMutablePointer<Double>
    /// What the policy acts on next, after any reset.
    public var observations: UnsafeMutablePointer<Float>
    public var signals: UnsafeMutablePointer<Double>
    public var signalCount: Int
    /// How many threads the environments may be divided among; what they compute does not depend on it.
    public var threads: Int

    @inlinable
    public init(
        count: Int, horizon: Int, actionWidth: Int, observationWidth: Int, states: UnsafeMutablePointer<State>,
        finalStates: UnsafeMutablePointer<State?>, streams: UnsafeMutablePointer<RandomStream>,
        elapsed: UnsafeMutablePointer<Int>, actions: UnsafePointer<Float>, ends: UnsafeMutablePointer<EpisodeEnd>,
        nextObservations: UnsafeMutablePointer<Float>, signalsAfter: UnsafeMutablePointer<Double>,
        observations: UnsafeMutablePointer<Float>, signals: UnsafeMutablePointer<Double>, signalCount: Int,
        threads: Int
    ) {
        self.count = count
        self.horizon = horizon
        self.actionWidth = actionWidth
        self.observationWidth = observationWidth
        self.states = states
        self.finalStates = finalStates
        self.streams = streams
        self.elapsed = elapsed
        self.actions = actions
        self.ends = ends
        self.nextObservations = nextObservations
        self.signalsAfter = signalsAfter
        self.observations = observations
        self.signals = signals
        self.signalCount = signalCount
        self.threads = threads
    }
}

extension Environment {
    public func state(values: [Double], memory: [Double]) -> State? {
        memory.isEmpty ? State(values: values) : nil
    }

    @inlinable
    public func advance(_ batch: EnvironmentBatch<State>) {
        let (count, width) = (batch.count, batch.observationWidth)
        for index in 0..<count {
            take(index, of: batch)
        }
        batch.observations.update(from: batch.nextObservations, count: count * width)
        batch.signals.update(from: batch.signalsAfter, count: count * batch.signalCount)
        for index in 0..<count where batch.ends[index] != .ongoing {
            restart(index, of: batch)
            describe(index, of: batch, observations: batch.observations, signals: batch.signals)
        }
    }

    /// `advance` for dynamics so costly that environments are worth a thread each.
    func advanceSideBySide(_ batch: EnvironmentBatch<State>) {
        withoutActuallyEscaping({ (index: Int) in
            take(index, of: batch)
            if batch.ends[index] != .ongoing {
                restart(index, of: batch)
            }
            describe(index, of: batch, observations: batch.observations, signals: batch.signals)
        }) { body in
            var body = body
            withUnsafeMutablePointer(to: &body) { body in
                telos_parallel(
                    Int32(batch.threads), Int64(batch.count),
                    { context, index in context!.assumingMemoryBound(to: ((Int) -> Void).self).pointee(Int(index)) },
                    body)
            }
        }
    }

    /// Takes the step of environment `index`, and says how it ended.
    @inlinable @inline(__always)
    func take(_ index: Int, of batch: EnvironmentBatch<State>) {
        let terminal = step(
            &batch.states[index], action: Action(batch.actions + index * batch.actionWidth),
            using: &batch.streams[index])
        describe(index, of: batch, observations: batch.nextObservations, signals: batch.signalsAfter)
        batch.elapsed[index] += 1
        batch.ends[index] = terminal ? .terminated : batch.elapsed[index] >= batch.horizon ? .truncated : .ongoing
    }

    /// Begins the next episode of environment `index`, whose last one ended.
    @inlinable @inline(__always)
    func restart(_ index: Int, of batch: EnvironmentBatch<State>) {
        batch.finalStates[index] = batch.states[index]
        batch.states[index] = reset(using: &batch.streams[index])
        batch.elapsed[index] = 0
    }

    /// Writes what state `index` looks like into its places of two columns.
    @inlinable
    func describe(
        _ index: Int, of batch: EnvironmentBatch<State>, observations: UnsafeMutablePointer<Float>,
        signals: UnsafeMutablePointer<Double>
    ) {
        let width = batch.observationWidth
        observe(
            batch.states[index],
            into: UnsafeMutableBufferPointer(start: observations + index * width, count: width))
        readSignals(batch.states[index], into: SignalWriter(signals + index, stride: batch.count))
    }
}
