import CTelosKernels
import TelosTensor

/// What a small generative model is trained on and fine-tuned for: normal components of deviation 0.25 around centres
/// drawn from N(0, 0.7^2), all as likely, in d dimensions.
struct MixtureWorld: Sendable {
    let width: Int
    /// [component][d].
    let centres: [[Double]]
    static let deviation = 0.25

    init(width: Int, components: Int, using random: inout RandomStream) {
        self.width = width
        centres = (0..<components).map { _ in (0..<width).map { _ in 0.7 * random.normal() } }
    }

    /// [count * d].
    func draw(_ count: Int, using random: inout RandomStream) -> [Float] {
        (0..<count).flatMap { _ in
            let centre = centres[random.index(below: centres.count)]
            return centre.map { Float($0 + Self.deviation * random.normal()) }
        }
    }

    private func squaredDistance(_ samples: [Float], _ row: Int, _ point: [Double]) -> Double {
        var sum = 0.0
        for (place, value) in point.enumerated() {
            let difference = Double(samples[row * width + place]) - value
            sum += difference * difference
        }
        return sum
    }

    /// exp(-|x - C_0|^2 / (2 x 1.2^2)) of each sample: be of the first component.
    func nearness(_ samples: [Float]) -> [Double] {
        (0..<(samples.count / width)).map { telos_exp64(-squaredDistance(samples, $0, centres[0]) / (2 * 1.2 * 1.2)) }
    }

    /// -|x - (C_0 + 0.5)| of each sample: go where no component is.
    func offTarget(_ samples: [Float]) -> [Double] {
        let target = centres[0].map { $0 + 0.5 }
        return (0..<(samples.count / width)).map { -squaredDistance(samples, $0, target).squareRoot() }
    }

    /// Entropy of which centre is nearest, in nats.
    func modeEntropy(_ samples: [Float]) -> Double {
        let rows = samples.count / width
        var counts = centres.map { _ in 0 }
        for row in 0..<rows {
            let distances = centres.map { squaredDistance(samples, row, $0) }
            counts[distances.indices.min { distances[$0] < distances[$1] }!] += 1
        }
        return counts.reduce(0) {
            let share = Double($1) / Double(rows)
            return share > 0 ? $0 - share * telos_log64(share) : $0
        }
    }
}
