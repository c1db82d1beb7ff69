import TelosEnvironments
import TelosLearning

extension EnvironmentSpecification {
    /// Everything in it as one line of JSON, in the form of `telos describe NAME --json`; infinite bounds are null.
    public var json: String {
        JSONValue.object([
            "name": .text(name), "summary": .text(summary), "reference": .text(reference),
            "observation": observation.json, "action": action.json,
            "actionNames": .list(actionNames.map(JSONValue.text)), "stateNames": .list(stateNames.map(JSONValue.text)),
            "maskSignals": .list(maskSignals.map(JSONValue.text)),
            "signals": .list(
                signals.map {
                    .object([
                        "name": .text($0.name), "unit": .text($0.unit), "low": boundJSON($0.lowerBound),
                        "high": boundJSON($0.upperBound), "summary": .text($0.summary),
                    ])
                }),
        ]).json
    }
}
