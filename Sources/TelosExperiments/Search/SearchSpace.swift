import CTelosKernels
import Foundation
import TelosTensor

/// What a search may change: keys of the experiment file, each with the values it may take.
public struct SearchSpace: Sendable, Hashable {
    public enum Values: Sendable, Hashable {
        /// Every number of the interval alike.
        case uniform(ClosedRange<Double>)
        /// Every order of magnitude alike; both bounds are positive.
        case logUniform(ClosedRange<Double>)
        /// Every whole number alike, both ends included.
        case integer(ClosedRange<Int>)
        /// One of these, as they are written in the file.
        case choice([String])
    }

    public struct Dimension: Sendable, Hashable {
        /// The key, as `--set` names it: `learner.learningRate`.
        public var path: String
        public var values: Values

        public init(_ path: String, _ values: Values) {
            self.path = path
            self.values = values
        }

        /// The value at `position`, in [0, 1), as it is written in a file. Numbers have six significant digits.
        func text(at position: Double) -> String {
            switch values {
            case .uniform(let range):
                return Self.number(range.lowerBound + position * (range.upperBound - range.lowerBound), within: range)
            case .logUniform(let range):
                let (low, high) = (telos_log64(range.lowerBound), telos_log64(range.upperBound))
                return Self.number(telos_exp64(low + position * (high - low)), within: range)
            case .integer(let range): return "\(range.lowerBound + Self.level(position, of: range.count))"
            case .choice(let texts): return texts[Self.level(position, of: texts.count)]
            }
        }

        /// `position` as a model of the scores sees it: the level's middle for whole numbers, an axis for each choice.
        func coordinates(of position: Double) -> [Double] {
            switch values {
            case .uniform, .logUniform: [position]
            case .integer(let range):
                [(Double(Self.level(position, of: range.count)) + 0.5) / Double(range.count)]
            case .choice(let texts):
                texts.indices.map { $0 == Self.level(position, of: texts.count) ? 1 : 0 }
            }
        }

        private static func level(_ position: Double, of count: Int) -> Int {
            min(count - 1, max(0, Int(position * Double(count))))
        }

        private static func number(_ value: Double, within range: ClosedRange<Double>) -> String {
            let rounded = Double(String(format: "%.6g", value)) ?? value
            return "\(min(range.upperBound, max(range.lowerBound, rounded)))"
        }
    }

    public var dimensions: [Dimension]

    public init(_ dimensions: [Dimension]) { self.dimensions = dimensions }

    /// A position on each axis, all drawn alike.
    func draw(using random: inout RandomStream) -> [Double] { dimensions.map { _ in random.uniform() } }

    /// The changes of the experiment that positions stand for, as `--set` takes them.
    func overrides(at positions: [Double]) -> [String] {
        zip(dimensions, positions).map { "\($0.path)=\($0.text(at: $1))" }
    }

    func values(at positions: [Double]) -> [(path: String, text: String)] {
        zip(dimensions, positions).map { ($0.path, $0.text(at: $1)) }
    }

    func coordinates(of positions: [Double]) -> [Double] {
        zip(dimensions, positions).flatMap { $0.coordinates(of: $1) }
    }
}
