import Foundation

/// Programs that some tests need and not every machine has.
enum ExternalProgram {
    static let compiler: String? = ["/usr/bin/cc", "/usr/bin/clang", "/usr/bin/gcc"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    /// A Python with onnxruntime: what TELOS_PYTHON names, or `.python` in this folder or one above.
    static let pythonWithONNX: String? = {
        var candidates = [ProcessInfo.processInfo.environment["TELOS_PYTHON"]].compactMap(\.self)
        var folder = URL(filePath: FileManager.default.currentDirectoryPath)
        for _ in 0..<8 {
            candidates.append(folder.appending(path: ".python/bin/python3").path)
            folder.deleteLastPathComponent()
        }
        return candidates.first { path in
            FileManager.default.isExecutableFile(atPath: path)
                && (try? run(path, ["-c", "import onnxruntime, numpy"], in: NSTemporaryDirectory()).code) == 0
        }
    }()

    /// Runs a program in a folder; its exit code and what it said.
    static func run(_ path: String, _ arguments: [String], in folder: String) throws -> (code: Int32, log: String) {
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.currentDirectoryURL = URL(filePath: folder)
        let log = "\(folder)/log-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: log) }
        FileManager.default.createFile(atPath: log, contents: nil)
        process.standardOutput = FileHandle(forWritingAtPath: log)
        process.standardError = FileHandle(forWritingAtPath: log)
        try process.run()
        process.waitUntilExit()
        return (process.terminationStatus, try String(contentsOfFile: log, encoding: .utf8))
    }
}
