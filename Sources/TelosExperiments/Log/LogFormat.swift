/// A form in which a run's curves are written to files as it trains, beside the store's own tables.
public enum LogFormat: String, Sendable, Codable, CaseIterable {
    /// `seed-N.csv`: a line a number, with its step and its tag.
    case csv
    /// `tensorboard/seed-N/events.out.tfevents.telos`: `tensorboard --logdir` the run's folder or the store's.
    case tensorboard

    public var summary: String {
        switch self {
        case .csv: "seed-N.csv with a line a number: step,tag,value"
        case .tensorboard: "tensorboard/seed-N: event files that TensorBoard shows"
        }
    }

    /// Where a seed's file lies within its run's folder.
    func path(seed: Int) -> String {
        switch self {
        case .csv: "seed-\(seed).csv"
        case .tensorboard: "tensorboard/seed-\(seed)/events.out.tfevents.telos"
        }
    }

    /// What a file begins with.
    /// - time: seconds since 1970.
    func header(time: Double) -> [UInt8] {
        switch self {
        case .csv: CSVLog.header
        case .tensorboard: TensorBoardLog.header(time: time)
        }
    }

    func encoded(_ scalars: [Scalar], time: Double) -> [UInt8] {
        switch self {
        case .csv: CSVLog.encoded(scalars)
        case .tensorboard: TensorBoardLog.encoded(scalars, time: time)
        }
    }

    /// The header and the first `count` records of `bytes`; nil where these are not all there and whole.
    func prefix(of bytes: [UInt8], count: Int) -> [UInt8]? {
        switch self {
        case .csv: CSVLog.prefix(of: bytes, count: count)
        case .tensorboard: TensorBoardLog.prefix(of: bytes, count: count)
        }
    }
}

/// A logged number as the log files name it.
struct Scalar: Hashable {
    var step: Int
    /// `return/training`, `return/evaluation`, `term/NAME` or `metric/NAME`, on one line.
    var tag: String
    var value: Double

    init(_ step: Int, _ tag: String, _ value: Double) {
        self.step = step
        self.tag = tag
        self.value = value
    }
}

extension RunRows {
    /// How many `scalars` there are.
    var scalarCount: Int { points.count + terms.count + metrics.count }

    /// Every curve's points, by step and with an evaluation last: the order does not depend on how many rows are written
    /// at once.
    var scalars: [Scalar] {
        func tag(_ group: String, _ name: String) -> String {
            "\(group)/\(String(name.map { $0.isNewline ? " " : $0 }))"
        }
        let scalars =
            points.map { ($0.kind == .evaluation, Scalar($0.step, tag("return", $0.kind.rawValue), $0.value)) }
            + terms.map { (false, Scalar($0.step, tag("term", $0.name), $0.value)) }
            + metrics.map { (false, Scalar($0.step, tag("metric", $0.name), $0.value)) }
        return scalars.enumerated().sorted { left, right in
            let (one, other) = (left.element, right.element)
            if one.1.step != other.1.step { return one.1.step < other.1.step }
            return one.0 != other.0 ? other.0 : left.offset < right.offset
        }.map(\.element.1)
    }
}
