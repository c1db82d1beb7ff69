import Foundation

/// Standard output or standard error as something to show progress on.
public struct Terminal: Sendable {
    public enum Channel: Sendable { case output, error }

    public var channel: Channel
    /// Whether lines may be redrawn and coloured.
    public var isInteractive: Bool
    public var usesColor: Bool

    public init(_ channel: Channel) {
        self.channel = channel
        let environment = ProcessInfo.processInfo.environment
        isInteractive =
            isatty(channel == .output ? STDOUT_FILENO : STDERR_FILENO) == 1 && environment["TERM"] != "dumb"
        usesColor = isInteractive && (environment["NO_COLOR"] ?? "").isEmpty
    }

    init(channel: Channel, isInteractive: Bool, usesColor: Bool) {
        self.channel = channel
        self.isInteractive = isInteractive
        self.usesColor = usesColor
    }

    public var columns: Int {
        var size = winsize()
        let descriptor = channel == .output ? STDOUT_FILENO : STDERR_FILENO
        return ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }

    public func write(_ text: String) {
        let handle = channel == .output ? FileHandle.standardOutput : FileHandle.standardError
        // A reader that has gone (`telos run ... | head`) is no reason to stop training.
        try? handle.write(contentsOf: Data(text.utf8))
    }
}
