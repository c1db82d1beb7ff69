import CTelosKernels

/// The instructions of a program as tasks for several threads: parts of large instructions, and small ones that do not
/// wait for one another, run side by side.
///
/// A schedule is simulated: tasks are placed one after another, those with the longest way to the end first, each on the
/// thread where it ends soonest when results from other threads take time to arrive (Topcuoglu, Hariri and Wu,
/// *Performance-effective and low-complexity task scheduling for heterogeneous computing*, 2002). Where tasks are short,
/// each thread keeps to those it got, so that its results stay near. Where they are long, whoever is free takes the next,
/// so that no thread waits for one that is slow today.
final class TaskSchedule {
    let instructions: Buffer<telos_instruction>
    let pointer: UnsafePointer<telos_schedule>
    private let description: Buffer<telos_schedule>
    private let tasks: Buffer<telos_task>
    private let lanes: Buffer<Int32>
    private let waits: Buffer<Int32>
    private let state: Buffer<UInt32>

    /// Microseconds from which tasks are long.
    private static let longMean = 4.0

    /// - follows: for each instruction those before it that must be finished first.
    init(_ program: [telos_instruction], follows: [[Int]], threads: Int) {
        var drafts = Draft.placed(program, follows, threads: threads)
        let meanCost = drafts.reduce(0) { $0 + $1.cost } / Double(drafts.count)
        let laneCount = meanCost < Self.longMean ? threads : 1
        if laneCount == 1 {
            for index in drafts.indices { drafts[index].lane = 0 }
        }
        let order = drafts.indices.sorted {
            (drafts[$0].lane, drafts[$0].start, $0) < (drafts[$1].lane, drafts[$1].start, $1)
        }
        var position = [Int](repeating: 0, count: drafts.count)
        for (index, draft) in order.enumerated() { position[draft] = index }
        var instructions: [telos_instruction] = []
        var tasks: [telos_task] = []
        var waits: [Int32] = []
        var shared: [Int: Int] = [:]
        for draft in order.map({ drafts[$0] }) {
            // The parts of an instruction have it once.
            let first = (draft.parts > 1 ? shared[draft.instructions[0]] : nil) ?? instructions.count
            if first == instructions.count { instructions += draft.instructions.map { program[$0] } }
            if draft.parts > 1 { shared[draft.instructions[0]] = first }
            tasks.append(
                telos_task(
                    first: Int32(first), count: Int32(draft.instructions.count), part: Int32(draft.part),
                    parts: Int32(draft.parts), first_wait: Int32(waits.count), wait_count: Int32(draft.waits.count)))
            waits += draft.waits.map { Int32(position[$0]) }.sorted()
        }
        self.instructions = Buffer(instructions)
        self.tasks = Buffer(tasks)
        self.waits = Buffer(waits)
        lanes = Buffer(
            (0...laneCount).map { lane in Int32(order.firstIndex { drafts[$0].lane >= lane } ?? order.count) })
        state = Buffer(count: 16 * (laneCount + 1) + tasks.count, repeating: 0)
        description = Buffer([
            telos_schedule(
                tasks: self.tasks.pointer, lanes: lanes.pointer, waits: self.waits.pointer,
                lane_count: Int32(laneCount), state: state.pointer)
        ])
        pointer = UnsafePointer(description.pointer)
    }

    /// How many tasks each lane has.
    var taskCounts: [Int] { zip(lanes.array, lanes.array.dropFirst()).map { Int($1 - $0) } }

    /// A task before it has its place in memory.
    private struct Draft {
        var lane: Int
        /// Microseconds.
        var start: Double
        var cost: Double
        var instructions: [Int]
        var part: Int
        var parts: Int
        /// Drafts before this one.
        var waits: Set<Int>

        /// Microseconds: taking a task, telling another thread that one is done, and what a short instruction is.
        private static let taking = 0.05
        private static let telling = 0.3
        private static let short = 0.3

        static func placed(_ program: [telos_instruction], _ follows: [[Int]], threads: Int) -> [Draft] {
            let parts = program.map { withUnsafePointer(to: $0) { Int(telos_parts($0, Int32(threads))) } }
            let cost = zip(program, parts).map { instruction, parts in
                withUnsafePointer(to: instruction) { telos_cost($0) } / Double(parts) + taking
            }
            let travel = program.map { telling + Double($0.resultCount) / 4000 }
            var wayToEnd = cost
            for index in program.indices.reversed() {
                for earlier in follows[index] {
                    wayToEnd[earlier] = Swift.max(wayToEnd[earlier], cost[earlier] + wayToEnd[index])
                }
            }
            // Ways grow towards the start, so that this order, too, puts everything after what it follows.
            let order = program.indices.sorted { (wayToEnd[$1], $0) < (wayToEnd[$0], $1) }
            var drafts: [Draft] = []
            var draftsOf: [[Int]] = Array(repeating: [], count: program.count)
            var end = [Double](repeating: 0, count: program.count)
            var free = [Double](repeating: 0, count: threads)
            var last = [Int?](repeating: nil, count: threads)
            for index in order {
                let waits = Set(follows[index].flatMap { draftsOf[$0] })
                for part in 0..<parts[index] {
                    func start(in lane: Int) -> Double {
                        follows[index].reduce(free[lane]) { latest, earlier in
                            let stays = draftsOf[earlier].allSatisfy { drafts[$0].lane == lane }
                            return Swift.max(latest, end[earlier] + (stays ? 0 : travel[earlier]))
                        }
                    }
                    let lane = free.indices.min { start(in: $0) < start(in: $1) }!
                    let start = start(in: lane)
                    free[lane] = start + cost[index]
                    end[index] = Swift.max(end[index], free[lane])
                    if parts[index] == 1, cost[index] < short, let previous = last[lane],
                        drafts[previous].parts == 1, waits.contains(previous),
                        waits.subtracting([previous]).isSubset(of: drafts[previous].waits)
                    {
                        drafts[previous].instructions.append(index)
                        drafts[previous].cost += cost[index]
                        draftsOf[index] = [previous]
                    } else {
                        last[lane] = drafts.count
                        draftsOf[index].append(drafts.count)
                        drafts.append(
                            Draft(
                                lane: lane, start: start, cost: cost[index], instructions: [index], part: part,
                                parts: parts[index], waits: waits))
                    }
                }
            }
            return drafts
        }
    }
}
