/// Five small control problems with the dynamics of Gymnasium's classic control suite.
extension Environments {
    static let classicControl: [EnvironmentEntry] = [
        CartPole.entry, MountainCar.entry, MountainCarContinuous.entry, Acrobot.entry, Pendulum.entry,
    ]
}
