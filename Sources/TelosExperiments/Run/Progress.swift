import Dispatch
import Foundation
import TelosEvaluation
import TelosTensor

/// Shows how far a run is: a block that is redrawn on a terminal, a line now and then elsewhere.
public final class ProgressDisplay {
    private let terminal: Terminal
    private let begin = DispatchTime.now().uptimeNanoseconds
    private var shown = 0
    private var nextLine: Double

    /// Seconds between plain lines.
    private let lineInterval: Double

    public init(terminal: Terminal, lineInterval: Double = 10) {
        self.terminal = terminal
        self.lineInterval = lineInterval
        nextLine = lineInterval
    }

    private var seconds: Double { Double(DispatchTime.now().uptimeNanoseconds - begin) * 1e-9 }

    /// Shows the state of `run`; an observer of `Runner`.
    public func show(_ run: RunRecord, _ plan: TrainingPlan, _ board: ProgressBoard, ended: Bool) {
        let status = ProgressStatus(run: run, plannedSteps: plan.steps, seeds: board.snapshot, seconds: seconds)
        if terminal.isInteractive {
            let lines = status.block(width: terminal.columns, color: terminal.usesColor)
            var text = shown > 0 ? "\u{1B}[\(shown)A" : ""
            for line in lines { text += "\r\u{1B}[2K\(line)\n" }
            // A block that has become shorter leaves nothing below it.
            if lines.count < shown { text += "\u{1B}[J" }
            shown = lines.count
            terminal.write(text)
        } else if ended || seconds >= nextLine {
            nextLine = seconds + lineInterval
            terminal.write(status.line + "\n")
        }
    }
}

/// How far a run is, in words; a value, so that what is shown can be tested.
struct ProgressStatus {
    var run: RunRecord
    var plannedSteps: Int
    var seeds: [SeedProgress]
    /// Seconds since this session began.
    var seconds: Double

    /// Share of all seeds' steps that are taken, 0 to 1.
    var share: Double {
        let taken = seeds.reduce(0) { $0 + min($1.record.steps, plannedSteps) }
        return seeds.isEmpty ? 0 : Double(taken) / (Double(plannedSteps) * Double(seeds.count))
    }

    /// Steps of this session, all seeds, a second.
    var speed: Double {
        let taken = seeds.reduce(0) { $0 + $1.record.steps - ($1.firstSteps ?? $1.record.steps) }
        return seconds > 0 ? Double(taken) / seconds : 0
    }

    var secondsLeft: Double? {
        let left = seeds.reduce(0) {
            $0 + ([.finished, .failed].contains($1.record.status) ? 0 : max(0, plannedSteps - $1.record.steps))
        }
        return speed > 0 ? Double(left) / speed : nil
    }

    private func interval(_ values: [Double?]) -> String? {
        let known = values.compactMap { $0 }.filter(\.isFinite)
        guard !known.isEmpty,
            let interval = try? bootstrapInterval(
                of: .interquartileMean, known, replicates: 200, key: RandomKey(seed: 0).derived("progress"))
        else { return nil }
        return known.count == 1
            ? readable(interval.point)
            : "\(readable(interval.point)) [\(readable(interval.lower)), \(readable(interval.upper))]"
    }

    /// Mean over seeds of each term, in the order they are logged.
    private var terms: [NamedValue] {
        let known = seeds.filter { !$0.terms.isEmpty }
        guard let first = known.first else { return [] }
        return first.terms.indices.map { index in
            let sum = known.reduce(0.0) { $0 + (index < $1.terms.count ? $1.terms[index].value : 0) }
            return NamedValue(first.terms[index].name, sum / Double(known.count))
        }
    }

    /// Percentages of training time: environment, policy, learning.
    private var timeShares: [(String, Int)]? {
        let parts = [
            ("environment", seeds.reduce(0) { $0 + $1.time.environment }),
            ("policy", seeds.reduce(0) { $0 + $1.time.policy }),
            ("learning", seeds.reduce(0) { $0 + $1.time.learning }),
        ]
        let total = parts.reduce(0) { $0 + $1.1 }
        return total > 0 ? parts.map { ($0.0, Int((100 * $0.1 / total).rounded())) } : nil
    }

    /// A plain line.
    var line: String {
        var parts = ["\(run.id): \(Int(share * 100))%", "\(readable(speed)) steps/s"]
        if let text = interval(seeds.map(\.record.trainingReturn)) { parts.append("return \(text)") }
        if let text = interval(seeds.map(\.record.evaluationReturn)) { parts.append("evaluation \(text)") }
        for term in terms where terms.count > 1 { parts.append("\(term.name): \(readable(term.value))") }
        if share < 1, let left = secondsLeft { parts.append("\(readableDuration(left)) left") }
        for seed in seeds where seed.record.status == .failed {
            parts.append("seed \(seed.record.seed) failed: \(firstLine(seed.record.message))")
        }
        return parts.joined(separator: ", ")
    }

    /// The lines of the live block, none wider than `width`.
    func block(width: Int, color: Bool) -> [String] {
        var lines: [(label: String, text: String)] = []
        lines.append(("", "\(run.id)   \(run.learner) on \(run.environment), \(counted(seeds.count, "seed"))"))
        let room = max(10, min(40, width - 50))
        var head =
            "\(bar(share, room)) \(Int(share * 100))%   \(readable(speed)) steps/s   \(readableDuration(seconds))"
        if share < 1, let left = secondsLeft { head += "   \(readableDuration(left)) left" }
        lines.append(("", head))
        lines.append(("return", interval(seeds.map(\.record.trainingReturn)) ?? "no episode has ended yet"))
        if let text = interval(seeds.map(\.record.evaluationReturn)) { lines.append(("evaluation", text)) }
        if !terms.isEmpty {
            lines.append(("terms", terms.map { "\($0.name): \(readable($0.value))" }.joined(separator: "   ")))
        }
        if let shares = timeShares {
            lines.append(("time", shares.map { "\($0.0) \($0.1)%" }.joined(separator: "   ")))
        }
        for seed in seeds.prefix(16) {
            let record = seed.record
            var text = bar(Double(min(record.steps, plannedSteps)) / Double(max(1, plannedSteps)), 12)
            text += " \(record.status.rawValue)"
            if let value = record.trainingReturn { text += "   return \(readable(value))" }
            if let value = record.evaluationReturn { text += "   evaluation \(readable(value))" }
            if !record.message.isEmpty { text += "   \(firstLine(record.message))" }
            lines.append(("seed \(record.seed)", text))
        }
        if seeds.count > 16 { lines.append(("", "and \(seeds.count - 16) seeds more")) }
        return lines.map { line in
            let label = line.label.isEmpty ? "" : line.label.padding(toLength: 12, withPad: " ", startingAt: 0)
            let text = String((label + line.text).prefix(max(20, width - 1)))
            guard color, !label.isEmpty else { return text }
            return "\u{1B}[2m\(text.prefix(label.count))\u{1B}[0m\(text.dropFirst(label.count))"
        }
    }

    private func firstLine(_ text: String) -> String { String(text.prefix { $0 != "\n" }) }

    private func bar(_ share: Double, _ width: Int) -> String {
        let filled = Int((min(1, max(0, share)) * Double(width)).rounded(.down))
        return String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    }
}

/// Four significant digits, thousands grouped by spaces: `-132.4`, `0.00123`, `12 400`.
public func readable(_ value: Double) -> String {
    guard value.isFinite else { return "\(value)" }
    let magnitude = abs(value)
    if magnitude >= 1e7 || (magnitude > 0 && magnitude < 1e-4) { return String(format: "%.3g", value) }
    if magnitude >= 1000 {
        let digits = String(Int(magnitude.rounded()))
        var grouped = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { grouped.append(" ") }
            grouped.append(digit)
        }
        return (value < 0 ? "-" : "") + grouped
    }
    return String(format: "%.4g", value)
}

/// `1 seed`, `5 seeds`.
func counted(_ count: Int, _ noun: String) -> String { count == 1 ? "1 \(noun)" : "\(count) \(noun)s" }

/// `42s`, `3m 05s`, `2h 10m`.
public func readableDuration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e8 else { return "long" }
    let whole = Int(max(0, seconds).rounded())
    if whole < 60 { return "\(whole)s" }
    func padded(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    if whole < 3600 { return "\(whole / 60)m \(padded(whole % 60))s" }
    return "\(whole / 3600)h \(padded(whole % 3600 / 60))m"
}
