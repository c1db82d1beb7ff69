import TelosNN
import TelosTensor

/// Several probabilistic networks of what a step changes, each fitted to rows drawn anew: their variances are noise, their
/// disagreement is what is not known.
///
///     s' - s ~ N(mu(s, a), sigma²(s, a)),  loss = mean of (y - mu)² / sigma² + log sigma²  +  0.01 sum(max - min)
///
/// with inputs and targets normalised by the data and log variances within learned bounds (`GaussianMLP`). The members that
/// predict held-out steps best are the elites. (Chua, Calandra, McAllister and Levine, *Deep reinforcement learning in a
/// handful of trials using probabilistic dynamics models*, 2018; elites as in Janner, Fu, Zhang and Levine, *When to trust
/// your model: model-based policy optimization*, 2019.)
public final class DynamicsEnsemble: DynamicsModel {
    public struct Options: Sendable, Hashable {
        /// Networks. More tell better where they disagree.
        public var memberCount = 7
        /// How many of them are elites.
        public var eliteCount = 5
        public var hiddenSizes = [64, 64]
        public var activation = Activation.silu
        /// Whether variances are predicted; otherwise the loss is the squared error, and there is no noise.
        public var isProbabilistic = true
        public var learningRate: Float = 1e-3
        /// Decoupled; raising it makes smoother models.
        public var weightDecay: Float = 1e-4
        /// Steps of the environment in a gradient step.
        public var batchSize = 256
        /// Share of the data that members are only judged by; 0 makes the first members the elites.
        public var holdout = 0.1
        /// Whether each member learns from as many rows as there are, drawn with replacement.
        public var resamplesRows = true

        public init() {}
    }

    /// How a prediction is made of the members'.
    public enum Propagation: Sendable, Hashable {
        /// A draw of an elite that is drawn for each row.
        case randomElite
        /// A draw of that member.
        case member(Int)
        /// The mean of the elites' means.
        case mean
    }

    /// Normals of the next state by every member.
    public struct Prediction: Sendable {
        /// [member][row * stateCount + i]
        public let means: [[Double]]
        public let deviations: [[Double]]
    }

    public let options: Options
    public let stateCount: Int
    public let actionCount: Int
    public var propagation = Propagation.randomElite
    /// The best members, best first.
    public private(set) var elites: [Int]
    /// Each member's loss on the held-out steps, squared error of normalised changes.
    public private(set) var holdoutErrors: [Double] = []
    private let networks: Parameters<GaussianMLP>
    private let memory: Parameters<Adam.State>
    private let training: Program
    private let predicting: Program
    private var random: RandomStream
    private var inputScale: Standardization
    private var changeScale: Standardization
    private static let chunk = 512

    /// - Throws: `LearnerError` for counts that are not positive, or a share outside 0 ..< 1.
    public init(stateCount: Int, actionCount: Int, options: Options = Options(), key: RandomKey) throws {
        guard stateCount > 0, actionCount >= 0, options.memberCount > 0, options.batchSize > 0,
            (1...options.memberCount).contains(options.eliteCount), (0..<1).contains(options.holdout)
        else {
            throw LearnerError(
                "a dynamics ensemble needs a state, members of which some are elites, rows in a batch and a share from 0 "
                    + "to below 1 that is held out")
        }
        self.options = options
        self.stateCount = stateCount
        self.actionCount = actionCount
        elites = Array(0..<options.eliteCount)
        random = key.derived("batches").stream
        let inputCount = stateCount + actionCount
        inputScale = Standardization(width: inputCount)
        changeScale = Standardization(width: stateCount)
        networks = try Parameters(
            .ensemble(
                (0..<options.memberCount).map {
                    GaussianMLP(
                        [inputCount] + options.hiddenSizes + [stateCount], activation: options.activation,
                        key: key.derived("member", $0))
                }))
        let theta = networks.traced.tensors
        memory = try Parameters(Adam().initialState(for: theta))
        let x = Tensor(placeholder: options.memberCount, options.batchSize, inputCount)
        let y = Tensor(placeholder: options.memberCount, options.batchSize, stateCount)
        let law = networks.traced(x)
        let error = (y - law.mean).squared
        var loss = error
        if options.isProbabilistic { loss = error * exp(-2 * law.logDeviation) + 2 * law.logDeviation }
        // The mean over members would make each one's gradient smaller the more there are.
        var total = loss.mean() * Float(options.memberCount)
        if options.isProbabilistic { total += 0.01 * networks.traced.boundPenalty }
        let step = AdamW(weightDecay: options.weightDecay).step(
            theta, gradients: gradient(of: total, withRespectTo: theta), state: memory.traced,
            learningRate: Tensor(options.learningRate))
        training = try Program(
            inputs: [x, y], outputs: [loss.mean()],
            updates: zip(theta, step.parameters).map { Program.Update($0, to: $1) }
                + Program.Update.all(memory.traced, to: step.state))
        let row = Tensor(placeholder: Self.chunk, inputCount)
        let predicted = networks.traced(row)
        predicting = try Program(inputs: [row], outputs: [predicted.mean, exp(predicted.logDeviation)])
    }

    /// Takes `steps` gradient steps from where the members are, and names the elites anew.
    /// - Returns: the loss of each step, mean over members and rows.
    /// - Throws: `LearnerError` for too little data, or rows of other widths.
    @discardableResult
    public func fit(_ data: DynamicsData, steps: Int) throws -> [Double] {
        guard data.stateCount == stateCount, data.actionCount == actionCount else {
            throw LearnerError(
                "the data have \(data.stateCount) state and \(data.actionCount) action numbers a step, the model "
                    + "\(stateCount) and \(actionCount)")
        }
        let held = Int(options.holdout * Double(data.count))
        guard data.count - held > 0 else { throw LearnerError("there are no steps to learn dynamics from") }
        let changes = zip(data.next, data.states).map { $0 - $1 }
        inputScale = Standardization(rows: data.inputs, width: stateCount + actionCount)
        changeScale = Standardization(rows: changes, width: stateCount)
        let x = inputScale.apply(data.inputs)
        let y = changeScale.apply(changes)
        var order = Array(0..<data.count)
        order.shuffle(using: &random)
        let learned = Array(order.dropFirst(held))
        let rows = (0..<options.memberCount).map { _ in
            options.resamplesRows ? learned.map { _ in learned[random.index(below: learned.count)] } : learned
        }
        let losses = (0..<steps).map { _ -> Double in
            for member in 0..<options.memberCount {
                for slot in 0..<options.batchSize {
                    let row = rows[member][random.index(below: learned.count)]
                    let place = member * options.batchSize + slot
                    copy(x, row, to: place, of: training.input(0), width: stateCount + actionCount)
                    copy(y, row, to: place, of: training.input(1), width: stateCount)
                }
            }
            training.run()
            return Double(training.output(0)[0])
        }
        try judge(data, Array(order.prefix(held)), changes: y)
        return losses
    }

    private func copy(
        _ rows: [Float], _ row: Int, to place: Int, of input: UnsafeMutableBufferPointer<Float>, width: Int
    ) {
        for index in 0..<width { input[place * width + index] = rows[row * width + index] }
    }

    private func judge(_ data: DynamicsData, _ held: [Int], changes: [Float]) throws {
        holdoutErrors = []
        guard !held.isEmpty else { return }
        let normals = normalizedLaws(
            held.flatMap { row in
                data.states[(row * stateCount)..<((row + 1) * stateCount)]
                    + data.actions[(row * actionCount)..<((row + 1) * actionCount)]
            })
        holdoutErrors = normals.map { normal in
            var sum = 0.0
            for (slot, row) in held.enumerated() {
                for index in 0..<stateCount {
                    let error = Double(normal.means[slot * stateCount + index] - changes[row * stateCount + index])
                    sum += error * error
                }
            }
            return sum / Double(held.count * stateCount)
        }
        let ranked = holdoutErrors.indices.sorted { (holdoutErrors[$0], $0) < (holdoutErrors[$1], $1) }
        elites = Array(ranked.prefix(options.eliteCount))
    }

    /// Each member's normals of the normalised change, for rows of state and action.
    private func normalizedLaws(_ inputs: [Double]) -> [(means: [Float], deviations: [Float])] {
        let width = stateCount + actionCount
        let x = inputScale.apply(inputs)
        let rows = inputs.count / width
        var result = Array(repeating: (means: [Float](), deviations: [Float]()), count: options.memberCount)
        for start in stride(from: 0, to: rows, by: Self.chunk) {
            let count = min(Self.chunk, rows - start)
            _ = predicting.input(0).update(fromContentsOf: x[(start * width)..<((start + count) * width)])
            predicting.run()
            for member in 0..<options.memberCount {
                let range = (member * Self.chunk * stateCount)..<((member * Self.chunk + count) * stateCount)
                result[member].means += predicting.output(0)[range]
                result[member].deviations += predicting.output(1)[range]
            }
        }
        return result
    }

    /// The next state's normals by every member, for rows of states and actions.
    public func predict(_ states: [Double], _ actions: [Double]) -> Prediction {
        let laws = normalizedLaws(joinedRows(states, stateCount, actions, actionCount))
        return Prediction(
            means: laws.map { law in
                zip(states, changeScale.restore(law.means)).map { $0 + $1 }
            },
            deviations: laws.map { law in
                // Without a likelihood variances were never learned.
                law.deviations.enumerated().map {
                    options.isProbabilistic ? Double($1) * changeScale.deviations[$0 % stateCount] : 0
                }
            })
    }

    public func next(_ states: [Double], _ actions: [Double], using random: inout RandomStream) -> [Double] {
        let prediction = predict(states, actions)
        if propagation == .mean {
            let share = 1 / Double(elites.count)
            return states.indices.map { index in elites.reduce(0) { $0 + share * prediction.means[$1][index] } }
        }
        var result = states
        for row in 0..<(states.count / stateCount) {
            var member = elites[0]
            switch propagation {
            case .member(let fixed): member = fixed
            default: member = elites[random.index(below: elites.count)]
            }
            for index in (row * stateCount)..<((row + 1) * stateCount) {
                result[index] = prediction.means[member][index] + prediction.deviations[member][index] * random.normal()
            }
        }
        return result
    }
}

/// Brings columns to mean 0 and deviation 1; a column that never changes keeps its unit.
public struct Standardization: Sendable, Hashable {
    public private(set) var means: [Double]
    public private(set) var deviations: [Double]

    /// Changes nothing.
    public init(width: Int) {
        means = Array(repeating: 0, count: width)
        deviations = Array(repeating: 1, count: width)
    }

    /// By the rows' mean and deviation, divisor: their number.
    public init(rows: [Double], width: Int) {
        self.init(width: width)
        guard rows.count >= width else { return }
        for column in 0..<width {
            let values = stride(from: column, to: rows.count, by: width).map { rows[$0] }
            let (mean, deviation) = meanAndDeviation(values)
            means[column] = mean
            if deviation > 1e-12 * max(1, abs(mean)) { deviations[column] = deviation }
        }
    }

    public func apply(_ rows: [Double]) -> [Float] {
        rows.enumerated().map { Float(($1 - means[$0 % means.count]) / deviations[$0 % means.count]) }
    }

    public func restore(_ rows: [Float]) -> [Double] {
        rows.enumerated().map { Double($1) * deviations[$0 % means.count] + means[$0 % means.count] }
    }
}
