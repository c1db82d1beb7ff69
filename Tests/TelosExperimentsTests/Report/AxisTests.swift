import Testing

@testable import TelosExperiments

@Suite struct AxisTests {
    @Test func ticksAreRound() {
        let steps = Axis(covering: [0, 200_000], count: 6)
        #expect(steps.ticks == [0, 50_000, 100_000, 150_000, 200_000])
        #expect(steps.ticks.map(steps.label) == ["0", "50k", "100k", "150k", "200k"])
        let long = Axis(covering: [0, 1_500_000], count: 3)
        #expect(long.ticks.map(long.label) == ["0", "500k", "1M", "1.5M"])
        let small = Axis(covering: [-0.31, 0.29], count: 6)
        #expect(small.ticks.map(small.label) == ["−0.3", "−0.2", "−0.1", "0.0", "0.1", "0.2"])
    }

    @Test func stepsAreOneTwoFive() {
        let cases = [(0.9, 1.0), (1, 1), (1.1, 2), (2.0001, 5), (5, 5), (7, 10), (0.013, 0.02), (3e6, 5e6)]
        for (value, expected) in cases { #expect(abs(Axis.roundStep(value) / expected - 1) < 1e-12, "\(value)") }
    }

    @Test func everyValueIsInside() {
        let samples: [[Double]] = [
            [], [3], [0, 0], [-1e9, 1e9], [1e-9, 2e-9], [1e300, -1e300], [5, .nan, 7, .infinity], [1e15, 1e15 + 1],
            [-.greatestFiniteMagnitude, .greatestFiniteMagnitude],
        ]
        for values in samples {
            let axis = Axis(covering: values, margin: 0.05)
            #expect(axis.low < axis.high && axis.low.isFinite && axis.high.isFinite, "\(values)")
            #expect(axis.ticks.count < 20)
            for value in values where abs(value) < 1e301 {
                #expect((0...1).contains(axis.position(value)), "\(value) of \(values)")
            }
            for tick in axis.ticks { #expect((0...1).contains(axis.position(tick))) }
        }
    }

    @Test func numbersReadWell() {
        #expect(
            [0, 1.0 / 3, -112, 123.456, 2500.04, 123_456.7].map(numberText)
                == ["0", "0.3333", "−112", "123.5", "2500", "123457"])
        #expect([1.2e-7, 5e20, .nan, -.infinity].map(numberText) == ["1.2e−7", "5e20", "–", "–"])
        #expect(
            [950, 1000, 50_000, 999_999, 2_500_000, 3e9].map(humanCount)
                == ["950", "1k", "50k", "1M", "2.5M", "3B"])
        #expect(groupedText(1_234_567) == "1\u{202F}234\u{202F}567" && groupedText(-12) == "−12")
        #expect(
            [0.84, 9.96, 59.6, 125, 4320, .nan].map(durationText)
                == ["0.8 s", "10 s", "1 min 0 s", "2 min 5 s", "1 h 12 min", "–"])
    }
}
