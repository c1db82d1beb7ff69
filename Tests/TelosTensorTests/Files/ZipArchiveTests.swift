import Foundation
import Testing

@testable import TelosTensor

/// Checksums, decompression and archives against published values and files of other programs.
@Suite struct ZipArchiveTests {
    private func bytes(_ hexadecimal: String) -> [UInt8] {
        let digits = Array(hexadecimal)
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(String(digits[$0...($0 + 1)]), radix: 16)! }
    }

    /// The check value of the catalogue of parametrised CRC algorithms, and of nothing.
    @Test func checksums() {
        #expect(CRC32.checksum("123456789".utf8) == 0xCBF4_3926)
        #expect(CRC32.checksum([]) == 0)
    }

    /// Blocks that zlib wrote, of each of the three kinds (the third is in NumPy's compressed archive).
    @Test func inflatesStoredAndFixedBlocks() throws {
        let fixed = try Inflate.decompress(bytes("4b4c2a4a4c4e4c4904520a89d8d900")[...], count: 35)
        #expect(String(decoding: fixed, as: UTF8.self) == "abracadabra abracadabra abracadabra")
        let stored = try Inflate.decompress(bytes("010500faff74656c6f73")[...], count: 5)
        #expect(String(decoding: stored, as: UTF8.self) == "telos")
    }

    @Test(arguments: [
        ("07", 0, "unknown kind"), ("03", 0, "cut short"), ("4b4c2a4a4c4e4c4904520a89d8d900", 34, "more comes out"),
        ("4b4c2a4a4c4e4c4904520a89d8d900", 36, "35 bytes came out where 36"), ("010500faff74", 5, "cut short"),
        ("010500fafe7465", 5, "damaged length"), ("4b04", 99_999, "cannot hold"), ("030200", 3, "before the beginning"),
    ]) func damagedDataAreExplained(_ hexadecimal: String, _ count: Int, _ reason: String) {
        do {
            let result = try Inflate.decompress(bytes(hexadecimal)[...], count: count)
            Issue.record("\(result) came out")
        } catch {
            #expect(error.reason.contains(reason), "\(error.reason)")
        }
    }

    @Test func archivesComeBack() throws {
        let archive = ZipArchive(entries: [
            .init(name: "a/b.txt", bytes: Array("telos".utf8)), .init(name: "empty", bytes: []),
            .init(name: "größe", bytes: (0..<1000).map { UInt8($0 & 255) }),
        ])
        let encoded = try archive.encoded()
        #expect(try ZipArchive(decoding: encoded) == archive)
        // A comment may follow the end record.
        var commented = encoded
        commented[encoded.count - 2] = 3
        #expect(try ZipArchive(decoding: commented + Array("end".utf8)) == archive)
        var damaged = encoded
        damaged[40] ^= 1
        let error = #expect(throws: FileFormatError.self) { try ZipArchive(decoding: damaged) }
        #expect(error!.description.contains("entry 'a/b.txt': its checksum does not agree"))
        #expect(throws: FileFormatError.self) {
            try ZipArchive(decoding: Array("not an archive, but long enough".utf8))
        }
        #expect(try ZipArchive(decoding: ZipArchive(entries: []).encoded()).entries.isEmpty)
    }
}
