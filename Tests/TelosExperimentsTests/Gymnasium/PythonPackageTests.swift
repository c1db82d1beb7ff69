import Foundation
import Testing

@testable import TelosExperiments

/// The library of the C interface, next to the tests; nil where only the tests were built.
private let library: String? = {
    var folders = [URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()]
    folders += Bundle.allBundles.map { $0.bundleURL.deletingLastPathComponent() }
    return folders.flatMap { folder in
        ["libTelosC.so", "libTelosC.dylib"].map { folder.appendingPathComponent($0).path }
    }.first { FileManager.default.fileExists(atPath: $0) }
}()

/// A Python that somebody chose for Telos and that has Gymnasium.
private let python: PythonInterpreter? = {
    guard let chosen = PythonInterpreter.chosen(),
        (try? EnvironmentProvider.gymnasium(python: chosen).find("gymnasium:CartPole-v1")) != nil
    else { return nil }
    return chosen
}()

@Suite(
    .enabled(if: library != nil, "libTelosC is not built: make library"),
    .enabled(if: python != nil, "no Python with gymnasium: make python, or set TELOS_PYTHON"))
struct PythonPackageTests {
    @Test func theTestsOfThePackagePass() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(python).path)
        process.arguments = ["-m", "unittest", "discover", root.appendingPathComponent("Python/tests").path]
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["TELOS_LIBRARY": try #require(library), "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"]) { $1 }
        let folder = try TemporaryFolder()
        let path = folder.path + "/output"
        FileManager.default.createFile(atPath: path, contents: nil)
        let output = try #require(FileHandle(forWritingAtPath: path))
        process.standardOutput = output
        process.standardError = output
        try process.run()
        process.waitUntilExit()
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(process.terminationStatus == 0, "\(text.suffix(4000))")
        #expect(text.contains("OK"))
    }
}
