import Foundation
import Testing

@testable import TelosTensor

/// Where the C compiler is; nil where there is none.
private let compiler: String? = ["/usr/bin/cc", "/usr/bin/clang", "/usr/bin/gcc"].first {
    FileManager.default.isExecutableFile(atPath: $0)
}

@Suite(.enabled(if: compiler != nil, "there is no C compiler at /usr/bin/cc")) struct CSourceTests {
    /// Everything a C program gives for rows of inputs: outputs side by side, in the order of the computation's.
    private func run(_ trace: (Int) -> NamedComputation, rows: [Float]) throws -> [Float] {
        let folder = URL(filePath: NSTemporaryDirectory() + "telos-c-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let computation = trace(1)
        let source = try CSource(
            prefix: "graph", header: "graph.h", summary: ["A test with */ in its comment."], computation,
            results: computation.outputs.map { ($0.name, $0.name) })
        let width = computation.inputs[0].tensor.count
        let names = computation.outputs.map(\.name)
        let main =
            """
            #include <stdio.h>
            #include "graph.h"
            int main(void) {
                static graph_workspace workspace;
                float x[\(width)];
                \(computation.outputs.map { "float \($0.name)[\($0.tensor.count)];" }.joined(separator: " "))
                while (fread(x, sizeof x, 1, stdin) == 1) {
                    graph_act(&workspace, x, \(names.joined(separator: ", ")));
                    \(names.map { "fwrite(\($0), sizeof \($0), 1, stdout);" }.joined(separator: " "))
                }
                return 0;
            }

            """
        for (name, text) in [("graph.h", source.header), ("graph.c", source.source), ("main.c", main)] {
            try text.write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
        }
        func launch(_ path: String, _ arguments: [String], input: String? = nil, output: String) throws -> Int32 {
            let process = Process()
            process.executableURL = URL(filePath: path)
            process.arguments = arguments
            process.currentDirectoryURL = folder
            let file = folder.appending(path: output).path
            FileManager.default.createFile(atPath: file, contents: nil)
            process.standardInput = input.flatMap { FileHandle(forReadingAtPath: folder.appending(path: $0).path) }
            process.standardOutput = FileHandle(forWritingAtPath: file)
            process.standardError = FileHandle(forWritingAtPath: file)
            try process.run()
            process.waitUntilExit()
            return process.terminationStatus
        }
        let flags = ["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-O2"]
        let code = try launch(compiler!, flags + ["graph.c", "main.c", "-o", "graph", "-lm"], output: "log")
        let log = try String(contentsOf: folder.appending(path: "log"), encoding: .utf8)
        try #require(code == 0, "\(log.prefix(2000))")
        try rows.withUnsafeBytes { Data($0) }.write(to: folder.appending(path: "rows"))
        try #require(try launch(folder.appending(path: "graph").path, [], input: "rows", output: "results") == 0)
        let data = try Data(contentsOf: folder.appending(path: "results"))
        return data.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    }

    private func expectSameBits(_ trace: (Int) -> NamedComputation, rows: [Float]) throws {
        let width = trace(1).inputs[0].tensor.count, count = rows.count / width
        let results = try run(trace, rows: rows)
        let computation = trace(count)
        let program = try Program(
            inputs: computation.inputs.map(\.tensor), outputs: computation.outputs.map(\.tensor))
        _ = program.input(0).update(fromContentsOf: rows)
        program.run()
        let widths = computation.outputs.map { $0.tensor.count / count }
        try #require(results.count == count * widths.reduce(0, +))
        var start = 0
        for row in 0..<count {
            for (output, width) in widths.enumerated() {
                let expected = program.output(output)[(row * width)..<((row + 1) * width)].map(\.bitPattern)
                let found = results[start..<(start + width)].map(\.bitPattern)
                let isSame = zip(expected, found).allSatisfy {
                    $0 == $1 || (Float(bitPattern: $0).isNaN && Float(bitPattern: $1).isNaN)
                }
                #expect(isSame, "\(computation.outputs[output].name) of row \(row): \(expected) and \(found)")
                if !isSame { return }
                start += width
            }
        }
    }

    @Test func functionsGiveTheSameBits() throws {
        var random = RandomKey(seed: 4).stream
        var values = (0..<40_000).map { _ in Float(random.normal()) * 5 }
        values += (0..<20_000).map { _ in Float(bitPattern: UInt32(truncatingIfNeeded: random.next())) }
        values = values.filter { !($0.isFinite && abs($0) > 65536) } + [0, -0.0, .infinity, -.infinity, .nan, 1, -1]
        try expectSameBits(
            { rows in
                let x = Tensor(placeholder: rows, 1)
                let functions: [(String, Tensor)] = [
                    ("exponential", exp(x)), ("expm1_", expm1(x)), ("logarithm", log(x)), ("log1p_", log1p(x)),
                    ("tanh_", tanh(x)), ("sigmoid_", sigmoid(x)), ("softplus_", softplus(x)), ("root", sqrt(x)),
                    ("sine", sin(x)), ("cosine", cos(x)), ("erf_", erf(x)), ("size", abs(x)), ("sign_", x.sign),
                    ("whole", x.floor), ("inverse", x.reciprocal), ("gelu", x * 0.5 * (1 + erf(x * 0.707_106_77))),
                ]
                return NamedComputation(
                    inputs: [NamedTensor("x", x, "A number.")],
                    outputs: functions.map { NamedTensor($0.0, $0.1, "A function of it.") })
            }, rows: values)
    }

    @Test func operationsGiveTheSameBits() throws {
        var random = RandomKey(seed: 5).stream
        func constant(_ shape: Int...) -> Tensor {
            Tensor((0..<shape.reduce(1, *)).map { _ in Float(random.normal()) }, shape: shape)
        }
        let weight = constant(24, 7), other = constant(5, 24), table = constant(6, 4), wide = constant(24, 40)
        let rows = (0..<(300 * 24)).map { $0 % 24 == 0 ? Float(random.index(below: 8)) - 1 : Float(random.normal()) }
        try expectSameBits(
            { count in
                let x = Tensor(placeholder: count, 24)
                let index = x.sliced(axis: 1, 0, 1).reshaped(count)
                let product = matmul(x, weight), cube = x.reshaped(count, 2, 3, 4)
                let batched = matmul(
                    x.reshaped(count, 4, 6), x.reshaped(count, 4, 6).transposed(0, 2, 1))
                let wider = matmul(x, wide)
                let results: [(String, Tensor)] = [
                    ("product", product + constantRow(7)), ("turned", matmul(x, other, transposeB: true)),
                    ("batched", batched.reshaped(count, 16)),
                    ("axes", cube.transposed(0, 3, 1, 2).reshaped(count, 24)),
                    ("sum_last", wider.sum(axis: 1).reshaped(count, 1)),
                    ("sum_middle", cube.sum(axis: 2).reshaped(count, 8)),
                    ("peak", cube.maximum(axis: 1).reshaped(count, 12)),
                    ("peak_last", wider.maximum(axis: 1).reshaped(count, 1)),
                    ("squares", product.squared.sum(axis: 1).reshaped(count, 1)),
                    ("choice", product.argmax().reshaped(count, 1)), ("shares", product.softmax()),
                    ("wide_shares", wider.softmax()), ("normalizer", wider.logSumExp().reshaped(count, 1)),
                    ("picked", product.gatheringLast(index).reshaped(count, 1)), ("hot", index.oneHot(5)),
                    ("row", table.gatheringRows(index)), ("running", product.cumulativeSum()),
                    ("backwards", product.cumulativeSum(reverse: true)),
                    ("joined", .concatenate([product, x.sliced(axis: 1, 3, 9), .zeros(count, 2)], axis: 1)),
                    ("padded", cube.padded(axis: 2, before: 1, after: 2).reshaped(count, 48)),
                    ("part", cube.sliced(axis: 2, 1, 2).reshaped(count, 8)),
                    (
                        "normal",
                        (cube - cube.mean(axis: 2, keepingAxis: true))
                            / sqrt(cube.squared.mean(axis: 2, keepingAxis: true) + 1e-5)
                            * Tensor([1, 2, 3, 4], shape: [4])
                    ),
                    ("chosen", select(x .< Tensor(0.3), maximum(x, Tensor(-1)) * 2, minimum(x, 0.5 - x))),
                ]
                return NamedComputation(
                    inputs: [NamedTensor("x", x, "Numbers.")],
                    outputs: results.map {
                        NamedTensor($0.0, $0.0 == "normal" ? $0.1.reshaped(count, 24) : $0.1, "A result.")
                    })
            }, rows: rows)
    }

    private func constantRow(_ count: Int) -> Tensor { Tensor((0..<count).map { Float($0) / 3 }, shape: [count]) }

    @Test func whatHasNoFormIsRefused() throws {
        let x = Tensor(placeholder: 1, 4)
        func make(_ prefix: String, _ name: String, _ result: Tensor) throws {
            _ = try CSource(
                prefix: prefix, header: "h.h", summary: [],
                NamedComputation(inputs: [NamedTensor("x", x, "")], outputs: [NamedTensor(name, result, "")]),
                results: [])
        }
        try make("p", "y", x * 2)
        let sorted = #expect(throws: ExportError.self) { try make("p", "y", x.sorted()) }
        #expect(sorted?.description.contains("argsort") == true)
        #expect(throws: ExportError.self) { try make("2p", "y", x * 2) }
        #expect(throws: ExportError.self) { try make("p;", "y", x * 2) }
        #expect(throws: ExportError.self) { try make("p", "x", x * 2) }
        #expect(throws: ExportError.self) { try make("p", "y", x * Tensor(placeholder: 4)) }
        #expect(throws: TensorError.self) { try make("p", "y", x * Tensor(0).broadcast(to: [3])) }
        // The batch may not be what a row's result depends on.
        let mixed = #expect(throws: ExportError.self) {
            try ONNXExport.encoded(name: "g", summary: "") { rows in
                let x = Tensor(placeholder: rows, 4)
                return NamedComputation(
                    inputs: [NamedTensor("x", x, "")], outputs: [NamedTensor("y", x * Float(rows), "")])
            }
        }
        #expect(mixed?.description.contains("number of rows") == true)
    }

    /// The wire form by hand: varints, lengths, little-endian floats.
    @Test func protobufFieldsAreEncoded() {
        var message = ProtobufWriter()
        message.write(1, 300)
        message.write(2, -1)
        message.write(3, "ab")
        message.write(4, Float(1))
        message.write(16) { $0.write(1, 1) }
        let expected: [UInt8] =
            [0x08, 0xAC, 0x02, 0x10] + Array(repeating: 0xFF, count: 9) + [0x01, 0x1A, 0x02, 0x61, 0x62]
            + [0x25, 0, 0, 0x80, 0x3F, 0x82, 0x01, 0x02, 0x08, 0x01]
        #expect(message.bytes == expected)
    }
}
