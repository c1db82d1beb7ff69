extension Environments { static let classicControl: [EnvironmentEntry] = [] }
