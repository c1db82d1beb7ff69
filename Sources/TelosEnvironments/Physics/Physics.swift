extension Environments {
    /// What the names of physics environments need in a build without MuJoCo.
    static let physicsNames = [
        "InvertedPendulum", "InvertedDoublePendulum", "Reacher", "Pusher", "Swimmer", "Hopper", "Walker2d",
        "HalfCheetah",
        "Ant", "Humanoid", "BallMaze", "AntMaze", "MJCF",
    ]

    /// Why there is no environment of this name, where a build with other traits has one; nil otherwise.
    public static func missing(_ name: String) -> String? {
        guard physicsNames.contains(name), named(name) == nil else { return nil }
        return "\(name) needs MuJoCo, which this build is without; 'make build' builds with it"
    }

    #if MuJoCo
        static let physics: [EnvironmentEntry] = balance + manipulation + locomotion + physicsMazes + [MJCF.entry]
    #else
        static let physics: [EnvironmentEntry] = []
    #endif
}
