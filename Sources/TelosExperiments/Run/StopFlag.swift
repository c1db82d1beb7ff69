import Dispatch
import Foundation

/// A request to stop, made on any thread and seen by all.
public final class StopFlag: @unchecked Sendable {
    private let lock = NSLock()
    private var raised = false

    public init() {}

    public func raise() { lock.withLock { raised = true } }
    public var isRaised: Bool { lock.withLock { raised } }
}

/// Turns Ctrl-C (and a request to terminate) into a `StopFlag` while it lives; a second one ends the process at once.
public final class InterruptHandler {
    private var sources: [any DispatchSourceSignal] = []

    /// - notice: called once, on another thread, at the first signal.
    public init(raising stop: StopFlag, notice: @escaping @Sendable () -> Void = {}) {
        for number in [SIGINT, SIGTERM] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global(qos: .userInteractive))
            source.setEventHandler {
                if stop.isRaised { _exit(130) }
                stop.raise()
                notice()
            }
            source.activate()
            sources.append(source)
        }
    }

    deinit {
        for source in sources { source.cancel() }
        signal(SIGINT, SIG_DFL)
        signal(SIGTERM, SIG_DFL)
    }
}
