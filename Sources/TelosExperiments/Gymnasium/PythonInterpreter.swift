import Foundation

/// Where the Python is that steps environments of Gymnasium.
public struct PythonInterpreter: Sendable, Hashable {
    public var path: String

    public init(path: String) { self.path = path }

    /// The path in `TELOS_PYTHON`; else `.python/bin/python3` in the current folder or one above it; else `python3` on the
    /// `PATH`.
    /// - Throws: `GymnasiumError` that says what to install or to set.
    public static func find(
        environment: [String: String] = ProcessInfo.processInfo.environment,
        folder: String = FileManager.default.currentDirectoryPath
    ) throws -> PythonInterpreter {
        let files = FileManager.default
        if let chosen = chosen(environment: environment, folder: folder) {
            guard files.isExecutableFile(atPath: chosen.path) else {
                throw GymnasiumError(
                    "TELOS_PYTHON is '\(chosen.path)', and there is no program; name a Python's executable")
            }
            return chosen
        }
        for folder in (environment["PATH"] ?? "").split(separator: ":") {
            let path = "\(folder)/python3"
            if files.isExecutableFile(atPath: path) { return PythonInterpreter(path: path) }
        }
        throw GymnasiumError(
            "there is no Python: TELOS_PYTHON is not set, no .python/bin/python3 is in this folder or above, and no "
                + "python3 is on the PATH; 'make python' makes one, or set TELOS_PYTHON")
    }

    /// The one that somebody chose for Telos: named by `TELOS_PYTHON`, or the virtual environment `.python` of `folder` or of
    /// one above it. Nil where nobody did.
    public static func chosen(
        environment: [String: String] = ProcessInfo.processInfo.environment,
        folder: String = FileManager.default.currentDirectoryPath
    ) -> PythonInterpreter? {
        if let path = environment["TELOS_PYTHON"], !path.isEmpty { return PythonInterpreter(path: path) }
        var folder = URL(fileURLWithPath: folder).standardizedFileURL
        while true {
            let path = folder.appendingPathComponent(".python/bin/python3").path
            if FileManager.default.isExecutableFile(atPath: path) { return PythonInterpreter(path: path) }
            guard folder.path != "/" else { return nil }
            folder = folder.deletingLastPathComponent()
        }
    }
}

/// Why an environment of Gymnasium cannot be made or stepped, and what to do.
public struct GymnasiumError: Error, Sendable, Hashable, CustomStringConvertible {
    public var description: String
    public init(_ description: String) { self.description = description }
}
