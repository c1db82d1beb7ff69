/// Five small control problems with the dynamics of Gymnasium's classic control suite.
extension Environments {
    static let classicControl: [EnvironmentEntry] = [
        CartPole.entry.hiding(
            allBut: [0, 2], with: "hideVelocities",
            "Whether only positions are observed, so that a policy needs memory."
        ).offeringInternalState(),
        MountainCar.entry, MountainCarContinuous.entry, Acrobot.entry,
        Pendulum.entry.hiding(
            allBut: [0, 1], with: "hideVelocities", "Whether only the angle is observed, so that a policy needs memory."
        ),
    ]
}
