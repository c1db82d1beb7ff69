import TelosTensor

/// Memory: a cue is shown once, some blank steps pass, and then it has to be named.
///
/// Observation: 0 nothing, 1 and 2 the cues, 3 the question. The action that answers the question ends the episode;
/// all others do nothing. The usual reward is 1 for the cue that was shown.
///
/// Solved: a mean return of 0.95. Exposes: a policy without memory, memory that is not carried from step to step, that
/// leaks from one episode into the next, or that gradients do not reach; each of them scores 0.5.
///
/// After PufferLib's `memory`.
public struct Recall: Environment {
    public struct State: EnvironmentState, Hashable {
        /// 0 or 1.
        public var cue: Int
        public var time: Int
        public var answeredRightly: Bool

        public init(cue: Int, time: Int = 0, answeredRightly: Bool = false) {
            self.cue = cue
            self.time = time
            self.answeredRightly = answeredRightly
        }

        public init?(values: [Double]) {
            guard values.count == 3, let cue = Int(exactly: values[0]), (0...1).contains(cue),
                let time = Int(exactly: values[1]), time >= 0
            else { return nil }
            self.init(cue: cue, time: time, answeredRightly: values[2] == 1)
        }

        public var values: [Double] { [Double(cue), Double(time), answeredRightly ? 1 : 0] }
    }

    /// Blank steps between cue and question; default 4. Higher: memory has to last longer.
    public var delay: Int

    /// Whether the answer is a number in -1 ... 1, negative for the first cue, for policies over boxes.
    public var isContinuous: Bool

    public init(delay: Int = 4, isContinuous: Bool = false) {
        self.delay = delay
        self.isContinuous = isContinuous
    }

    public var specification: EnvironmentSpecification {
        EnvironmentSpecification(
            name: "Recall", summary: "Name the cue that was shown some steps ago.", observation: .discrete(4),
            action: isContinuous ? .box(-1...1, count: 1) : .discrete(2),
            actionNames: isContinuous ? ["answer"] : ["first", "second"],
            signals: [
                Signal("correct", 0...1, "1 after the right answer."),
                Signal("cue", 0...1, "The cue of the episode."),
            ],
            stateNames: ["cue", "time", "correct"], reference: "PufferLib's memory")
    }

    public func reset(using random: inout RandomStream) -> State { State(cue: random.index(below: 2)) }

    public func step(_ state: inout State, action: Action, using random: inout RandomStream) -> Bool {
        let asked = state.time == delay + 1
        state.time += 1
        if asked {
            let answer = isContinuous ? (action[0] < 0 ? 0 : 1) : action.index
            state.answeredRightly = answer == state.cue
        }
        return asked
    }

    public func observe(_ state: State, into observation: UnsafeMutableBufferPointer<Float>) {
        observation[0] = state.time == 0 ? Float(state.cue + 1) : state.time == delay + 1 ? 3 : 0
    }

    public func readSignals(_ state: State, into signals: SignalWriter) {
        signals[0] = state.answeredRightly ? 1 : 0
        signals[1] = Double(state.cue)
    }

    public func draw(_ state: State) -> Drawing {
        sanityDrawing(squares: delay + 3, marked: state.time) { square in
            square == 0 ? ["#69db7c", "#ffe066"][state.cue] : square == delay + 1 ? "#e5dbff" : "#f1f3f5"
        }
    }
}

extension Recall {
    static let entry = EnvironmentEntry(
        name: "Recall", family: Environments.sanityFamily, summary: "Memory: name a cue after a delay; solved at 0.95.",
        options: [
            EnvironmentOption(
                "delay", .integer(0...1000), .integer(4),
                "Blank steps between cue and question. Higher: memory has to last longer."),
            EnvironmentOption(
                "continuous", .flag, .flag(false),
                "Whether the answer is a number in -1 ... 1, negative for the first cue."),
        ],
        horizon: nil, reward: "correct",
        build: { Recall(delay: $0.integer("delay"), isContinuous: $0.flag("continuous")) })
}
