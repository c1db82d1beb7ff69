import CTelosKernels
import TelosEnvironments
import TelosTensor
import Testing

@testable import TelosLearning

/// One update of an agent, and what the equations say about it in plain loops of double precision.
private struct Update {
    let options: any ActorCriticOptions
    let batch = 6
    var actionCount: Int?
    var observations: Rows = []
    var actions: Rows = []
    var rewards: [Double] = []
    var bootstraps: [Double] = []
    var nextObservations: Rows = []
    var nextNoise: Rows = []
    var noise: Rows = []
    var subset: [Int] = []
    /// By evaluation (values, targets, policy) and hidden layer: the rows of every critic after one another.
    var dropout: [[Rows]] = []
    var before = Checkpoint()
    var after = Checkpoint()
    var metrics: [String: Double] = [:]

    init(_ options: any ActorCriticOptions, environment: String) throws {
        self.options = options
        let definition = try task(environment)
        let context = LearnerContext(task: definition, key: RandomKey(seed: 4), plannedSteps: 100)
        let specification = try definition.makeEnvironments(count: 1, key: context.key).specification
        if case .discrete(let count) = specification.action { actionCount = count }
        let agent = try ActorCriticAgent(specification, options, context: context)
        var random = RandomKey(seed: 5).stream
        let view = try #require(agent.batch.transitions)
        random.fillNormal(view.observations)
        random.fillNormal(view.nextObservations)
        for row in 0..<batch {
            view.actions[row] = actionCount.map { Float(row % $0) } ?? Float(random.uniform(-2, 2))
            view.rewards[row] = Float(random.normal())
            view.bootstraps[row] = row == 2 ? 0 : 0.95
            view.weights[row] = 1
        }
        let width = view.observations.count / batch
        observations = Self.rows(view.observations.map(Double.init), width)
        nextObservations = Self.rows(view.nextObservations.map(Double.init), width)
        actions = view.actions.map { [actionCount == nil ? Double($0) / 2 : Double($0)] }
        rewards = view.rewards.map(Double.init)
        bootstraps = view.bootstraps.map(Double.init)
        try agent.save(to: &before)

        var copy = random
        func fresh(_ width: Int, uniform: Bool, rows: Int = 6) -> Rows {
            let buffer = Buffer<Float>(count: rows * width, repeating: 0)
            if uniform { copy.fillUniform(buffer.all) } else { copy.fillNormal(buffer.all) }
            return Self.rows(buffer.array.map(Double.init), width)
        }
        nextNoise = fresh(actionCount ?? 1, uniform: actionCount != nil)
        noise = fresh(actionCount ?? 1, uniform: actionCount != nil)
        subset = Array(0..<options.critics)
        if options.targetCritics < options.critics {
            subset = []
            for index in 0..<options.critics
            where copy.index(below: options.critics - index) < options.targetCritics - subset.count {
                subset.append(index)
            }
        }
        if options.dropout > 0 {
            for _ in 0..<3 {
                dropout.append(options.hiddenSizes.map { fresh($0, uniform: true, rows: options.critics * batch) })
            }
        }
        agent.update(progress: 0, using: &random)
        try agent.save(to: &after)
        metrics = Dictionary(uniqueKeysWithValues: agent.metrics(progress: 0).map { ($0.name, $0.value) })
    }

    private static func rows(_ values: [Double], _ width: Int) -> Rows {
        stride(from: 0, to: values.count, by: width).map { Array(values[$0..<($0 + width)]) }
    }

    private func network(_ checkpoint: Checkpoint, _ prefix: String, member: Int? = nil) -> ReferenceNetwork {
        ReferenceNetwork(
            arrays: checkpoint.arrays, prefix: prefix, member: member.map { ($0, options.critics) } ?? (0, 1))
    }

    private func mode(_ evaluation: Int, _ critic: Int) -> ReferenceNetwork.Mode {
        guard !dropout.isEmpty else { return .init() }
        let rows = (critic * batch)..<((critic + 1) * batch)
        return .init(dropout: dropout[evaluation].map { Array($0[rows]) }, rate: options.dropout)
    }

    private func joined(_ observations: Rows, _ actions: Rows?) -> Rows {
        actions.map { zip(observations, $0).map { $0 + $1 } } ?? observations
    }

    /// tanh u with u normal, and its log-probability by the definition.
    private func gaussian(_ actor: ReferenceNetwork, _ x: Rows, _ noise: Rows) -> (action: Rows, log: [Double]) {
        let draws = zip(actor(x), noise).map { output, noise -> (Double, Double) in
            let logDeviation = min(2, max(-20, output[1]))
            let action = telos_tanh64(output[0] + telos_exp64(logDeviation) * noise[0])
            var log: Double = -0.5 * noise[0] * noise[0] - logDeviation
            log -= 0.5 * telos_log64(2 * Double.pi)
            log -= telos_log64(1 - action * action)
            return (action, log)
        }
        return (draws.map { [$0.0] }, draws.map(\.1))
    }

    private func logSoftmax(_ rows: Rows) -> Rows {
        rows.map { row in
            let total = telos_log64(row.reduce(0) { $0 + telos_exp64($1) })
            return row.map { $0 - total }
        }
    }

    private var temperature: Double {
        if case .soft(let temperature, _) = options.actorKind { temperature } else { 0 }
    }

    private func smoothed(_ output: Double, _ noise: Double, _ clip: Double) -> [Double] {
        let action = telos_tanh64(output) + min(clip, max(-clip, noise))
        return [min(1, max(-1, action))]
    }

    /// What the critics' loss should have been.
    func criticLoss() -> Double {
        let actor = network(before, "actor/")
        var action: Rows?
        var log = [Double](repeating: 0, count: batch)
        var logs: Rows = []
        if actionCount != nil {
            logs = logSoftmax(actor(nextObservations))
        } else if case .deterministic(_, let deviation, let clip) = options.actorKind {
            action = zip(network(before, "targetActor/")(nextObservations), nextNoise).map {
                smoothed($0[0], deviation * $1[0], clip)
            }
        } else {
            let draw = gaussian(actor, nextObservations, nextNoise)
            (action, log) = (draw.action, draw.log)
        }
        var (values, following): ([Rows], [Rows]) = ([], [])
        for critic in 0..<options.critics {
            let input = joined(observations, actionCount == nil ? actions : nil)
            let next = joined(nextObservations, action)
            if options.batchRenormalization {
                let both = network(before, "critics/", member: critic)(input + next, .init(usesBatch: true))
                values.append(Array(both[..<batch]))
                following.append(Array(both[batch...]))
            } else {
                values.append(network(before, "critics/", member: critic)(input, mode(0, critic)))
                following.append(network(before, "targets/", member: critic)(next, mode(1, critic)))
            }
        }
        var loss = 0.0
        for row in 0..<batch {
            var returns: [Double]
            if options.quantiles > 1 {
                let pooled = following.flatMap { $0[row] }.sorted()
                returns = pooled.dropLast(options.droppedQuantiles * options.critics).map {
                    $0 - temperature * log[row]
                }
            } else if actionCount != nil {
                returns = [
                    logs[row].indices.reduce(0.0) { (sum: Double, index: Int) -> Double in
                        let least: Double = subset.map { following[$0][row][index] }.min()!
                        return sum + telos_exp64(logs[row][index]) * (least - temperature * logs[row][index])
                    }
                ]
            } else {
                returns = [subset.map { following[$0][row][0] }.min()! - temperature * log[row]]
            }
            returns = returns.map { rewards[row] + bootstraps[row] * $0 }
            for critic in 0..<options.critics {
                if options.quantiles > 1 {
                    var sum = 0.0
                    for (index, predicted) in values[critic][row].enumerated() {
                        let level = (Double(index) + 0.5) / Double(options.quantiles)
                        for target in returns {
                            let u = target - predicted
                            let huber = abs(u) <= 1 ? u * u / 2 : abs(u) - 0.5
                            sum += abs(level - (u < 0 ? 1 : 0)) * huber
                        }
                    }
                    loss += sum / Double(options.quantiles * returns.count * batch)
                } else {
                    let value = values[critic][row][actionCount == nil ? 0 : Int(actions[row][0])]
                    let error = value - returns[0]
                    loss += 0.5 * error * error / Double(batch)
                }
            }
        }
        return loss
    }

    /// The actor's loss through the critics as the update left them.
    func actorLoss(_ arrays: [String: Checkpoint.Array]) -> Double {
        let actor = ReferenceNetwork(arrays: arrays, prefix: "actor/")
        var action: Rows?
        var log = [Double](repeating: 0, count: batch)
        var logs: Rows = []
        if actionCount != nil {
            logs = logSoftmax(actor(observations))
        } else if case .deterministic = options.actorKind {
            action = actor(observations).map { [telos_tanh64($0[0])] }
        } else {
            let draw = gaussian(actor, observations, noise)
            (action, log) = (draw.action, draw.log)
        }
        let values = (0..<options.critics).map { critic in
            var mode = mode(2, critic)
            mode.moments = "moments/"
            return network(after, "critics/", member: critic)(joined(observations, action), mode)
        }
        var isDeterministic = false
        if case .deterministic = options.actorKind { isDeterministic = true }
        let averages = options.quantiles > 1 || options.dropout > 0 || options.targetCritics < options.critics
        var loss = 0.0
        for row in 0..<batch {
            func value(_ column: Int) -> Double {
                let all = values.map { $0[row][column] }
                return isDeterministic ? all[0] : averages ? all.reduce(0, +) / Double(all.count) : all.min()!
            }
            if actionCount != nil {
                for (index, log) in logs[row].enumerated() {
                    loss += telos_exp64(log) * (temperature * log - value(index))
                }
            } else {
                let width = values[0][row].count
                let mean = (0..<width).map(value).reduce(0, +) / Double(width)
                loss += temperature * log[row] - mean
            }
        }
        return loss / Double(batch)
    }

    /// How many of the actor's parameters went downhill, of those with a slope that counts; the slope by differences.
    func downhill() -> (right: Int, all: Int) {
        var (right, all) = (0, 0)
        for (name, array) in before.arrays where name.hasPrefix("actor/") {
            for index in stride(from: 0, to: array.values.count, by: 2) {
                func loss(_ change: Float) -> Double {
                    var arrays = before.arrays
                    arrays[name]!.values[index] += change
                    return actorLoss(arrays)
                }
                let slope = (loss(1e-3) - loss(-1e-3)) / 2e-3
                guard abs(slope) > 3e-4 else { continue }
                all += 1
                let moved = after.arrays[name]!.values[index] - array.values[index]
                if Double(moved) * slope < 0 { right += 1 }
            }
        }
        return (right, all)
    }
}

@Suite struct ReplayActorCriticTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var environment = "Pendulum"
        var options: any ActorCriticOptions & Sendable
    }

    private static func small(_ name: String, _ options: SACConfiguration, environment: String = "Pendulum") -> Case {
        var options = options
        options.hiddenSizes = options.network == .simba ? [8, 8] : [9, 8]
        options.batchSize = 6
        options.policyInterval = 1
        options.temperature = 0.3
        return Case(testDescription: name, environment: environment, options: options)
    }

    static let cases: [Case] = {
        var td3 = TD3Configuration()
        td3.hiddenSizes = [9, 8]
        td3.batchSize = 6
        td3.policyInterval = 1
        var redq = REDQConfiguration().options
        redq.critics = 5
        var smallActor = SACConfiguration()
        smallActor.actorHiddenSizes = [7]
        var shallowActor = SimBaConfiguration().options
        shallowActor.actorHiddenSizes = [6]
        return [
            small("sac", SACConfiguration()), small("redq", redq), small("droq", DroQConfiguration().options),
            small("tqc", TQCConfiguration().options), small("crossq", CrossQConfiguration().options),
            small("simba", SimBaConfiguration().options), small("sac, a smaller actor", smallActor),
            small("simba, a smaller actor", shallowActor),
            small("discrete-sac", DiscreteSACConfiguration().options, environment: "CartPole"),
            Case(testDescription: "td3", options: td3),
        ]
    }()

    @Test(arguments: cases) func criticsLearnTheTarget(_ example: Case) throws {
        let update = try Update(example.options, environment: example.environment)
        let loss = update.criticLoss()
        #expect(abs(update.metrics["criticLoss"]! - loss) < 1e-4 * max(1, loss))
        #expect(loss > 0.01)
    }

    @Test(arguments: cases) func actorsGoDownhill(_ example: Case) throws {
        let update = try Update(example.options, environment: example.environment)
        let (right, all) = update.downhill()
        #expect(all >= 3 && right == all, "\(right) of \(all)")
    }

    @Test func targetsFollowSlowly() throws {
        var options = SACConfiguration()
        options.hiddenSizes = [9]
        options.batchSize = 6
        options.targetRate = 0.25
        let update = try Update(options, environment: "Pendulum")
        for (name, array) in update.after.arrays where name.hasPrefix("targets/") {
            let critic = "critics/" + name.dropFirst("targets/".count)
            let (first, last) = (update.before.arrays[critic]!.values, update.after.arrays[critic]!.values)
            for (index, value) in array.values.enumerated() {
                #expect(abs(value - (0.75 * first[index] + 0.25 * last[index])) < 1e-6)
            }
        }
    }

    /// The temperature rises where the policy is more decided than it should be, and falls otherwise.
    @Test(arguments: [-10.0, 10]) func temperatureSeeksItsEntropy(targetEntropy: Double) throws {
        var options = SACConfiguration()
        options.hiddenSizes = [9]
        options.batchSize = 6
        options.targetEntropyScale = -targetEntropy
        let update = try Update(options, environment: "Pendulum")
        let change =
            update.after.arrays["logTemperature/"]!.values[0] - update.before.arrays["logTemperature/"]!.values[0]
        #expect(abs(abs(change) - 3e-4) < 1e-6)
        #expect((change > 0) == (targetEntropy > 0))
    }

    @Test func contradictionsAreRefused() {
        for json in [
            #"{"targetCritics": 3}"#, #"{"quantiles": 5, "droppedQuantiles": 5}"#,
            #"{"batchRenormalization": true, "layerNorm": true}"#, #"{"network": "simba", "dropout": 0.1}"#,
            #"{"network": "simba", "hiddenSizes": [8, 16]}"#, #"{"network": "gru", "hiddenSizes": []}"#,
            #"{"network": "simba", "actorHiddenSizes": [8, 16]}"#, #"{"actorHiddenSizes": [8, 0]}"#,
            #"{"network": "lstm", "hindsightGoals": 4}"#,
            #"{"network": "s4d", "sequenceLength": 300, "bufferCapacity": 256}"#,
        ] {
            #expect(throws: ConfigurationError.self) { try SACConfiguration(json: json) }
        }
        #expect(throws: ConfigurationError.self) {
            try Update(TQCConfiguration().options, environment: "CartPole")
        }
    }
}
