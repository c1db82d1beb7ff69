extension Environments {
    /// Grids and other small worlds whose exact model is known.
    static let grids: [EnvironmentEntry] = [
        gridWorld, grid, fourRooms, keyAndDoor, cliffWalking, deepSea, riverSwim,
    ]

    private static let family = "grids"

    private static func slipOption(_ value: Double) -> EnvironmentOption {
        EnvironmentOption(
            "slip", .real(0...1), .real(value),
            "Probability that a uniformly random action is taken instead. Raising it makes every plan less reliable.")
    }

    private static func sizeOption(_ range: ClosedRange<Int>, _ value: Int, _ summary: String) -> EnvironmentOption {
        EnvironmentOption(
            "size", .integer(range), .integer(value), summary + " Raising it makes the goal further away.")
    }

    /// A map of one's own.
    static let gridWorld = EnvironmentEntry(
        name: "GridWorld", family: family, summary: "Walk from the start to the goal of a map.",
        options: [
            EnvironmentOption(
                "map", .text, .text("S..#...\n...#.H.\n...#...\n.......\n...#..G"),
                "The map, a line (or a part between /) a row: # wall, . floor, S start, G goal, K key, D door, H hole, "
                    + "other capital letters markers."),
            slipOption(0),
            EnvironmentOption(
                "holes", .text, .text("terminal"),
                "What a hole does: `terminal` ends the episode (signal `hole`), `back` leads back to a start (signal "
                    + "`cliff`)."),
        ],
        horizon: 200, reward: "goal",
        build: { options in
            let effects: [String: GridWorld.HoleEffect] = ["terminal": .terminal, "back": .backToStart]
            guard let effect = effects[options.text("holes")] else {
                throw TabularError("holes is \"\(options.text("holes"))\"; write terminal or back")
            }
            return try GridWorld(
                map: GridMap(options.text("map")), slip: .uniform(options.real("slip")), holes: effect)
        })

    /// An open square with a corner to be tempted by.
    static let grid = EnvironmentEntry(
        name: "Grid", family: family, summary: "An open square: start top left, goal bottom right.",
        options: [sizeOption(2...50, 4, "Rows and columns."), slipOption(0.1)], horizon: 100, reward: "goal",
        build: { options in
            try GridWorld(
                map: .open(size: options.integer("size")), slip: .uniform(options.real("slip")),
                markerNames: ["A": "corner"], name: "Grid",
                summary: "An open square: start top left, goal bottom right, `corner` bottom left.")
        })

    static let fourRooms = EnvironmentEntry(
        name: "FourRooms", family: family, summary: "Four rooms joined by four openings.",
        options: [
            sizeOption(5...31, 11, "Rows and columns without a border; 11 is the layout of the paper."), slipOption(0),
            EnvironmentOption(
                "startAnywhere", .flag, .flag(false),
                "Start in any floor cell, rather than top left; makes exploring easy."),
        ],
        horizon: 200, reward: "goal",
        build: { options in
            try GridWorld(
                map: .fourRooms(size: options.integer("size"), startAnywhere: options.flag("startAnywhere")),
                slip: .uniform(options.real("slip")), name: "FourRooms",
                summary: "Four rooms joined by four openings: start top left, goal bottom right.",
                reference: "Sutton, Precup and Singh, Between MDPs and semi-MDPs, 1999 (its moves fail as at slip 4/9)")
        })

    static let keyAndDoor = EnvironmentEntry(
        name: "KeyAndDoor", family: family, summary: "Fetch a key, pass the door, reach the goal.",
        options: [sizeOption(3...25, 7, "Rows and columns."), slipOption(0)], horizon: 200, reward: "goal",
        build: { options in
            try GridWorld(
                map: .keyAndDoor(size: options.integer("size")), slip: .uniform(options.real("slip")),
                name: "KeyAndDoor", summary: "Two rooms: the key is in the first, the goal behind the door.")
        })

    static let cliffWalking = EnvironmentEntry(
        name: "CliffWalking", family: family, summary: "Walk along a cliff: falling leads back to the start.",
        options: [
            EnvironmentOption(
                "slippery", .flag, .flag(false),
                "Moves turn left or right with probability 1/3 each, which makes the edge a bad place to walk.")
        ],
        horizon: 500, reward: "cliff ? -100 : -1",
        build: { options in
            try GridWorld(
                map: .cliff(), slip: .sideways(options.flag("slippery") ? 2.0 / 3 : 0), holes: .backToStart,
                name: "CliffWalking", summary: "Four rows of twelve; most of the last is a cliff.",
                reference: "Gymnasium CliffWalking-v1; Sutton and Barto, Reinforcement learning, 2018, example 6.6")
        })

    static let deepSea = EnvironmentEntry(
        name: "DeepSea", family: family, summary: "Exploration that chance solves with probability 2^-size.",
        options: [
            sizeOption(2...50, 10, "Rows, columns and steps."),
            EnvironmentOption(
                "stochastic", .flag, .flag(false), "Going right fails with probability 1 / size."),
            EnvironmentOption(
                "mappingSeed", .integer(0...1_000_000), .integer(0),
                "Draws in which cells left and right change places, so that no direction generalises; 0 for none."),
        ],
        horizon: nil, reward: "goal - moveCost",
        build: { options in
            try DeepSea(
                size: options.integer("size"), stochastic: options.flag("stochastic"),
                mappingSeed: options.integer("mappingSeed"))
        })

    static let riverSwim = EnvironmentEntry(
        name: "RiverSwim", family: family, summary: "Swim against the current, or drift.",
        options: [sizeOption(3...100, 6, "States.")], horizon: 100,
        reward: UsualReward(
            "previous.rightBank == 1 and action == right ? 1 : "
                + "(previous.leftBank == 1 and action == left ? 0.005 : 0)"),
        build: { options in try RiverSwim(size: options.integer("size")) })
}
