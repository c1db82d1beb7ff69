import TelosTensor

@testable import TelosLearning

typealias Rows = [[Double]]

/// Networks of actors and critics in plain loops of double precision, read from a checkpoint.
struct ReferenceNetwork {
    var arrays: [String: Checkpoint.Array]
    /// For example `critics/`.
    var prefix: String
    /// Which of how many networks that are kept side by side.
    var member: (index: Int, count: Int) = (0, 1)

    /// Uniform numbers of dropout by hidden layer; batch statistics or running moments by layer.
    struct Mode {
        var dropout: [Rows] = []
        var rate = 0.0
        var usesBatch = false
        var moments: String?
    }

    private func values(_ name: String) -> [Double]? { read(prefix + name) }

    private func read(_ name: String) -> [Double]? {
        arrays[name].map { array in
            let count = array.values.count / member.count
            return array.values[(member.index * count)..<((member.index + 1) * count)].map(Double.init)
        }
    }

    func linear(_ x: Rows, _ name: String) -> Rows {
        let (weight, bias) = (values(name + ".weight")!, values(name + ".bias")!)
        return x.map { row in
            bias.indices.map { column -> Double in
                var value = bias[column]
                for (index, element) in row.enumerated() { value += element * weight[index * bias.count + column] }
                return value
            }
        }
    }

    func layerNorm(_ x: Rows, _ name: String) -> Rows {
        let (gain, bias) = (values(name + ".gain")!, values(name + ".bias")!)
        return x.map { row in
            let mean = row.reduce(0, +) / Double(row.count)
            let variance = row.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(row.count)
            let deviation = (variance + 1e-5).squareRoot()
            return row.indices.map { (row[$0] - mean) / deviation * gain[$0] + bias[$0] }
        }
    }

    private func batchNorm(_ x: Rows, _ index: Int, _ mode: Mode) -> Rows {
        guard let gain = values("batchNorms.\(index).gain") else { return x }
        let bias = values("batchNorms.\(index).bias")!
        var result = x
        for column in gain.indices {
            var (mean, variance) = (0.0, 0.0)
            if mode.usesBatch {
                let values = x.map { $0[column] }
                mean = values.reduce(0, +) / Double(x.count)
                variance = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(x.count)
            } else {
                mean = read("\(mode.moments!)\(index).mean")![column]
                variance = read("\(mode.moments!)\(index).variance")![column]
            }
            let deviation = (variance + 1e-3).squareRoot()
            for row in x.indices {
                let centred = x[row][column] - mean
                result[row][column] = centred / deviation * gain[column] + bias[column]
            }
        }
        return result
    }

    func callAsFunction(_ x: Rows, _ mode: Mode = Mode()) -> Rows {
        func activated(_ x: Rows) -> Rows { x.map { $0.map { max(0, $0) } } }
        if values("residual.embed.weight") != nil {
            var value = linear(x, "residual.embed")
            var block = 0
            while values("residual.blocks.\(block).norm.gain") != nil {
                let name = "residual.blocks.\(block)"
                let inner = linear(
                    activated(linear(layerNorm(value, name + ".norm"), name + ".expand")), name + ".contract")
                value = zip(value, inner).map { zip($0, $1).map(+) }
                block += 1
            }
            return linear(layerNorm(value, "residual.norm"), "residual.head")
        }
        var value = batchNorm(x, 0, mode)
        var layer = 0
        while values("hidden.\(layer).weight") != nil {
            value = linear(value, "hidden.\(layer)")
            if !mode.dropout.isEmpty {
                value = zip(value, mode.dropout[layer]).map {
                    zip($0, $1).map { $1 >= mode.rate ? $0 / (1 - mode.rate) : 0 }
                }
            }
            if values("layerNorms.\(layer).gain") != nil { value = layerNorm(value, "layerNorms.\(layer)") }
            value = batchNorm(activated(value), layer + 1, mode)
            layer += 1
        }
        return linear(value, "head")
    }
}
