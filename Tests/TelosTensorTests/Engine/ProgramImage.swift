import CTelosKernels
import Foundation

@testable import TelosTensor

/// A compiled program with all memory it reads or writes, as a file that `Tests/KernelPrograms/replay.c` runs on
/// machines for which there is no Swift.
///
/// Little-endian, of the structures as they are in memory, each region from a 64-byte boundary with 64 bytes to spare.
/// A pointer is an offset from the beginning of the file and is listed: who loads the file adds where it lies. The head
/// is ten words: a mark, how many runs to do, the hash of the variables after them; then offset and count of the
/// instructions, of the updated variables (each an offset and a number of bytes), and of the offsets of all pointers;
/// the size of the file.
struct ProgramImage {
    private static let mark: UInt64 = 0x3130_474D_4953_4C54  // TLSIMG01

    private struct Region {
        var address: UInt
        var count: Int
        var offset: Int
    }

    private var bytes = [UInt8](repeating: 0, count: 128)
    private var regions: [Region] = []
    private var pointers: [Int] = []

    /// The program as it is now.
    init(_ program: Program, runs: Int) throws {
        let instructions = place(program.instructions, pointers: [\.dst, \.a, \.b, \.c, \.aux])
        for buffer in program.inputBuffers + program.outputBuffers + [program.arena] { place(buffer) }
        for object in program.owned {
            switch object {
            case let buffer as Buffer<Float>: place(buffer)
            case let buffer as Buffer<UInt64>: place(buffer)
            case let buffer as Buffer<telos_micro_op>: place(buffer)
            case let buffer as Buffer<telos_window>: place(buffer)
            case let buffer as Buffer<telos_operand>: place(buffer, pointers: [\.pointer])
            case let buffer as Buffer<telos_chain>: place(buffer, pointers: [\.inputs, \.ops, \.outputs])
            default: throw Unknown(object: "\(type(of: object))")
            }
        }
        pointers = try pointers.filter { slot in
            let address = UInt(word(at: slot))
            if address != 0 { set(word: UInt64(try offset(of: address)), at: slot) }
            return address != 0
        }
        let variables = try program.updatedVariables.flatMap { variable in
            [try offset(of: UInt(bitPattern: variable.baseAddress!)), variable.count]
        }
        let words = [
            runs, 0, instructions, program.instructionCount, append(variables.map(UInt64.init)), variables.count / 2,
            append(pointers.map(UInt64.init)), pointers.count, bytes.count,
        ]
        for (index, value) in ([Self.mark] + words.map(UInt64.init)).enumerated() { set(word: value, at: 8 * index) }
    }

    /// - hash: that of the variables after all runs.
    func write(expecting hash: UInt64, to file: URL) throws {
        var image = self
        image.set(word: hash, at: 16)
        try Data(image.bytes).write(to: file)
    }

    private struct Unknown: Error {
        var object: String
    }

    /// Copies a buffer, unless it is there already; gives its offset.
    @discardableResult private mutating func place<Element>(
        _ buffer: Buffer<Element>, pointers fields: [PartialKeyPath<Element>] = []
    ) -> Int {
        let address = UInt(bitPattern: buffer.pointer)
        if let region = regions.first(where: { $0.address == address }) { return region.offset }
        let count = buffer.count * MemoryLayout<Element>.stride
        let offset = append(UnsafeRawBufferPointer(start: buffer.pointer, count: count))
        regions.append(Region(address: address, count: count + 64, offset: offset))
        for index in 0..<buffer.count {
            for field in fields {
                let place = MemoryLayout<Element>.offset(of: field)!
                pointers.append(offset + index * MemoryLayout<Element>.stride + place)
            }
        }
        return offset
    }

    private mutating func append(_ words: [UInt64]) -> Int { words.withUnsafeBytes { append($0) } }

    private mutating func append(_ contents: UnsafeRawBufferPointer) -> Int {
        let offset = bytes.count
        bytes += contents
        bytes += repeatElement(0, count: (contents.count + 127) / 64 * 64 - contents.count)
        return offset
    }

    private func offset(of address: UInt) throws -> Int {
        guard let region = regions.first(where: { $0.address <= address && address < $0.address + UInt($0.count) })
        else { throw Unknown(object: "memory that is not the program's") }
        return region.offset + Int(address - region.address)
    }

    private func word(at offset: Int) -> UInt64 {
        bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
    }

    private mutating func set(word: UInt64, at offset: Int) {
        bytes.withUnsafeMutableBytes { $0.storeBytes(of: word, toByteOffset: offset, as: UInt64.self) }
    }
}

extension Program {
    /// The memory of every variable that a run updates.
    var updatedVariables: [UnsafeRawBufferPointer] {
        plan.updates.map { update in
            let node = plan.nodes[update.variable]
            return UnsafeRawBufferPointer(
                start: node.memory!.pointer + node.memoryOffset, count: node.count * MemoryLayout<Float>.stride)
        }
    }

    /// FNV-1a over all of them.
    var updatedVariablesHash: UInt64 {
        updatedVariables.reduce(0) { telos_hash($1.baseAddress, $1.count, $0) }
    }
}
