import TelosNN
import Testing

@testable import TelosTensor

/// Every mistake names the operation, the shapes and the line. Lines after operators need line tables, which Linux has.
@Suite struct DiagnosticsTests {
    private static let here = "TelosTensorTests/DiagnosticsTests.swift:"

    /// Whether `text` names `line` of this file, or at least something, where lines cannot be had.
    private func names(_ text: String, _ line: Int) -> Bool {
        SourceLine.isPrecise ? text.contains("\(Self.here)\(line)") : text.contains("(at ") || text.contains("(in ")
    }

    private func error(of tensor: Tensor) -> String {
        do {
            _ = try Program(inputs: [], outputs: [tensor])
            return "no error"
        } catch { return "\(error)" }
    }

    @Test func operatorsNameTheirLine() {
        let (a, b) = (Tensor.zeros(2, 3), Tensor.zeros(4, 5))
        let wrong = a + b
        let line = #line - 1
        let message = error(of: tanh(wrong).sum())
        #expect(message.contains("add"))
        #expect(message.contains("[2, 3]") && message.contains("[4, 5]"))
        #expect(names(message, line), "\(message)")

        let other = maximum(a, b)
        #expect(names(error(of: other), #line - 1), "\(error(of: other))")
        let compared = (a .< b).mean()
        #expect(names(error(of: compared), #line - 1), "\(error(of: compared))")
    }

    @Test func namedOperationsNameTheirLineWithoutLineTables() throws {
        let a = Tensor.zeros(2, 3)
        #expect(error(of: matmul(a, a)).contains("\(Self.here)\(#line)"))
        #expect(error(of: a.reshaped(7)).contains("\(Self.here)\(#line)"))
        #expect(error(of: a.sum(axis: 4)).contains("\(Self.here)\(#line)"))
        let sum = a.sum(axis: 0)
        #expect(sum.node.origin.line?.description == "\(Self.here)\(#line - 1)")
        let p = Tensor(placeholder: 3)
        let stray = #expect(throws: TensorError.self) { try Program(inputs: [], outputs: [p * 2]) }
        let message = "\(try #require(stray))"
        #expect(message.contains("\(Self.here)\(#line - 3)"), "\(message)")
    }

    @Test func layersNameTheirOwnLineAndTheCaller() {
        let network = MLP([3, 8, 2], key: RandomKey(seed: 1))
        let output = network(Tensor.zeros(5, 4))
        let line = #line - 1
        let message = error(of: output)
        #expect(message.contains("matmul") && message.contains("[5, 4]") && message.contains("[3, 8]"), "\(message)")
        #expect(message.contains("TelosNN/Linear.swift:"), "\(message)")
        #expect(names(message, line), "\(message)")
    }

    // MARK: Missing gradients

    private struct Pair: TensorContainer {
        var used: Linear
        var unused: Linear
        mutating func visitTensors(_ path: String, _ visit: (String, inout Tensor) -> Void) {
            used.visitTensors(path.appending(part: "used"), visit)
            unused.visitTensors(path.appending(part: "unused"), visit)
        }
    }

    @Test func missingGradientsNameTheParameter() throws {
        let line = #line + 1
        let unused = Linear(3, 5, key: RandomKey(seed: 2))
        let pair = try Parameters(Pair(used: Linear(3, 2, key: RandomKey(seed: 1)), unused: unused)).traced
        let x = Tensor.zeros(4, 3)
        let (_, gradient) = valueAndGradient(pair) { $0.used(x).sum() }
        let callLine = #line - 1
        #expect(gradient.used.weight.error == nil)
        let message = error(of: gradient.unused.weight)
        #expect(message.contains("does not depend on 'unused.weight' of shape [3, 5]"), "\(message)")
        #expect(message.contains("'unused.bias' of shape [5]"), "\(message)")
        #expect(message.contains("allowingUnused"))
        #expect(message.contains("\(Self.here)\(callLine)"), "\(message)")
        if SourceLine.isPrecise { #expect(message.contains("\(Self.here)\(line)"), "\(message)") }

        let (_, zeros) = valueAndGradient(pair, allowingUnused: true) { $0.used(x).sum() }
        #expect(try zeros.unused.weight.evaluated() == [Float](repeating: 0, count: 15))
    }

    /// Adding a bias of constant zeros is simplified away, so its gradient cannot be had: never silently zero.
    @Test func constantsAreNotParameters() {
        let layer = Linear(3, 2, initializer: .glorotUniform, key: RandomKey(seed: 1))
        let (_, gradient) = valueAndGradient(layer) { $0(Tensor(placeholder: 4, 3)).sum() }
        let message = error(of: gradient.bias)
        #expect(message.contains("'bias' of shape [2]") && message.contains("Parameters(model).traced"), "\(message)")
    }

    @Test func missingGradientsTellStoppedFromUnused() throws {
        let parameters = try Parameters(Linear(3, 2, key: RandomKey(seed: 1)))
        let layer = parameters.traced
        let loss = matmul(Tensor.zeros(1, 3), layer.weight.stoppingGradient).sum() + layer.bias.sum()
        let strict = gradient(of: loss, withRespectTo: layer.tensors, allowingUnused: false)
        // The name comes from the container the parameters are in.
        #expect(error(of: strict[0]).contains("depends on 'weight' of shape [3, 2]"))
        #expect(error(of: strict[0]).contains("only through operations without a gradient"))
        #expect(strict[1].error == nil)
        let lenient = gradient(of: loss, withRespectTo: layer.tensors)
        #expect(try lenient[0].evaluated() == [Float](repeating: 0, count: 6))
    }

    // MARK: Checks

    private func failure(_ program: Program) -> String {
        do {
            try program.runChecked()
            return "no error"
        } catch { return "\(error)" }
    }

    @Test(arguments: [Program.Checks.nonFinite, []]) func checksNameTheFirstOperation(checks: Program.Checks) throws {
        let x = Tensor(placeholder: 2, 3)
        // One fused chain without checks; the logarithm inside it is what fails.
        let shifted = x * 2 - 1
        let logarithm = log(shifted)
        let line = #line - 1
        let program = try Program(inputs: [x], outputs: [tanh(logarithm) * 3 + 1], checks: checks)
        if checks.isEmpty { #expect(program.instructionCount == 1) }
        for slot in 0..<6 { program.input(0)[slot] = 1 }
        try program.runChecked()
        #expect(program.output(0)[5] == 1)
        program.input(0)[4] = 0.25
        let message = failure(program)
        #expect(message.contains("log: element [1, 1] of the result [2, 3] is "), "\(message)")
        #expect(message.contains("nan, from -0.5"), "\(message)")
        #expect(names(message, line), "\(message)")
        // The run was completed all the same.
        #expect(program.output(0)[4].isNaN && program.output(0)[5] == 1)
    }

    @Test func checksNameDerivatives() throws {
        let x = Tensor(placeholder: 3)
        let root = sqrt(x)
        let line = #line - 1
        let program = try Program(
            inputs: [x], outputs: gradient(of: root.sum(), withRespectTo: [x]), checks: .nonFinite)
        program.run()
        let message = "\(try #require(program.failure))"
        #expect(message.contains("divide in the derivative of sqrt"), "\(message)")
        #expect(message.contains("inf, from 0.5, 0.0"), "\(message)")
        #expect(names(message, line), "\(message)")
    }

    @Test func checksNameProductsInputsAndVariables() throws {
        let (a, b) = (Tensor(placeholder: 2, 3), Tensor(placeholder: 3, 4))
        let program = try Program(inputs: [a, b], outputs: [matmul(a, b)], checks: .nonFinite)
        let line = #line - 1
        for slot in 0..<6 { program.input(0)[slot] = 1e30 }
        for slot in 0..<12 { program.input(1)[slot] = slot % 4 == 2 ? 1e30 : 0 }
        let overflow = failure(program)
        #expect(overflow.contains("matmul: element [0, 2] of the result [2, 4] is inf"), "\(overflow)")
        #expect(overflow.contains("[2, 3], [3, 4]"))
        #expect(names(overflow, line), "\(overflow)")
        program.input(1)[7] = .nan
        #expect(failure(program).contains("input 1: element [1, 3] of [3, 4] is nan before the run"))

        let parameters = try Parameters(Linear(3, 2, key: RandomKey(seed: 1)))
        parameters.values(1)[1] = .nan
        let held = try Program(inputs: [], outputs: [parameters.traced(Tensor.zeros(1, 3))], checks: .nonFinite)
        #expect(failure(held).contains("variable 'bias': element [1] of [2] is nan"))
    }

    /// A mask of -infinity is meant; an infinity that arithmetic makes is not.
    @Test func givenInfinitiesMayPass() throws {
        let x = Tensor(placeholder: 4)
        let masked = x + Tensor([0, -.infinity, 0, -.infinity], shape: [4])
        let program = try Program(inputs: [x], outputs: [masked.softmax()], checks: .nonFinite)
        try program.runChecked()
        #expect(Array(program.output(0)) == [0.5, 0, 0.5, 0])
        program.input(0)[3] = .infinity
        #expect(failure(program).contains("add: element [3] of the result [4] is "))
    }

    /// Training with checks has the same bytes as without.
    @Test func checksChangeNoBit() throws {
        func train(_ checks: Program.Checks, _ run: (Program) throws -> Void) throws -> UInt64 {
            let (program, parameters) = try Training.program(checks: checks, threads: 1)
            for _ in 0..<20 { try run(program) }
            return parameters.hash
        }
        let plain = try train([]) { $0.run() }
        #expect(try train(.nonFinite) { $0.run() } == plain)
        #expect(try train(.nonFinite) { try $0.runChecked() } == plain)
        #expect(try train([]) { try $0.runChecked() } == plain)
    }
}

/// A network, its loss and Adam, as one program: what learners compile.
enum Training {
    static func program(
        checks: Program.Checks = [], threads: Int, batch: Int = 64
    ) throws -> (program: Program, parameters: Parameters<MLP>) {
        let parameters = try Parameters(MLP([8, 64, 64, 4], key: RandomKey(seed: 3)))
        let (x, y) = (Tensor(placeholder: batch, 8), Tensor(placeholder: batch, 4))
        let (loss, gradients) = valueAndGradient(parameters.traced) { ($0(x) - y).squared.mean() }
        let (clipped, norm) = clippingGlobalNorm(gradients.tensors, to: 0.5)
        let adam = Adam()
        let theta = parameters.traced.tensors
        let initial = adam.initialState(for: theta)
        let memory = try Parameters(initial)
        let step = adam.step(theta, gradients: clipped, state: memory.traced, learningRate: Tensor(1e-3))
        let program = try Program(
            inputs: [x, y], outputs: [loss, norm],
            updates: zip(theta, step.parameters).map { .init($0, to: $1) }
                + Program.Update.all(memory.traced, to: step.state),
            threads: threads, checks: checks)
        var random = RandomKey(seed: 4).stream
        random.fillNormal(program.input(0))
        random.fillNormal(program.input(1))
        return (program, parameters)
    }
}

/// Listings say what runs.
@Suite struct ProgramListingTests {
    @Test func aListingAddsUp() throws {
        let parameters = try Parameters(Linear(3, 2, key: RandomKey(seed: 1)))
        let layer = parameters.traced
        let x = Tensor(placeholder: 4, 3)
        let y = tanh(layer(x))
        let line = #line - 1
        let program = try Program(
            inputs: [x], outputs: [y.sum(axis: 0)], updates: [.init(layer.bias, to: layer.bias * 0.5)], checks: [])
        let listing = program.listing()
        #expect(listing.inputs.map(\.name) == ["input 0"] && listing.inputs[0].shape == [4, 3])
        #expect(listing.outputs[0].shape == [2])
        #expect(listing.variables.map(\.name).sorted() == ["bias", "weight"])
        #expect(listing.variables.filter(\.isUpdated).map(\.name) == ["bias"])
        #expect(listing.variableCount == 8)
        let product = try #require(listing.steps.first { $0.operations.contains("matmul") })
        #expect(product.reads.prefix(2) == ["input 0", "weight"])
        // 2 * 4 * 3 * 2 for the product.
        let matmulWork = 48
        let elementwise = listing.steps.filter { $0.operations.contains("tanh") }
        #expect(elementwise.count == 1)
        #expect(listing.steps.contains { $0.isInPlace && $0.writes == ["bias"] })
        // Bias and tanh on 8 elements each, their sum over 4 rows, half the bias.
        #expect(listing.floatingPointOperations == matmulWork + 8 + 8 + 8 + 2)
        #expect(listing.bytes > 0 && listing.instructions == program.instructionCount)
        if SourceLine.isPrecise {
            #expect(
                elementwise[0].location == "TelosTensorTests/DiagnosticsTests.swift:\(line)",
                "\(elementwise[0].location ?? "")")
        }
        let text = program.dump()
        for part in ["input 0", "[4, 3]", "weight", "updated", "in place", "matmul", "tanh"] {
            #expect(text.contains(part), "\(text)")
        }
        #expect(program.description.contains("FLOP"))
    }

    @Test func derivativesAreMarked() throws {
        let (program, _) = try Training.program(threads: 1)
        let listing = program.listing(locations: false)
        #expect(listing.steps.contains { $0.isDerivative } && listing.steps.contains { !$0.isDerivative })
        #expect(listing.variables.contains { $0.name == "layers.0.weight" && $0.isUpdated })
        // 6 products of a network of three layers, less the gradient of its input.
        #expect(listing.steps.filter { $0.operations.contains("matmul") }.count == 8)
    }
}
