/// A computation on one row as C99: a header and a source file that need nothing but `<math.h>`.
///
/// The function allocates nothing and keeps nothing: what it works in is a struct of the caller's, so that it may run on
/// several threads at once. Operations are the kernels' own (products accumulate in order by fused multiply-add, sums
/// follow their tree, functions are their polynomials), so that it gives the bits that Telos gives, except of `pow`, and
/// of sines and cosines of arguments beyond 65 536, which are the C library's.
public struct CSource: Sendable, Hashable {
    public var header: String
    public var source: String

    /// - Parameters:
    ///   - prefix: what names begin with, an identifier.
    ///   - header: the file name that the source includes the header by.
    ///   - summary: lines of a comment at the top.
    ///   - computation: traced for one row.
    ///   - results: outputs that the caller receives in an array, by the name of the array: one of its own, or that of
    ///     an input, which is then rewritten. The other outputs are read from the workspace.
    /// - Throws: `ExportError` where an operation has no form in C or the prefix is no identifier.
    public init(
        prefix: String, header name: String, summary: [String], _ computation: NamedComputation,
        results: [(output: String, array: String)]
    ) throws {
        guard ExportGraph.isIdentifier(prefix) else {
            throw ExportError(
                "'\(prefix)' does not serve as a prefix in C: write letters, digits and underscores, no digit first")
        }
        let graph = try ExportGraph(computation)
        var writer = CWriter(graph: graph)
        let outputs = try writer.run()
        let text = CText(prefix: prefix, headerName: name, summary: summary, graph: graph, results: results)
        header = text.header(scratch: writer.scratchCount)
        source = text.source(writer, outputs)
    }
}

/// The texts around what a `CWriter` writes.
private struct CText {
    var prefix: String
    var headerName: String
    var summary: [String]
    var graph: ExportGraph
    var results: [(output: String, array: String)]

    private var upper: String { prefix.uppercased() }

    private func count(_ port: ExportGraph.Port) -> Int { graph.values[port.value].count }

    /// Outputs that stay in the workspace.
    private var kept: [ExportGraph.Port] {
        graph.outputs.filter { port in !results.contains { $0.output == port.name } }
    }

    /// Arrays that a caller hands over to be filled, apart from inputs that are rewritten.
    private var filled: [(array: String, port: ExportGraph.Port)] {
        results.compactMap { result in
            guard !graph.inputs.contains(where: { $0.name == result.array }) else { return nil }
            return graph.outputs.first { $0.name == result.output }.map { (result.array, $0) }
        }
    }

    private var signature: String {
        let inputs = graph.inputs.map { port in
            let isRewritten = results.contains { $0.array == port.name }
            return (isRewritten ? "" : "const ") + "float *\(port.name)"
        }
        let all = ["\(prefix)_workspace *workspace"] + inputs + filled.map { "float *\($0.array)" }
        return "void \(prefix)_act(\(all.joined(separator: ", ")))"
    }

    private func comment(_ lines: [String]) -> String {
        let safe = lines.map { $0.replacing("*/", with: "* /").replacing("/*", with: "/ *") }
        return "/*\n" + safe.map { $0.isEmpty ? " *" : " * \($0)" }.joined(separator: "\n") + "\n */\n"
    }

    func header(scratch: Int) -> String {
        var lines = [
            "#ifndef \(upper)_H", "#define \(upper)_H", "", "#ifdef __cplusplus", "extern \"C\" {", "#endif", "",
        ]
        for (name, port) in graph.inputs.map({ ($0.name, $0) }) + filled {
            lines += ["/* \(port.summary) */", "#define \(upper)_\(name.uppercased())_COUNT \(count(port))"]
        }
        lines += [
            "", "/* What one call works in; nothing in it has to be set, and nothing is kept from call to call. */",
        ]
        lines += ["typedef struct {"]
        for port in kept { lines += ["    /* \(port.summary) */", "    float \(port.name)[\(count(port))];"] }
        lines += ["    float scratch[\(max(1, scratch))];", "} \(prefix)_workspace;", ""]
        for result in results where graph.inputs.contains(where: { $0.name == result.array }) {
            lines.append("/* \(result.array) is rewritten: hand it to the next call; zeros begin an episode. */")
        }
        lines += [signature + ";", "", "#ifdef __cplusplus", "}", "#endif", "", "#endif", ""]
        return comment(summary) + "\n" + lines.joined(separator: "\n")
    }

    func source(_ writer: CWriter, _ outputs: [CWriter.Operand]) -> String {
        var lines = [
            "#include \"\(headerName)\"", "", "#include <math.h>", "", "#ifdef __FAST_MATH__",
            "#error \"compile without -ffast-math: results would not be those of the policy\"", "#endif",
            "/* No multiplication and addition are to become one, but where it says so. */", "#if defined(__clang__)",
            "#pragma STDC FP_CONTRACT OFF", "#elif defined(__GNUC__)", "#pragma GCC optimize (\"-ffp-contract=off\")",
            "#endif", "",
            "/* a * b + c with one rounding. A processor without that instruction is faster with",
            "   -D'\(upper)_FMA(a, b, c)=((a) * (b) + (c))', which changes the last bits. */",
            "#ifndef \(upper)_FMA", "#define \(upper)_FMA(a, b, c) fmaf(a, b, c)", "#endif",
            "#define FMA(a, b, c) \(upper)_FMA(a, b, c)", "",
        ]
        lines += CFunctions.definitions(of: writer.functions)
        lines += writer.arrays
        lines += [signature + " {"]
        lines.append("    float *const s = workspace->scratch;")
        lines += writer.statements.map { "    " + $0 }
        for (port, operand) in zip(graph.outputs, outputs) {
            let array = results.first { $0.output == port.name }?.array ?? "workspace->\(port.name)"
            lines.append("    for (int i = 0; i < \(count(port)); ++i) \(array)[i] = \(operand.element("i"));")
        }
        if writer.scratchCount == 0 { lines.append("    (void)s;") }
        for port in graph.inputs where !writer.readInputs.contains(port.name) {
            lines.append("    (void)\(port.name);")
        }
        lines += ["}", ""]
        return comment(summary) + "\n" + lines.joined(separator: "\n")
    }
}
