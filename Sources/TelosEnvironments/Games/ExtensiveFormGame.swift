/// A game in turns, with chance and with what players do not see. Players remember what they saw and did (perfect
/// recall).
///
/// (Kuhn, *Extensive games and the problem of information*, 1953.)
public protocol ExtensiveFormGame: Sendable {
    associatedtype State: Sendable
    var playerCount: Int { get }
    var initialState: State { get }
    /// Who is to move.
    func turn(_ state: State) -> GameTurn
    /// Where an action, or an outcome of chance, leads to.
    func successor(of state: State, action: Int) -> State
}

/// Who is to move in a state.
public enum GameTurn: Sendable, Hashable {
    /// Chance, with the probability of each outcome.
    case chance([Double])
    /// A player, who cannot tell states of the same information set apart: a number from 0, of this player's own, with
    /// equally many actions in each of its states.
    case player(Int, informationSet: Int, actions: Int)
    /// Nobody; what each player is paid.
    case finished([Double])
}

/// How every player acts in each information set: `strategies[player][informationSet][action]`.
public typealias BehaviorProfile = [[[Double]]]

extension ExtensiveFormGame {
    /// The number of actions of each player's information sets, in their order.
    public var informationSets: [[Int]] {
        var counts = Array(repeating: [Int: Int](), count: playerCount)
        visit { _, turn in
            if case .player(let player, let set, let actions) = turn { counts[player][set] = actions }
        }
        return counts.map { sets in (0..<((sets.keys.max() ?? -1) + 1)).map { sets[$0] ?? 1 } }
    }

    /// Every action equally likely everywhere.
    public var uniformProfile: BehaviorProfile {
        informationSets.map { sets in sets.map { Array(repeating: 1 / Double($0), count: $0) } }
    }

    /// Every state, each before those that follow it.
    func visit(_ body: (State, GameTurn) -> Void) {
        var open = [initialState]
        while let state = open.popLast() {
            let turn = turn(state)
            body(state, turn)
            switch turn {
            case .chance(let probabilities): open += probabilities.indices.map { successor(of: state, action: $0) }
            case .player(_, _, let actions): open += (0..<actions).map { successor(of: state, action: $0) }
            case .finished: break
            }
        }
    }

    /// What each player is paid on average, from a state on.
    public func expectedPayoffs(_ profile: BehaviorProfile, from state: State? = nil) -> [Double] {
        let state = state ?? initialState
        let probabilities: [Double]
        switch turn(state) {
        case .finished(let payoffs): return payoffs
        case .chance(let outcomes): probabilities = outcomes
        case .player(let player, let set, _): probabilities = profile[player][set]
        }
        var total = [Double](repeating: 0, count: playerCount)
        for (action, probability) in probabilities.enumerated() where probability > 0 {
            let payoffs = expectedPayoffs(profile, from: successor(of: state, action: action))
            for player in total.indices { total[player] += probability * payoffs[player] }
        }
        return total
    }
}

/// Poker with three cards, of two players who each put one chip into the pot and are dealt a card.
///
/// Actions: 0 pass, 1 bet a chip. After a bet the other passes and loses the pot, or bets too; then, or when both pass,
/// the higher card wins. The first player loses 1/18 in equilibrium. Information sets of the first player: card * 2,
/// plus 1 after a pass and a bet; of the second: card * 2, plus 1 after a bet. (Kuhn, *A simplified two-person poker*,
/// 1950.)
public struct KuhnPoker: ExtensiveFormGame, Hashable {
    public struct State: Sendable, Hashable {
        /// The cards of both, 0 to 2, nil before they are dealt.
        public var cards: [Int]?
        public var actions: [Int] = []
    }

    public init() {}

    public var playerCount: Int { 2 }
    public var initialState: State { State() }
    private static let deals = [[0, 1], [0, 2], [1, 0], [1, 2], [2, 0], [2, 1]]

    public func turn(_ state: State) -> GameTurn {
        guard let cards = state.cards else { return .chance(Array(repeating: 1.0 / 6, count: 6)) }
        func shown(_ stake: Double) -> GameTurn {
            let first = cards[0] > cards[1] ? stake : -stake
            return .finished([first, -first])
        }
        switch state.actions {
        case []: return .player(0, informationSet: cards[0] * 2, actions: 2)
        case [0], [1]: return .player(1, informationSet: cards[1] * 2 + state.actions[0], actions: 2)
        case [0, 1]: return .player(0, informationSet: cards[0] * 2 + 1, actions: 2)
        case [0, 0]: return shown(1)
        case [1, 0]: return .finished([1, -1])
        case [0, 1, 0]: return .finished([-1, 1])
        default: return shown(2)
        }
    }

    public func successor(of state: State, action: Int) -> State {
        var next = state
        if state.cards == nil { next.cards = Self.deals[action] } else { next.actions.append(action) }
        return next
    }
}

/// A game of one unseen action each, as a game in turns: the players move in order, each without seeing the others.
public struct SequentialForm: ExtensiveFormGame, Hashable {
    public let game: NormalFormGame

    public init(_ game: NormalFormGame) { self.game = game }

    public var playerCount: Int { game.playerCount }
    public var initialState: [Int] { [] }

    public func turn(_ state: [Int]) -> GameTurn {
        guard state.count == playerCount else {
            return .player(state.count, informationSet: 0, actions: game.actionCounts[state.count])
        }
        let joint = zip(state, game.actionCounts).reduce(0) { $0 * $1.1 + $1.0 }
        return .finished(game.payoffs.map { $0[joint] })
    }

    public func successor(of state: [Int], action: Int) -> [Int] { state + [action] }
}
