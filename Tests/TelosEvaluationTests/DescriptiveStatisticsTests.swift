import Testing

@testable import TelosEvaluation

/// SciPy and NumPy values were recorded from SciPy 1.17.1: `trim_mean(v, 0.25)`, `numpy.quantile`, `numpy.std(ddof=1)`.
@Suite struct DescriptiveStatisticsTests {
    let sample = [3.1, -2.0, 7.5, 0.25, 12.0, 5.5, -8.75]

    @Test func agreesWithSciPy() {
        #expect(abs(interquartileMean(of: sample) - 2.87) < 1e-14)
        #expect(median(of: sample) == 3.1)
        for (probability, expected) in [(0.1, -4.699999999999999), (0.25, -0.875), (0.9, 9.3), (0, -8.75), (1, 12)] {
            #expect(abs(quantile(probability, of: sample) - expected) < 1e-14)
        }
        #expect(abs(standardDeviation(of: sample) - 6.788268942675684) < 1e-14)
    }

    @Test func interquartileMeanTrimsAsSciPyDoesForEverySize() {
        let recorded = [
            0.0, 3.75, 4.833333333333333, 7.25, 6.166666666666667, 7.0, 8.1, 7.375, 8.3,
        ]
        for (index, expected) in recorded.enumerated() {
            let values = (0...index).map { (i: Int) -> Double in
                let jumble = (i * i * 7) % 11
                return Double(jumble) + 0.5 * Double(i)
            }
            #expect(abs(interquartileMean(of: values) - expected) < 1e-14, "\(index + 1) values")
        }
    }

    @Test func handComputed() {
        #expect(mean(of: [1, 2, 6]) == 3)
        #expect(median(of: [4, 1, 3, 2]) == 2.5)
        // floor(8 / 4) = 2 leave at each end: the outlier does not matter.
        #expect(interquartileMean(of: [1, 2, 3, 4, 5, 6, 7, 1000]) == 4.5)
        // 1 - (0.5 + 1 + 1) / 3: what exceeds the threshold is cut off.
        #expect(abs(optimalityGap(of: [0.5, 1, 9]) - (1 - 2.5 / 3)) < 1e-15)
        #expect(standardDeviation(of: [2, 4]) == 2.0.squareRoot())
    }

    @Test func undefinedIsNaN() {
        #expect(mean(of: []).isNaN && median(of: []).isNaN && interquartileMean(of: []).isNaN)
        #expect(optimalityGap(of: []).isNaN && standardDeviation(of: [1]).isNaN)
        #expect(interquartileMean(of: [1, .nan, 2, 3, 4, 5, 6, 7]).isNaN)
        #expect(quantile(1.5, of: [1, 2]).isNaN)
        #expect(quantile(0.5, of: [1, 2, .infinity]) == 2)
    }
}
