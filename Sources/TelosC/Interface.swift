import Foundation
import Telos
import TelosExperiments

// The functions of `telos.h`, which documents them. A handle is a retained `VectorTask`.

/// Raised where a change would mislead programs written for the interface as it was.
private let interfaceVersion: Int32 = 1

private func task(_ handle: UnsafeRawPointer?) -> VectorTask? {
    handle.map { Unmanaged<VectorTask>.fromOpaque($0).takeUnretainedValue() }
}

@_cdecl("telos_interface")
public func telosInterface() -> Int32 { interfaceVersion }

@_cdecl("telos_environments")
public func telosEnvironments() -> UnsafeMutablePointer<CChar>? {
    strdup(OrderedJSON.list(Environments.all.map { .text($0.name) }).description)
}

@_cdecl("telos_vector_create")
public func telosVectorCreate(
    _ experiment: UnsafePointer<CChar>?, _ file: UnsafePointer<CChar>?, _ count: Int64, _ seed: Int64,
    _ discount: Double, _ message: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> UnsafeMutableRawPointer? {
    do {
        guard let experiment else { throw VectorTaskError("there is no experiment: NULL was given") }
        let task = try VectorTask(
            experiment: String(cString: experiment), file: file.map { String(cString: $0) } ?? "task",
            count: Int(count), seed: Int(seed), discount: discount)
        return Unmanaged.passRetained(task).toOpaque()
    } catch {
        message?.pointee = strdup("\(error)")
        return nil
    }
}

@_cdecl("telos_vector_describe")
public func telosVectorDescribe(_ handle: UnsafeRawPointer?) -> UnsafeMutablePointer<CChar>? {
    task(handle).flatMap { strdup($0.description) }
}

@_cdecl("telos_vector_reset")
public func telosVectorReset(
    _ handle: UnsafeRawPointer?, _ seed: Int64, _ columns: UnsafeMutablePointer<UnsafeRawPointer?>?
) -> Int32 {
    guard let task = task(handle) else { return 1 }
    return task.succeeds {
        try task.reset(seed: seed < 0 ? nil : Int(seed))
        columns.map { task.write(columns: $0) }
    } ? 0 : 1
}

@_cdecl("telos_vector_step")
public func telosVectorStep(
    _ handle: UnsafeRawPointer?, _ actions: UnsafePointer<Float>?, _ columns: UnsafeMutablePointer<UnsafeRawPointer?>?
) -> Int32 {
    guard let task = task(handle) else { return 1 }
    return task.succeeds {
        let width = task.environments.specification.action.width
        guard let actions else { throw VectorTaskError("there are no actions: NULL was given") }
        try task.step(UnsafeBufferPointer(start: actions, count: task.count * width))
        columns.map { task.write(columns: $0) }
    } ? 0 : 1
}

@_cdecl("telos_vector_draw")
public func telosVectorDraw(_ handle: UnsafeRawPointer?, _ index: Int64) -> UnsafeMutablePointer<CChar>? {
    guard let task = task(handle), (0..<Int64(task.count)).contains(index) else { return nil }
    return strdup(task.environments.draw(Int(index)).svg())
}

@_cdecl("telos_vector_error")
public func telosVectorError(_ handle: UnsafeRawPointer?) -> UnsafePointer<CChar>? {
    task(handle).map { UnsafePointer($0.error) }
}

@_cdecl("telos_vector_destroy")
public func telosVectorDestroy(_ handle: UnsafeRawPointer?) {
    handle.map { Unmanaged<VectorTask>.fromOpaque($0).release() }
}

@_cdecl("telos_free")
public func telosFree(_ text: UnsafeMutablePointer<CChar>?) { free(text) }
