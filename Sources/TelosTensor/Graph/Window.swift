import CTelosKernels

/// How many zeros a window may read before and after the samples of an axis.
public enum Padding: Hashable, Sendable, ExpressibleByIntegerLiteral {
    /// None: the window stays inside.
    case none
    /// As many as make ceil(extent / stride) positions; the odd one goes after.
    case same
    /// All before: a position reads only what is not later than itself.
    case causal
    /// The same number on either side.
    case zeros(Int)

    /// `padding: 1` is `.zeros(1)`.
    public init(integerLiteral value: Int) { self = .zeros(value) }
}

/// A window that slides along one axis: position p reads samples p * stride - before + i * dilation, i in 0 ..< size.
public struct Window: Hashable, Sendable {
    public var size: Int
    public var stride: Int
    public var before: Int
    public var after: Int
    public var dilation: Int

    public init(size: Int, stride: Int = 1, padding: Padding = .none, dilation: Int = 1) {
        self.size = size
        self.stride = stride
        self.dilation = dilation
        let reach = dilation * (size - 1)
        switch padding {
        case .none: (before, after) = (0, 0)
        case .same: (before, after) = (reach / 2, reach - reach / 2)
        case .causal: (before, after) = (reach, 0)
        case .zeros(let count): (before, after) = (count, count)
        }
    }

    /// How many positions fit over `extent` samples.
    public func count(over extent: Int) -> Int {
        let room = extent + before + after - dilation * (size - 1) - 1
        return room < 0 ? 0 : room / stride + 1
    }

    /// Whether every position reads exactly its own sample.
    var isIdentity: Bool { size == 1 && stride == 1 && before == 0 && after == 0 }

    /// What is wrong with it for an axis of `extent` samples; nil where nothing is.
    func mistake(over extent: Int) -> String? {
        if size < 1 || stride < 1 || dilation < 1 || before < 0 || after < 0 {
            return "size \(size), stride \(stride) and dilation \(dilation) must be at least 1, "
                + "padding (\(before), \(after)) at least 0"
        }
        if count(over: extent) == 0 {
            let span = dilation * (size - 1) + 1
            return "a window that spans \(span) does not fit into \(extent) samples padded by (\(before), \(after))"
        }
        return nil
    }
}

extension telos_window {
    /// Over pictures [n, height, width, channels].
    init(_ rows: Window, _ columns: Window, picture: [Int]) {
        self.init(
            images: Int64(picture[0]), height: Int64(picture[1]), width: Int64(picture[2]),
            channels: Int64(picture[3]), rows: Int64(rows.count(over: picture[1])),
            columns: Int64(columns.count(over: picture[2])), window_height: Int64(rows.size),
            window_width: Int64(columns.size), stride_height: Int64(rows.stride), stride_width: Int64(columns.stride),
            dilation_height: Int64(rows.dilation), dilation_width: Int64(columns.dilation), top: Int64(rows.before),
            left: Int64(columns.before))
    }
}
