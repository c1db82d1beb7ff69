import Foundation
import TelosTensor
import Testing

@testable import TelosFeedback

@Suite struct PreferenceFileTests {
    static func message(_ text: String, _ type: (some Decodable).Type) -> String {
        do {
            _ = try JSONLines.decode(type, from: Data(text.utf8))
            return "nothing was wrong"
        } catch { return "\(error)" }
    }

    @Test func preferencesSurviveTheFile() throws {
        let segment = try Segment(
            observations: [[0.1, 2], [1, 3], [2, 1e-7]], actions: [[1], [0]], rewards: [1, -0.25], isTerminated: true)
        let other = try Segment(observations: [[0, 0], [1, 1], [2, 2]], actions: [[0], [1]])
        let preferences = [
            Preference(segment, other, .first, strength: 2, annotator: "ann"), Preference(other, segment, .tie),
            Preference(segment, segment, .second),
        ]
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).jsonl").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try JSONLines.write(preferences, to: path)
        #expect(try JSONLines.read(Preference<Segment>.self, from: path) == preferences)
        let lines = String(decoding: try JSONLines.encode(preferences), as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 3 && lines[0].hasPrefix("{\"annotator\":\"ann\",\"choice\":\"first\",\"first\":{"))
        #expect(lines[1].contains("\"choice\":\"tie\"") && !lines[1].contains("strength"))
        let texts = [Preference("a b", "c\n\"d\"", .second)]
        #expect(try JSONLines.decode(Preference<String>.self, from: JSONLines.encode(texts)) == texts)
        let walk = Preference(
            TabularSegment(states: [0, 1], actions: [1]), TabularSegment(states: [2, 2], actions: [0]), .first)
        #expect(try JSONLines.decode(Preference<TabularSegment>.self, from: JSONLines.encode([walk])) == [walk])
    }

    @Test func mistakesAreNamedByLineAndPlace() throws {
        let good = #"{"first":1,"second":2,"choice":"first"}"#
        #expect(Self.message(good + "\n\n" + good, Preference<Int>.self) == "nothing was wrong")
        #expect(Self.message(good + "\nhello", Preference<Int>.self).hasPrefix("line 2: not a JSON object"))
        #expect(
            Self.message(good + "\n" + #"{"first":1,"second":2}"#, Preference<Int>.self)
                == "line 2: \"choice\" is missing")
        #expect(
            Self.message(#"{"first":1,"second":"b","choice":"tie"}"#, Preference<Int>.self)
                == "line 1: second: not a Int")
        #expect(
            Self.message(#"{"first":1,"second":2,"choice":"left"}"#, Preference<Int>.self).contains("line 1: choice: "))
        #expect(
            Self.message(#"{"first":1,"second":2,"choice":"tie","strength":1}"#, Preference<Int>.self)
                == "line 1: strength: a tie has no strength; leave it out")
        #expect(
            Self.message(#"{"first":1,"second":2,"choice":"first","strength":-1}"#, Preference<Int>.self)
                .contains("write a number above 0"))
        let ragged = #"{"first":{"observations":[[1],[2,3]],"actions":[[0]]},"second":{},"choice":"first"}"#
        #expect(
            Self.message(ragged, Preference<Segment>.self)
                == "line 1: first: observation 1 has 2 numbers, observation 0 has 1")
        #expect(
            Self.message(#"{"states":[1],"actions":[0]}"#, TabularSegment.self)
                .contains("1 states for 1 actions; write one before each step"))
        #expect(throws: FeedbackError("/no/such/file cannot be read; is it there?")) {
            try JSONLines.read(TabularSegment.self, from: "/no/such/file")
        }
        #expect(throws: FeedbackError.self) { try JSONLines.encode([["reward": Double.nan]]) }
    }

    @Test func segmentsMustFitTogether() {
        func message(_ body: () throws -> Segment) -> String {
            do { _ = try body() } catch { return "\(error)" }
            return ""
        }
        #expect(message { try Segment(observations: [[1]], actions: []) }.contains("at least one step"))
        #expect(message { try Segment(observations: [[1]], actions: [[1]]) }.contains("needs 2 observations"))
        #expect(
            message { try Segment(observations: [[1], [1]], actions: [[1]], rewards: [1, 2]) }.contains("2 rewards"))
        #expect(message { try Segment(observations: [[1], [.nan]], actions: [[1]]) }.contains("not finite"))
    }

    @Test func heldOutElementsAreDrawnOnceEach() {
        var random = RandomKey(seed: 4).stream
        let all = Array(0..<50)
        let (kept, held) = all.holdingOut(0.3, using: &random)
        #expect(held.count == 15 && (kept + held).sorted() == all)
        #expect(kept == kept.sorted() && held == held.sorted() && held != Array(35..<50) && held != Array(0..<15))
        let preference = Preference(3, 5, .first, strength: 2)
        #expect(preference.map { "\($0)" } == Preference("3", "5", .first, strength: 2))
        #expect(preference.preferred == 3 && preference.rejected == 5 && preference.choice.swapped.target == 0)
        #expect(Preference(3, 5, .tie).preferred == nil)
    }
}
