/// The statements of each operation.
extension CWriter {
    private mutating func loop(_ count: Int, _ body: [String]) {
        if body.count == 1 {
            statements.append("for (int i = 0; i < \(count); ++i) \(body[0])")
        } else {
            statements += ["for (int i = 0; i < \(count); ++i) {"] + body.map { "    " + $0 } + ["}"]
        }
    }

    private mutating func call(_ function: String, _ arguments: [String]) {
        functions.insert(function)
        statements.append("\(function)(\(arguments.joined(separator: ", ")));")
    }

    mutating func write(_ operation: Operation, _ sources: [Int], _ index: Int) throws {
        let shape = graph.values[index].shape, count = graph.values[index].count
        let target = places[index]!
        let from = sources.first.map { graph.values[$0].shape } ?? []
        func assign(_ value: String) -> String { "\(target.element("i")) = \(value);" }
        switch operation {
        case .elementwise:
            var body: [String] = []
            var known: [Int: String] = [:]
            let value = expression(index, shape, &body, &known)
            loop(count, body + [assign(value)])
        case .broadcast: loop(count, [assign(element(index, as: shape))])
        case .transpose(let order):
            let strides = strides(from)
            loop(count, [assign(operand(sources[0]).element(place(shape, order.map { strides[$0] })))])
        case .slice(let axis, let start):
            let strides = strides(from)
            var source = operand(sources[0])
            source.offset += start * strides[axis]
            loop(count, [assign(source.element(place(shape, strides)))])
        case .pad(let axis, let before):
            loop(count, [assign("0.0f")])
            store(sources[0], into: target, at: before * strides(shape)[axis], strides(shape))
        case .concatenate(let axis):
            var start = 0
            for source in sources {
                store(source, into: target, at: start * strides(shape)[axis], strides(shape))
                start += graph.values[source].shape[axis]
            }
        case .matmul:
            let other = graph.values[sources[1]].shape, rank = from.count
            let (m, k, n) = (from[rank - 2], from[rank - 1], other[rank - 1])
            let (a, b) = (operand(sources[0]), operand(sources[1]))
            for batch in 0..<from[..<(rank - 2)].reduce(1, *) {
                func part(_ operand: Operand, _ size: Int) -> String {
                    Operand(base: operand.base, offset: operand.offset + batch * size).pointer
                }
                call("matmul", [part(target, m * n), part(a, m * k), part(b, k * n), "\(m)", "\(k)", "\(n)"])
            }
        case .sum(let axis), .maximum(let axis):
            let name = operation == .sum(axis: axis) ? "sum" : "maximum"
            let inner = from[(axis + 1)...].reduce(1, *)
            let sizes = [from[..<axis].reduce(1, *), from[axis], inner].map(String.init)
            call(
                inner == 1 ? "\(name)_rows" : "\(name)_columns", [target.pointer, operand(sources[0]).pointer] + sizes)
        case .argmax, .softmax, .logSumExp:
            let width = from.last ?? 1
            let name = operation == .argmax ? "argmax" : operation == .softmax ? "softmax" : "log_sum_exp"
            let rows = graph.values[sources[0]].count / max(1, width)
            call(name, [target.pointer, operand(sources[0]).pointer, "\(rows)", "\(width)"])
        case .cumulativeSum(let reverse):
            let width = from.last ?? 1
            call(
                reverse ? "cumulative_sum_reverse" : "cumulative_sum",
                [target.pointer, operand(sources[0]).pointer, "\(count / max(1, width))", "\(width)"])
        case .scatterLast:
            let width = shape.last ?? 1
            call(
                "scatter_last",
                [target.pointer, operand(sources[0]).pointer, operand(sources[1]).pointer]
                    + ["\(count / max(1, width))", "\(width)"])
        case .gatherLast:
            call(
                "gather_last",
                [target.pointer, operand(sources[0]).pointer, operand(sources[1]).pointer, "\(count)"]
                    + ["\(from.last ?? 1)"])
        case .gatherRows:
            call(
                "gather_rows",
                [target.pointer, operand(sources[0]).pointer, operand(sources[1]).pointer]
                    + ["\(shape[0])", "\(from[0])", "\(from[1])"])
        default: throw ExportError("the operation \(operation.name) has no form in C")
        }
    }

    /// Copies `source` to where element (0, ...) is at `offset` and the others have `strides`.
    private mutating func store(_ source: Int, into target: Operand, at offset: Int, _ strides: [Int]) {
        let shape = graph.values[source].shape
        let value = numbers[root(source)].map(literal) ?? operand(source).element("i")
        let to = Operand(base: target.base, offset: target.offset + offset)
        loop(graph.values[source].count, ["\(to.element(place(shape, strides))) = \(value);"])
    }

    /// The value of element i of an element-wise operation; what it reads that is computed here comes first, in `body`.
    private mutating func expression(
        _ index: Int, _ shape: [Int], _ body: inout [String], _ known: inout [Int: String]
    ) -> String {
        guard case .operation(.elementwise(let function), let sources) = graph.values[index].source else { return "" }
        var x: [String] = []
        for source in sources {
            let found = root(bare(source))
            if inlined.contains(found) {
                if known[found] == nil {
                    let value = expression(found, graph.values[found].shape, &body, &known)
                    body.append("const float t\(found) = \(value);")
                    known[found] = "t\(found)"
                }
                x.append(known[found]!)
            } else {
                x.append(element(source, as: shape))
            }
        }
        switch function {
        case .copy: return x[0]
        case .negate: return "-\(x[0])"
        case .abs: return "fabsf(\(x[0]))"
        case .sqrt: return "sqrtf(\(x[0]))"
        case .floor: return "floorf(\(x[0]))"
        case .reciprocal: return "1.0f / \(x[0])"
        case .add: return "\(x[0]) + \(x[1])"
        case .subtract: return "\(x[0]) - \(x[1])"
        case .multiply: return "\(x[0]) * \(x[1])"
        case .divide: return "\(x[0]) / \(x[1])"
        case .pow: return "powf(\(x[0]), \(x[1]))"
        case .less: return "\(x[0]) < \(x[1]) ? 1.0f : 0.0f"
        case .lessEqual: return "\(x[0]) <= \(x[1]) ? 1.0f : 0.0f"
        case .equal: return "\(x[0]) == \(x[1]) ? 1.0f : 0.0f"
        case .max: return "\(x[0]) > \(x[1]) ? \(x[0]) : \(x[1])"
        case .min: return "\(x[0]) < \(x[1]) ? \(x[0]) : \(x[1])"
        case .select: return "\(x[0]) != 0.0f ? \(x[1]) : \(x[2])"
        case .fma: return "FMA(\(x[0]), \(x[1]), \(x[2]))"
        case .sign, .exp, .log, .tanh, .sigmoid, .softplus, .sin, .cos, .erf, .expm1, .log1p:
            functions.insert("\(function)_f")
            return "\(function)_f(\(x[0]))"
        }
    }
}
