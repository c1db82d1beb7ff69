import TelosTensor

/// A named physical or logical quantity of a state: what rewards are written over.
public struct Signal: Hashable, Sendable, Codable {
    public var name: String
    /// For example `m/s`, `rad`; `1` for a pure number or a yes-or-no quantity (1 or 0).
    public var unit: String
    public var lowerBound: Double
    public var upperBound: Double
    public var summary: String

    public init(_ name: String, unit: String = "1", _ range: ClosedRange<Double>, _ summary: String) {
        self.name = name
        self.unit = unit
        lowerBound = range.lowerBound
        upperBound = range.upperBound
        self.summary = summary
    }
}

/// What an environment is, apart from its dynamics.
public struct EnvironmentSpecification: Hashable, Sendable, Codable {
    public var name: String
    public var summary: String
    public var observation: Space
    public var action: Space
    /// Names of the choices of a discrete action, or of the elements of a box; usable as constants in expressions.
    public var actionNames: [String]
    public var signals: [Signal]
    /// For each choice of a discrete action the signal that is 1 where it is possible and 0 where not; empty where all always
    /// are. At least one choice is possible in every state that is not terminal.
    public var maskSignals: [String]
    /// What each number of a state's flat form is, in order (see `EnvironmentState`).
    public var stateNames: [String]
    /// What the dynamics match: authors, year, title, or a peer's environment and version.
    public var reference: String

    public init(
        name: String, summary: String, observation: Space, action: Space, actionNames: [String] = [],
        signals: [Signal], maskSignals: [String] = [], stateNames: [String], reference: String
    ) {
        self.name = name
        self.summary = summary
        self.observation = observation
        self.action = action
        self.actionNames = actionNames
        self.signals = signals
        self.maskSignals = maskSignals
        self.stateNames = stateNames
        self.reference = reference
    }

    public func signalIndex(_ name: String) -> Int? { signals.firstIndex { $0.name == name } }
}

/// The whole state of an environment as a value with a flat form, so that any state can be saved, restored, compared
/// and started from.
public protocol EnvironmentState: Sendable {
    /// Nil when `values` is not the flat form of a state (wrong count or range).
    init?(values: [Double])
    var values: [Double] { get }
    /// What has to be kept beside `values` to continue bit for bit, though it does not describe the state: the warm
    /// start of a physics engine's solver. Empty for most.
    var memory: [Double] { get }
}

extension EnvironmentState {
    public var memory: [Double] { [] }
}

extension Int: EnvironmentState {
    public init?(values: [Double]) {
        guard values.count == 1, let value = Int(exactly: values[0]) else { return nil }
        self = value
    }
    public var values: [Double] { [Double(self)] }
}

extension SIMD2<Double>: EnvironmentState {
    public init?(values: [Double]) {
        guard values.count == 2 else { return nil }
        self.init(values[0], values[1])
    }
    public var values: [Double] { [x, y] }
}

extension SIMD4<Double>: EnvironmentState {
    public init?(values: [Double]) {
        guard values.count == 4 else { return nil }
        self.init(values[0], values[1], values[2], values[3])
    }
    public var values: [Double] { [x, y, z, w] }
}

/// One action in its flat encoding.
public struct Action {
    @usableFromInline let base: UnsafePointer<Float>
    @inlinable public init(_ base: UnsafePointer<Float>) { self.base = base }
    /// The choice of a discrete action.
    @inlinable public var index: Int { Int(base[0]) }
    /// Element `position` of the encoding: a box's element, a multi-discrete choice.
    @inlinable public subscript(position: Int) -> Double { Double(base[position]) }
}

/// Where an environment writes its signals, in the order its specification names them.
public struct SignalWriter {
    @usableFromInline let base: UnsafeMutablePointer<Double>
    @usableFromInline let stride: Int
    @inlinable public init(_ base: UnsafeMutablePointer<Double>, stride: Int) {
        self.base = base
        self.stride = stride
    }
    @inlinable public subscript(position: Int) -> Double {
        get { base[position * stride] }
        nonmutating set { base[position * stride] = newValue }
    }
}

/// What happens: states, actions, dynamics, and named signals. It pays no reward.
///
/// An environment is an immutable value that holds constants (sizes, masses); everything that changes is in `State`,
/// and everything random comes from the stream it is handed. It never limits time: a horizon belongs to the task.
public protocol Environment: Sendable {
    associatedtype State: EnvironmentState
    var specification: EnvironmentSpecification { get }
    /// A first state.
    func reset(using random: inout RandomStream) -> State
    /// Advances `state`; true when the state it leads to is terminal.
    /// A box action outside its bounds is clipped where the reference clips it; never otherwise changed.
    func step(_ state: inout State, action: Action, using random: inout RandomStream) -> Bool
    /// Writes the observation of `state` in its flat encoding.
    func observe(_ state: State, into observation: UnsafeMutableBufferPointer<Float>)
    /// Writes every signal of `state`.
    func readSignals(_ state: State, into signals: SignalWriter)
    /// The state whose flat form and memory these are; an empty memory is that of a state nothing led to.
    /// Nil where they are not the form of a state of this environment. By default as `State.init(values:)` says.
    func state(values: [Double], memory: [Double]) -> State?
    /// A picture of `state`.
    func draw(_ state: State) -> Drawing
    /// Steps every environment of a batch and resets those whose episode ended. The default calls the functions above
    /// for one after another; as a requirement it is compiled for each environment's own state.
    func advance(_ batch: EnvironmentBatch<State>)
}

/// How a step ended its episode, if it did.
public enum EpisodeEnd: UInt8, Sendable, Codable, BitwiseCopyable {
    case ongoing = 0
    /// The state reached is terminal: nothing follows, its value is zero.
    case terminated = 1
    /// Time ran out: the state reached has a value like any other, and what was to come was not observed.
    case truncated = 2

    public var name: String {
        switch self {
        case .ongoing: "ongoing"
        case .terminated: "terminated"
        case .truncated: "truncated"
        }
    }
}

/// One step of every environment of a batch, as columns. A view: valid until the batch steps again.
public struct TransitionBatch {
    public var count: Int
    public var specification: EnvironmentSpecification
    /// Signal k of environment e, before the step and after it (before any reset), at `k * count + e`.
    public var signalsBefore: UnsafeBufferPointer<Double>
    public var signalsAfter: UnsafeBufferPointer<Double>
    /// Row e: the encoded action, observation before, observation after (before any reset).
    public var actions: UnsafeBufferPointer<Float>
    public var observations: UnsafeBufferPointer<Float>
    public var nextObservations: UnsafeBufferPointer<Float>
    public var ends: UnsafeBufferPointer<EpisodeEnd>

    public init(
        count: Int, specification: EnvironmentSpecification, signalsBefore: UnsafeBufferPointer<Double>,
        signalsAfter: UnsafeBufferPointer<Double>, actions: UnsafeBufferPointer<Float>,
        observations: UnsafeBufferPointer<Float>, nextObservations: UnsafeBufferPointer<Float>,
        ends: UnsafeBufferPointer<EpisodeEnd>
    ) {
        self.count = count
        self.specification = specification
        self.signalsBefore = signalsBefore
        self.signalsAfter = signalsAfter
        self.actions = actions
        self.observations = observations
        self.nextObservations = nextObservations
        self.ends = ends
    }
}
