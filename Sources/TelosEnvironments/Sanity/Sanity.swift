import TelosTensor

/// Tiny environments that each fail for one class of bug: a learner that claims the capability solves its environment
/// in seconds, and one that does not says so by its return.
///
/// After the sanity environments of PufferLib (Suárez, 2024) and the identity environments of Stable-Baselines3's tests
/// (Raffin and others, 2021).
extension Environments {
    static let sanity: [EnvironmentEntry] = [
        Recall.entry.offeringInternalState(), SwitchedCorridor.entry, DelayedReward.entry, EndlessWage.entry,
        MaskedChoice.entry, ActionScale.entry, RewardScale.entry, NestedSpaces.entry,
    ]

    static let sanityFamily = "sanity"
}

/// A row of squares with one marked, which is as much as there is to see in these environments.
func sanityDrawing(squares: Int, marked: Int, fill: (Int) -> String = { _ in "#d0ebff" }) -> Drawing {
    var drawing = GridDrawing.board(rows: 1, columns: squares) { _, column in fill(column) }
    GridDrawing.mark((0, min(max(marked, 0), squares - 1)), rows: 1, in: &drawing)
    return drawing
}
