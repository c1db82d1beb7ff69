import CTelosKernels

/// The form of the kernels to run. All give the same bits.
public enum InstructionSet: String, Sendable, CaseIterable {
    case scalar, avx2, avx512, neon

    var raw: telos_isa {
        switch self {
        case .scalar: TELOS_ISA_SCALAR
        case .avx2: TELOS_ISA_AVX2
        case .avx512: TELOS_ISA_AVX512
        case .neon: TELOS_ISA_NEON
        }
    }

    public var isAvailable: Bool { telos_isa_available(raw) != 0 }

    /// The widest this machine has, or what the environment variable TELOS_ISA names.
    public static var best: InstructionSet { allCases.first { $0.raw == telos_isa_default() } ?? .scalar }
}

/// A compiled computation: buffers laid out once, a flat list of kernel calls, no allocation when it runs.
///
/// Fill `input(i)`, call `run()`, read `output(i)`. Variables are read from, and updates written to, the memory of the
/// `Parameters` they came from, so several programs share one model.
public final class Program {
    public struct Update {
        var variable: Tensor
        var value: Tensor

        /// After each run `variable` holds `value`, computed from what all variables held before it.
        public init(_ variable: Tensor, to value: Tensor) {
            self.variable = variable
            self.value = value
        }
    }

    public let instructionSet: InstructionSet
    /// How many cores a run may use. Steps that do not wait for one another share them only in a program that was made
    /// for several; a single step does in any.
    public var threads: Int
    /// Kernel calls of one run.
    public var instructionCount: Int { instructions.count }
    /// Floats of working memory.
    public var workspaceCount: Int { arena.count }

    /// What each run verifies.
    public let checks: Checks
    /// From graph to kernel calls.
    public let compileTime: Duration
    /// The first thing a check found. Reported on standard error when it was found.
    public internal(set) var failure: TensorError?

    let inputBuffers: [Buffer<Float>]
    let outputBuffers: [Buffer<Float>]
    let instructions: Buffer<telos_instruction>
    /// The same as plain memory: reading it retains nothing.
    let code: UnsafeMutablePointer<telos_instruction>
    private let codeCount: Int
    /// What threads do side by side, in a program made for several.
    let schedule: TaskSchedule?
    private let tasks: UnsafePointer<telos_schedule>?
    let arena: Buffer<Float>
    /// What the instructions were made from, for checks and listings.
    let plan: Plan
    let place: [UnsafeMutablePointer<Float>?]
    let segments: [Emitted.Segment]
    /// This program with checks, where `runChecked` was asked for on one without.
    var checkedTwin: Program?
    /// Keeps alive what instructions point to: chains, operand lists, variables, constants.
    let owned: [AnyObject]

    /// Steps beyond which a program's order is not worth the time to find it.
    private static let mostScheduled = 10_000

    /// - Throws: the `TensorError` of the first mistake in the graph.
    /// - checks: what each run verifies; by default what the environment variable TELOS_CHECK asks for.
    public convenience init(
        inputs: [Tensor], outputs: [Tensor], updates: [Update] = [], instructionSet: InstructionSet = .best,
        threads: Int = 1, checks: Checks = .requested
    ) throws {
        if let error = (outputs + updates.map(\.value) + inputs).lazy.compactMap(\.error).first { throw error }
        for update in updates where update.variable.node.operation != .variable {
            throw TensorError(operation: "Program", message: "only variables can be updated")
        }
        for update in updates where update.variable.shape != update.value.shape {
            throw TensorError(
                operation: "Program",
                message: "a variable of shape \(update.variable.shape) cannot become \(update.value.shape)")
        }
        let start = ContinuousClock.now
        let plan = Plan(
            inputs: inputs.map(\.node), outputs: outputs.map(\.node),
            updates: updates.map { ($0.variable.node, $0.value.node) }, fuses: checks.isEmpty)
        if let stray = plan.strayPlaceholder {
            throw TensorError(
                operation: "Program",
                message: "a placeholder of shape \(stray.shape) is used but is not among the inputs",
                nearby: stray.location)
        }
        self.init(plan, from: start, instructionSet: instructionSet, threads: threads, checks: checks)
    }

    /// - from: when compilation began.
    init(
        _ plan: Plan, from start: ContinuousClock.Instant, instructionSet: InstructionSet, threads: Int, checks: Checks
    ) {
        var plan = plan
        let sharesOut = threads > 1 && checks.isEmpty && plan.steps.count <= Self.mostScheduled
        let emitted = plan.emit(keepsValues: sharesOut)
        self.plan = plan
        self.checks = checks
        place = emitted.place
        segments = emitted.segments
        inputBuffers = emitted.inputs
        outputBuffers = emitted.outputs
        schedule =
            sharesOut
            ? TaskSchedule(emitted.instructions, follows: hazards(emitted.instructions), threads: threads) : nil
        tasks = schedule?.pointer
        instructions = schedule?.instructions ?? Buffer(emitted.instructions)
        (code, codeCount) = (instructions.pointer, instructions.count)
        arena = emitted.arena
        owned = emitted.owned
        self.instructionSet = instructionSet
        self.threads = threads
        compileTime = ContinuousClock.now - start
    }

    public func input(_ index: Int) -> UnsafeMutableBufferPointer<Float> { inputBuffers[index].all }
    public func output(_ index: Int) -> UnsafeBufferPointer<Float> { outputBuffers[index].readOnly }

    /// One run. Allocates nothing; with `checks`, a failure is kept in `failure` and the run completed.
    public func run() {
        guard checks.isEmpty else { return runReporting() }
        withExtendedLifetime(self) {
            if let tasks {
                telos_execute_tasks(instructionSet.raw, code, tasks, Int32(threads))
            } else {
                telos_execute(instructionSet.raw, code, codeCount, Int32(threads))
            }
        }
    }
}
