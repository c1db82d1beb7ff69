import Foundation
import Testing

@testable import TelosTensor

/// .npy and .npz files against ones that NumPy wrote, and against damage.
@Suite struct NumPyFileTests {
    private func bytes(_ fixture: String) -> [UInt8] { Array(Data(base64Encoded: fixture)!) }

    @Test func readsWhatNumPyWrote() throws {
        typealias F = NumPyFixtures
        let table: [(String, [Int], ArrayValues)] = [
            (F.float32, [2, 3], .float32([-1, -0.5, 0, 0.5, 1, 1.5])),
            (F.float64Fortran, [2, 3], .float64([-1, -0.5, 0, 0.5, 1, 1.5])),
            (F.bigEndian, [2, 3], .float32([-1, -0.5, 0, 0.5, 1, 1.5])),
            (F.int32, [3], .int32([7, -8, .max])),
            (F.int64Fortran, [2, 3, 4], .int64(Array(0..<24))),
            (F.bool, [3], .bool([true, false, true])),
            (F.uint8, [2, 1], .uint8([0, 255])),
            (F.scalar, [], .float64([2.5])),
            (F.empty, [0, 3], .float32([])),
        ]
        for (fixture, shape, values) in table {
            let array = try StoredArray(numPy: bytes(fixture))
            #expect(array.shape == shape)
            #expect(array.values == values)
            #expect(try StoredArray(numPy: array.numPyEncoded()) == array)
        }
        // Where NumPy has a choice it makes the same: the same bytes come back.
        for fixture in [F.float32, F.bool, F.uint8, F.scalar, F.empty] {
            #expect(try StoredArray(numPy: bytes(fixture)).numPyEncoded() == bytes(fixture))
        }
        #expect(try StoredArray(numPy: bytes(F.int32)).values.floats == [7, -8, 2_147_483_648])
        #expect(try StoredArray(numPy: bytes(F.bool)).values.doubles == [1, 0, 1])
    }

    @Test func archivesStoredAndDeflated() throws {
        let stored = try NumPyArchive(decoding: bytes(NumPyFixtures.storedArchive))
        #expect(stored.arrays.keys.sorted() == ["actions", "rewards"])
        #expect(stored["actions"]?.values == .int64([1, 2, 3, 4]))
        #expect(try NumPyArchive(decoding: stored.encoded()) == stored)
        #expect(try stored.encoded() == stored.encoded())
        let deflated = try NumPyArchive(decoding: bytes(NumPyFixtures.deflatedArchive))
        #expect(try deflated.array("squares").values == .int32((0..<400).map { $0 * $0 % 97 }))
        #expect(try deflated.array("rewards").values == .float32([1, 0, -1]))
        let error = #expect(throws: FileFormatError.self) { try deflated.array("reward") }
        #expect(error!.description.contains("no array 'reward', but 'rewards', 'squares'; did you mean 'rewards'?"))
    }

    @Test func mistakesSayWhatIsWrong() throws {
        func reason(_ bytes: [UInt8]) -> String {
            do {
                _ = try StoredArray(numPy: bytes)
                return "none"
            } catch {
                return "\(error)"
            }
        }
        func file(_ header: String, _ data: [UInt8] = [], version: UInt8 = 1) -> [UInt8] {
            let length = header.utf8.count
            return [0x93] + Array("NUMPY".utf8) + [version, 0, UInt8(length & 255), UInt8(length >> 8)]
                + Array(header.utf8) + data
        }
        let eight: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0]
        let table: [([UInt8], String)] = [
            (Array("PK".utf8), "does not begin with"),
            (file("{}", version: 9), "its version is 9"),
            (file("{'descr': '<f4', 'fortran_order': False}"), "lacks one of"),
            (file("{'descr': '<f4', 'fortran_order': Maybe, 'shape': ()}"), "True or False at byte 34"),
            (file("{'descr': '<f2', 'fortran_order': False, 'shape': (4,)}", eight), "type '<f2'"),
            (file("{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", eight), "needs more than the 8 bytes"),
            (file("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", eight), "4 bytes follow its last"),
            (file("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", eight), "something else than an extent"),
            (
                file("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296, 4)}", eight),
                "needs more than"
            ),
            (file("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}"), "too large an extent"),
            (file("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 1}", eight), "unknown entry 'x'"),
            (file("{'descr': '<f4"), "text without an end"),
            (bytes(NumPyFixtures.records), "array of records"),
            (bytes(NumPyFixtures.complex), "type '<c16'"),
        ]
        for (bytes, expected) in table { #expect(reason(bytes).contains(expected), "\(reason(bytes))") }
        #expect(throws: FileFormatError.self) { try StoredArray(.float32([1, 2]), shape: [3]) }
        #expect(throws: FileFormatError.self) { try StoredArray(.float32([]), shape: [-1, 0]) }
    }

    @Test func longHeadersUseVersionTwo() throws {
        let array = try StoredArray(.uint8([5]), shape: Array(repeating: 1, count: 64))
        #expect(try StoredArray(numPy: array.numPyEncoded()) == array)
        #expect((array.numPyEncoded().count - 1) % 64 == 0)
    }

    /// Truncations and flipped bits give an error or an array, never a trap.
    @Test func damageNeverTraps() throws {
        typealias F = NumPyFixtures
        var random = RandomKey(seed: 6).stream
        var (read, refused) = (0, 0)
        for fixture in [
            F.float32, F.float64Fortran, F.bigEndian, F.int32, F.int64Fortran, F.bool, F.empty, F.storedArchive,
            F.deflatedArchive,
        ] {
            let whole = bytes(fixture)
            let isArchive = whole[0] == 0x50
            func attempt(_ bytes: [UInt8]) {
                do {
                    if isArchive {
                        let archive = try NumPyArchive(decoding: bytes)
                        #expect(archive.arrays.values.allSatisfy { elementCount($0.shape) == $0.values.count })
                    } else {
                        let array = try StoredArray(numPy: bytes)
                        #expect(elementCount(array.shape) == array.values.count)
                    }
                    read += 1
                } catch {
                    #expect(error is FileFormatError)
                    refused += 1
                }
            }
            for length in 0..<whole.count { attempt(Array(whole[..<length])) }
            for position in whole.indices {
                var damaged = whole
                damaged[position] ^= 1 << UInt8(random.index(below: 8))
                attempt(damaged)
            }
            for _ in 0..<300 {
                var damaged = whole
                for _ in 0..<(1 + random.index(below: 6)) {
                    damaged[random.index(below: whole.count)] = UInt8(truncatingIfNeeded: random.next())
                }
                attempt(damaged)
            }
        }
        #expect(read > 500 && refused > 3000, "\(read) read, \(refused) refused")
    }
}
