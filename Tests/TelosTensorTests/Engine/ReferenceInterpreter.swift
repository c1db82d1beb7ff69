import Foundation

@testable import TelosTensor

/// Evaluates a graph in double precision, one element at a time: an oracle that shares nothing with the compiler.
struct ReferenceInterpreter {
    var bindings: [ObjectIdentifier: [Double]] = [:]

    mutating func bind(_ tensor: Tensor, _ values: [Double]) { bindings[ObjectIdentifier(tensor.node)] = values }

    func evaluate(_ tensor: Tensor) -> [Double] {
        var results: [ObjectIdentifier: [Double]] = [:]
        for node in topologicalOrder(of: [tensor.node]) {
            results[ObjectIdentifier(node)] = evaluate(node, node.inputs.map { results[ObjectIdentifier($0)]! })
        }
        return results[ObjectIdentifier(tensor.node)]!
    }

    private func evaluate(_ node: Node, _ inputs: [[Double]]) -> [Double] {
        switch node.operation {
        case .placeholder, .variable:
            return bindings[ObjectIdentifier(node)]
                ?? (0..<node.count).map { Double(node.memory![node.memoryOffset + $0]) }
        case .constant: return (0..<node.count).map { Double(node.memory![$0]) }
        case .elementwise(let function):
            return (0..<node.count).map { index in apply(function, inputs.map { $0[index] }) }
        case .reshape, .stopGradient, .barrier: return inputs[0]
        case .checkpoint(let body): return inputs[..<body.outputCount].flatMap { $0 }
        case .checkpointOutput(let position):
            let outputs = node.inputs[0].inputs
            let start = outputs[..<position].reduce(0) { $0 + $1.count }
            return Array(inputs[0][start..<(start + node.count)])
        case .broadcast:
            return indices(node.shape).map { index in
                inputs[0][flat(zip(index, node.inputs[0].shape).map { $1 == 1 ? 0 : $0 }, node.inputs[0].shape)]
            }
        case .transpose(let order):
            return indices(node.shape).map { index in
                var source = index
                for (position, axis) in order.enumerated() { source[axis] = index[position] }
                return inputs[0][flat(source, node.inputs[0].shape)]
            }
        case .sum(let axis): return reduce(node.inputs[0].shape, inputs[0], axis, 0, +)
        case .maximum(let axis): return reduce(node.inputs[0].shape, inputs[0], axis, -.infinity, Swift.max)
        case .argmax:
            return rows(inputs[0], node.inputs[0].shape.last!).map { row in
                Double(row.indices.first { row[$0] == row.max()! } ?? 0)
            }
        case .matmul(let transposeA, let transposeB): return product(node, inputs, transposeA, transposeB)
        case .gatherLast:
            return zip(rows(inputs[0], node.inputs[0].shape.last!), inputs[1]).map { row, index in
                row.indices.contains(Int(index)) ? row[Int(index)] : 0
            }
        case .scatterLast:
            let width = node.shape.last!
            return zip(inputs[0], inputs[1]).flatMap { value, index in
                (0..<width).map { $0 == Int(index) ? value : 0 }
            }
        case .gatherRows:
            let table = rows(inputs[0], node.shape[1])
            return inputs[1].flatMap { index in
                table.indices.contains(Int(index)) ? table[Int(index)] : Array(repeating: 0, count: node.shape[1])
            }
        case .scatterRows:
            var result = [Double](repeating: 0, count: node.count)
            for (row, index) in zip(rows(inputs[0], node.shape[1]), inputs[1])
            where (0..<node.shape[0]).contains(Int(index)) {
                for column in row.indices { result[Int(index) * node.shape[1] + column] += row[column] }
            }
            return result
        case .concatenate(let axis):
            return indices(node.shape).map { index in
                var (index, part) = (index, 0)
                while index[axis] >= node.inputs[part].shape[axis] {
                    index[axis] -= node.inputs[part].shape[axis]
                    part += 1
                }
                return inputs[part][flat(index, node.inputs[part].shape)]
            }
        case .slice(let axis, let start):
            return indices(node.shape).map { index in
                var index = index
                index[axis] += start
                return inputs[0][flat(index, node.inputs[0].shape)]
            }
        case .pad(let axis, let before):
            return indices(node.shape).map { index in
                var index = index
                index[axis] -= before
                let inside = (0..<node.inputs[0].shape[axis]).contains(index[axis])
                return inside ? inputs[0][flat(index, node.inputs[0].shape)] : 0
            }
        case .cumulativeSum(let reverse):
            return rows(inputs[0], node.shape.last!).flatMap { row in
                row.indices.map { (reverse ? row[$0...] : row[...$0]).reduce(0, +) }
            }
        case .unfold(let rows, let columns, let fill):
            let places = windowPlaces(rows, columns, picture: node.inputs[0].shape)
            return places.map { $0.map { inputs[0][$0] } ?? Double(fill) }
        case .fold(let rows, let columns):
            var result = [Double](repeating: 0, count: node.count)
            for (place, value) in zip(windowPlaces(rows, columns, picture: node.shape), inputs[0]) {
                if let place { result[place] += value }
            }
            return result
        case .argsort(let descending):
            return rows(inputs[0], node.shape.last!).flatMap { row in
                row.indices.sorted { a, b in
                    if row[a].isNaN != row[b].isNaN { return row[b].isNaN }
                    if row[a] == row[b] || row[a].isNaN { return a < b }
                    return descending ? row[a] > row[b] : row[a] < row[b]
                }.map(Double.init)
            }
        case .gatherAlong:
            return zip(rows(inputs[0], node.inputs[0].shape.last!), rows(inputs[1], node.shape.last!)).flatMap {
                row, indices in indices.map { row[Int($0)] }
            }
        case .scatterAlong:
            let width = node.inputs[0].shape.last!
            return zip(rows(inputs[0], width), rows(inputs[1], width)).flatMap { values, indices in
                var row = [Double](repeating: 0, count: node.shape.last!)
                for (value, index) in zip(values, indices) { row[Int(index)] += value }
                return row
            }
        case .softmax:
            return rows(inputs[0], node.shape.last!).flatMap { row in
                let sum = row.reduce(0) { $0 + Foundation.exp($1) }
                return row.map { Foundation.exp($0) / sum }
            }
        case .logSumExp:
            return rows(inputs[0], node.inputs[0].shape.last!).map { row in
                Foundation.log(row.reduce(0) { $0 + Foundation.exp($1) })
            }
        case .cumulativeArgmax:
            return rows(inputs[0], node.shape.last!).flatMap { row in
                row.indices.map { last in Double((0...last).first { row[$0] == row[...last].max()! }!) }
            }
        case .linearRecurrence(let axis, let reverse):
            var result = [Double](repeating: 0, count: node.count)
            let steps = indices(node.shape).sorted { reverse ? $0[axis] > $1[axis] : $0[axis] < $1[axis] }
            for index in steps {
                let here = flat(index, node.shape)
                var (neighbour, state) = (index, index)
                neighbour[axis] += reverse ? 1 : -1
                state.remove(at: axis)
                let isFirst = !(0..<node.shape[axis]).contains(neighbour[axis])
                var before = isFirst ? 0 : result[flat(neighbour, node.shape)]
                if isFirst, inputs.count > 2 {
                    before = inputs[2][flat(state, node.inputs[2].shape)]
                }
                result[here] = inputs[0][here] * before + inputs[1][here]
            }
            return result
        case .invalid: return []
        }
    }

    private func apply(_ function: Elementwise, _ x: [Double]) -> Double {
        switch function {
        case .copy: x[0]
        case .negate: -x[0]
        case .abs: Swift.abs(x[0])
        case .sign: x[0] > 0 ? 1 : x[0] < 0 ? -1 : 0
        case .exp: Foundation.exp(x[0])
        case .log: Foundation.log(x[0])
        case .tanh: Foundation.tanh(x[0])
        case .sigmoid: 1 / (1 + Foundation.exp(-x[0]))
        case .softplus: Foundation.log1p(Foundation.exp(-Swift.abs(x[0]))) + Swift.max(x[0], 0)
        case .sqrt: x[0].squareRoot()
        case .reciprocal: 1 / x[0]
        case .sin: Foundation.sin(x[0])
        case .cos: Foundation.cos(x[0])
        case .floor: x[0].rounded(.down)
        case .erf: Foundation.erf(x[0])
        case .expm1: Foundation.expm1(x[0])
        case .log1p: Foundation.log1p(x[0])
        case .add: x[0] + x[1]
        case .subtract: x[0] - x[1]
        case .multiply: x[0] * x[1]
        case .divide: x[0] / x[1]
        case .max: x[0] > x[1] ? x[0] : x[1]
        case .min: x[0] < x[1] ? x[0] : x[1]
        case .pow: Foundation.pow(x[0], x[1])
        case .less: x[0] < x[1] ? 1 : 0
        case .lessEqual: x[0] <= x[1] ? 1 : 0
        case .equal: x[0] == x[1] ? 1 : 0
        case .select: x[0] != 0 ? x[1] : x[2]
        case .fma: x[0] * x[1] + x[2]
        }
    }

    private func product(_ node: Node, _ inputs: [[Double]], _ transposeA: Bool, _ transposeB: Bool) -> [Double] {
        let rank = node.shape.count
        let (m, n) = (node.shape[rank - 2], node.shape[rank - 1])
        let k = node.inputs[0].shape[transposeA ? rank - 2 : rank - 1]
        let batches = rank == 3 ? node.shape[0] : 1
        var result: [Double] = []
        for batch in 0..<batches {
            for row in 0..<m {
                for column in 0..<n {
                    var sum = 0.0
                    for inner in 0..<k {
                        let a = inputs[0][batch * m * k + (transposeA ? inner * m + row : row * k + inner)]
                        let b = inputs[1][batch * k * n + (transposeB ? column * k + inner : inner * n + column)]
                        sum += a * b
                    }
                    result.append(sum)
                }
            }
        }
        return result
    }

    private func reduce(
        _ shape: [Int], _ values: [Double], _ axis: Int, _ initial: Double, _ join: (Double, Double) -> Double
    ) -> [Double] {
        var result = shape
        result.remove(at: axis)
        var sums = [Double](repeating: initial, count: result.reduce(1, *))
        for (position, index) in indices(shape).enumerated() {
            var target = index
            target.remove(at: axis)
            let slot = flat(target, result)
            sums[slot] = join(sums[slot], values[position])
        }
        return sums
    }

    /// Where each sample of each patch lies in the picture; nil outside.
    private func windowPlaces(_ rows: Window, _ columns: Window, picture: [Int]) -> [Int?] {
        let positions = [
            picture[0], rows.count(over: picture[1]), columns.count(over: picture[2]), rows.size, columns.size,
            picture[3],
        ]
        return indices(positions).map { i in
            let y = i[1] * rows.stride - rows.before + i[3] * rows.dilation
            let x = i[2] * columns.stride - columns.before + i[4] * columns.dilation
            guard (0..<picture[1]).contains(y), (0..<picture[2]).contains(x) else { return nil }
            return flat([i[0], y, x, i[5]], picture)
        }
    }

    private func rows(_ values: [Double], _ width: Int) -> [[Double]] {
        stride(from: 0, to: values.count, by: Swift.max(1, width)).map { Array(values[$0..<($0 + width)]) }
    }

    private func indices(_ shape: [Int]) -> [[Int]] {
        shape.reduce([[]]) { prefixes, extent in prefixes.flatMap { prefix in (0..<extent).map { prefix + [$0] } } }
    }

    private func flat(_ index: [Int], _ shape: [Int]) -> Int {
        zip(index, shape).reduce(0) { $0 * $1.1 + $1.0 }
    }
}
