import Foundation

/// A linear axis with ticks at round numbers: multiples of 1, 2 or 5 times a power of ten.
struct Axis: Equatable {
    var low: Double
    var high: Double
    var ticks: [Double]
    /// The distance between ticks.
    var step: Double

    /// An axis that covers the finite ones of `values`; 0 to 1 if there are none.
    /// - Parameters:
    ///   - count: about how many intervals between ticks.
    ///   - margin: the share of the range added at either end.
    init(covering values: some Sequence<Double>, count: Int = 5, margin: Double = 0) {
        var (low, high) = (Double.infinity, -Double.infinity)
        for value in values where value.isFinite {
            low = min(low, value)
            high = max(high, value)
        }
        if low > high { (low, high) = (0, 1) }
        // Halves keep the distance of two huge bounds finite.
        let half = (high / 2 - low / 2) * (1 + 2 * margin)
        let smallest = max(abs(low), abs(high)) * 1e-9
        if half <= smallest {
            let padding = low == 0 ? 1 : abs(low) * 0.1
            (low, high) = (low - padding, high + padding)
        } else {
            let padding = 2 * half * margin / (1 + 2 * margin)
            (low, high) = (low - padding, high + padding)
        }
        self.low = max(low, -Double.greatestFiniteMagnitude / 4)
        self.high = min(high, Double.greatestFiniteMagnitude / 4)
        step = Axis.roundStep((self.high - self.low) / Double(max(count, 1)))
        let first = (self.low / step).rounded(.up)
        let last = (self.high / step).rounded(.down)
        ticks = last - first < 100 ? stride(from: first, through: last, by: 1).map { [step] in $0 * step + 0 } : []
    }

    /// The smallest of 1, 2, 5 or 10 times a power of ten that is at least `value`, which must be positive.
    static func roundStep(_ value: Double) -> Double {
        guard value > 1e-300, value.isFinite else { return 1 }
        let power = pow(10, floor(log10(value)))
        let share = value / power
        // A whisker of tolerance, so that 2.0000000001 is 2.
        let factor = [1.0, 2, 5].first { share <= $0 * (1 + 1e-9) } ?? 10
        return factor * power
    }

    /// Where `value` lies, 0 at the low end and 1 at the high end.
    func position(_ value: Double) -> Double { (value - low) / (high - low) }

    /// The tick as text, with as many decimals as tell neighbouring ticks apart.
    func label(_ tick: Double) -> String {
        let largest = max(abs(low), abs(high))
        if largest >= 10_000, largest < 1e15 { return humanCount(tick) }
        if largest >= 1e15 || step < 1e-5 { return numberText(tick) }
        let decimals = max(0, Int(-floor(log10(step) + 1e-9)))
        return withMinusSign(String(format: "%.\(decimals)f", tick))
    }
}

/// A count in thousands, millions or billions: 950, 50k, 1.5M, 2B.
func humanCount(_ value: Double) -> String {
    let size = abs(value)
    let (unit, suffix) =
        size >= 999_999_500 ? (1e9, "B") : size >= 999_950 ? (1e6, "M") : size >= 1000 ? (1e3, "k") : (1, "")
    return numberText(value / unit) + suffix
}

/// A number in four significant digits, without trailing zeros: 0.3333, −112, 1.2e−7; "–" if it is not finite.
func numberText(_ value: Double) -> String {
    guard value.isFinite else { return "–" }
    if value == 0 { return "0" }
    if abs(value) >= 1000, abs(value) < 1e7 {
        let text = String(format: "%.\(abs(value) < 99_999.5 ? 1 : 0)f", value)
        return withMinusSign(text.hasSuffix(".0") ? String(text.dropLast(2)) : text)
    }
    let text = String(format: "%.4g", value).replacingOccurrences(of: "e-0", with: "e-")
    let short = text.replacingOccurrences(of: "e+0", with: "e").replacingOccurrences(of: "e+", with: "e")
    return withMinusSign(short)
}

/// A whole number in groups of three, apart by narrow spaces.
func groupedText(_ value: Int) -> String {
    var text = ""
    for (index, digit) in String(value.magnitude).reversed().enumerated() {
        if index > 0, index % 3 == 0 { text.append("\u{202F}") }
        text.append(digit)
    }
    return (value < 0 ? "−" : "") + String(text.reversed())
}

/// 0.8 s, 45 s, 2 min 5 s, 1 h 12 min.
func durationText(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "–" }
    if seconds < 9.95 { return String(format: "%.1f s", seconds) }
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h \(whole % 3600 / 60) min"
}

/// With a minus sign as wide as a plus sign.
private func withMinusSign(_ text: String) -> String { text.replacingOccurrences(of: "-", with: "−") }
