import CTelosKernels
import TelosEnvironments
import TelosEvaluation
import TelosTensor

/// What a way of stepping costs, and how wrong it is in the end.
struct SteppingCost: Sendable {
    /// log10 of the mean number of evaluations, median of log10 of the energy's final error.
    var cost = 0.0
    var error = 0.0
    var failures = 0.0
    /// Spearman's correlation of log h and the logarithm of the closest pair's distance.
    var correlation = 0.0

    init() {}

    /// Of runs, by their final errors and evaluations.
    init(errors: [Double], evaluations: [Int]) {
        func log10(_ value: Double) -> Double { telos_log64(value) / telos_log64(10) }
        cost = log10(mean(of: evaluations.map(Double.init)))
        error = median(of: errors.map { log10(abs($0) + 1e-16) })
        failures = Double(errors.count { abs($0) > 0.1 || $0.isNaN })
    }

    /// log10 of the evaluations with which a front has that error.
    static func cost(_ front: [SteppingCost], at error: Double) -> Double {
        interpolated(front.map { (-$0.error, $0.cost) }, -error)
    }

    /// log10 of the error that a front has at as many evaluations.
    static func error(_ front: [SteppingCost], at cost: Double) -> Double {
        interpolated(front.map { ($0.cost, $0.error) }, cost)
    }

    /// Linear between points of ascending x; beyond them the nearest y.
    private static func interpolated(_ points: [(x: Double, y: Double)], _ x: Double) -> Double {
        let points = points.sorted { $0.x < $1.x }
        guard let next = points.firstIndex(where: { $0.x >= x }) else { return points.last!.y }
        guard next > 0 else { return points[0].y }
        let (a, b) = (points[next - 1], points[next])
        return a.y + (b.y - a.y) * (x - a.x) / (b.x - a.x)
    }
}

/// Bodies that cannot be seen.
struct UnseenBodies: Environment {
    let base: ThreeBody
    var specification: EnvironmentSpecification { base.specification }
    func reset(using random: inout RandomStream) -> ThreeBody.State { base.reset(using: &random) }
    func step(_ state: inout ThreeBody.State, action: Action, using random: inout RandomStream) -> Bool {
        base.step(&state, action: action, using: &random)
    }
    func observe(_ state: ThreeBody.State, into observation: UnsafeMutableBufferPointer<Float>) {
        observation.update(repeating: 0)
    }
    func readSignals(_ state: ThreeBody.State, into signals: SignalWriter) {
        base.readSignals(state, into: signals)
    }
    func draw(_ state: ThreeBody.State) -> Drawing { base.draw(state) }
}
