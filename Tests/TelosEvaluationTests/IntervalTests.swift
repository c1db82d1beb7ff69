import Foundation
import Testing

@testable import TelosEvaluation

@Suite struct IntervalTests {
    @Test func keepsItsOrder() throws {
        let interval = try Interval(lower: -1, point: 0, upper: 2)
        #expect(interval.width == 3 && interval.contains(2) && !interval.contains(2.1) && interval.level == 0.95)
        #expect(throws: StatisticsError.self) { try Interval(lower: 1, point: 0, upper: 2) }
        #expect(throws: StatisticsError.self) { try Interval(lower: -1, point: 3, upper: 2) }
        #expect(throws: StatisticsError.self) { try Interval(lower: -1, point: .nan, upper: 2) }
        #expect(throws: StatisticsError.self) { try Interval(lower: .nan, point: 0, upper: 2) }
        #expect(throws: StatisticsError.self) { try Interval(exactly: 0, level: 1) }
    }

    @Test func wideningReachesThePoint() {
        let skewed = Interval(widening: 2, 1, 3, level: 0.9)
        #expect((skewed.lower, skewed.point, skewed.upper) == (1, 1, 3))
        let undefined = Interval(widening: .nan, 1, .nan, level: 0.9)
        #expect((undefined.lower, undefined.upper) == (1, 1))
    }

    @Test func decodingChecksToo() throws {
        let interval = try Interval(lower: -1, point: 0.5, upper: 2, level: 0.9)
        let data = try JSONEncoder().encode(interval)
        #expect(try JSONDecoder().decode(Interval.self, from: data) == interval)
        let reversed = Data(#"{"lower": 2, "point": 1, "upper": 0, "level": 0.95}"#.utf8)
        #expect(throws: StatisticsError.self) { try JSONDecoder().decode(Interval.self, from: reversed) }
    }
}
