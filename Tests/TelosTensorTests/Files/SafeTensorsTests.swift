import Foundation
import Testing

@testable import TelosTensor

@Suite struct SafeTensorsTests {
    private func file(_ header: String, _ data: [UInt8] = []) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: UInt64(header.utf8.count))
        return bytes + Array(header.utf8) + data
    }

    private var example: SafeTensors {
        get throws {
            SafeTensors(
                arrays: [
                    "b": try StoredArray(.float32([1, -2.5, .infinity]), shape: [3, 1]),
                    "a.weight": try StoredArray(.float64([.pi]), shape: []),
                    "mask": try StoredArray(.bool([true, false]), shape: [2]),
                    "steps": try StoredArray(.int64([.min, 7]), shape: [2]),
                    "small": try StoredArray(.int32([-9]), shape: [1]),
                    "none": try StoredArray(.uint8([]), shape: [0, 4]),
                ], metadata: ["state": #"{"text": "a\"b\\c", "line": "1\n2"}"# + "\u{1}\n\té🧭"])
        }
    }

    @Test func filesComeBackAndAreTheSameBytes() throws {
        let encoded = try example.encoded()
        #expect(try SafeTensors(decoding: encoded) == example)
        #expect(try SafeTensors(decoding: encoded).encoded() == encoded)
        #expect((8 + Int(encoded.littleEndian(UInt64.self, at: 0))) % 8 == 0)
        // The header is JSON to others too.
        let length = Int(encoded.littleEndian(UInt64.self, at: 0))
        let header = try JSONSerialization.jsonObject(with: Data(encoded[8..<(8 + length)])) as? [String: Any]
        #expect((header?["__metadata__"] as? [String: String]) == (try example.metadata))
        let entry = header?["b"] as? [String: Any]
        #expect(entry?["dtype"] as? String == "F32" && entry?["shape"] as? [Int] == [3, 1])
        #expect(try SafeTensors(decoding: SafeTensors().encoded()) == SafeTensors())
    }

    /// A header in another writer's style: other order, spaces, escapes.
    @Test func readsOtherWriters() throws {
        let header = """
             { "x\\u00e9" : {"data_offsets":[4, 8],"shape":[1],"dtype":"F32"},
               "__metadata__": {"k": "\\ud83e\\udded\\/"},
               "y": {"dtype":"F32","shape":[],"data_offsets":[0,4]} }
            """
        let bytes = file(header, [0, 0, 128, 63, 0, 0, 0, 192])
        let read = try SafeTensors(decoding: bytes)
        #expect(read.arrays["y"]?.values == .float32([1]))
        #expect(read.arrays["xé"]?.values == .float32([-2]))
        #expect(read.metadata == ["k": "🧭/"])
    }

    @Test func mistakesSayWhatIsWrong() throws {
        let four: [UInt8] = [0, 0, 0, 0]
        func entry(_ name: String, _ offsets: String, shape: String = "[1]", type: String = "F32") -> String {
            "\"\(name)\":{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":\(offsets)}"
        }
        let table: [([UInt8], String)] = [
            ([1, 2, 3], "only 3 bytes long"),
            ([255, 255, 255, 255, 255, 255, 255, 255, 0x7B], "header is cut short"),
            (file("{\"a\":"), "not JSON: something else than a value at byte 5"),
            (file("[]"), "not a JSON object"),
            (file("{\"a\":{}}"), "'a' lacks a dtype"),
            (file("{\"__metadata__\":{\"a\":1}}"), "__metadata__ holds more than texts"),
            (file("{\(entry("a", "[0,4]", type: "F16"))}", four), "is of type F16"),
            (file("{\(entry("a", "[0,4]", shape: "[2]"))}", four), "does not fit"),
            (file("{\(entry("a", "[0,4]", shape: "[9223372036854775807,9]"))}", four), "does not fit"),
            (file("{\(entry("a", "[4,0]"))}", four), "lacks a dtype"),
            (file("{\(entry("a", "[0,8]", shape: "[2]"))}", four), "need 8 bytes of data and it has 4"),
            (file("{\(entry("a", "[0,4]"))}", four + four), "need 4 bytes of data and it has 8"),
            (file("{\(entry("a", "[0,4]")),\(entry("b", "[0,4]"))}", four), "overlaps another or leaves a gap"),
            (file("{\(entry("a", "[0,4]")),\(entry("a", "[4,8]"))}", four + four), "two arrays 'a'"),
            (file(String(repeating: "[", count: 5000)), "so deep a value"),
        ]
        for (bytes, expected) in table {
            do {
                _ = try SafeTensors(decoding: bytes)
                Issue.record("expected: \(expected)")
            } catch {
                #expect("\(error)".contains(expected), "\(error)")
            }
        }
    }

    /// Truncations and flipped bits give an error or a file, never a trap.
    @Test func damageNeverTraps() throws {
        let whole = try example.encoded()
        var random = RandomKey(seed: 7).stream
        var refused = 0
        func attempt(_ bytes: [UInt8]) {
            do { _ = try SafeTensors(decoding: bytes) } catch {
                #expect(error is FileFormatError)
                refused += 1
            }
        }
        for length in 0..<whole.count { attempt(Array(whole[..<length])) }
        #expect(refused == whole.count)
        for position in whole.indices {
            for bit in 0..<8 {
                var damaged = whole
                damaged[position] ^= 1 << UInt8(bit)
                attempt(damaged)
            }
        }
        for _ in 0..<2000 {
            var damaged = whole
            for _ in 0..<(1 + random.index(below: 6)) {
                damaged[random.index(below: whole.count)] = UInt8(truncatingIfNeeded: random.next())
            }
            attempt(damaged)
        }
        #expect(refused > 3 * whole.count)
    }
}
