extension Environments { static let grids: [EnvironmentEntry] = [] }
