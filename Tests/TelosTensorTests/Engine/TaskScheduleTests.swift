import CTelosKernels
import Testing

@testable import TelosTensor

/// Schedules of random programs can be run to the end by any team, and nothing runs before what it follows.
@Suite struct TaskScheduleTests {
    /// Products of random size, each after some earlier ones. `n0`, 1 for a real product, tells them apart here.
    private func randomProgram(_ count: Int, using random: inout TestRandom) -> ([telos_instruction], [[Int]]) {
        let sizes: [Int64] = [1, 8, 40, 90, 200]
        let program = (0..<count).map { index in
            var instruction = telos_instruction()
            instruction.opcode = Int32(TELOS_I_MATMUL.rawValue)
            instruction.flags = Int32(index)
            (instruction.n0, instruction.n1) = (1, random.pick(sizes))
            (instruction.n2, instruction.n3) = (random.pick(sizes), random.pick(sizes))
            return instruction
        }
        let follows = (0..<count).map { index in
            Set((0..<random.pick([0, 1, 2, 3])).compactMap { _ in (0..<index).randomElement(using: &random) }).sorted()
        }
        return (program, follows)
    }

    @Test(arguments: [1, 2, 3, 8], 0..<30) func anyTeamFinishes(threads: Int, seed: Int) throws {
        var random = TestRandom(UInt64(seed))
        let (program, follows) = randomProgram(random.pick([1, 2, 20, 150]), using: &random)
        let schedule = TaskSchedule(program, follows: follows, threads: threads)
        let description = schedule.pointer.pointee
        let lanes = (0...Int(description.lane_count)).map { Int(description.lanes[$0]) }
        #expect(lanes.first == 0 && (lanes.count == 2 || lanes.count == threads + 1))
        var next = Array(lanes.dropLast())
        var done = [Bool](repeating: false, count: lanes.last!)
        var parts = [Set<Int32>](repeating: [], count: program.count)
        var finished = [Bool](repeating: false, count: program.count)
        func isReady(_ task: telos_task) -> Bool {
            (0..<task.wait_count).allSatisfy { done[Int(description.waits[Int(task.first_wait + $0)])] }
        }
        while true {
            let ready = next.indices.filter {
                next[$0] < lanes[$0 + 1] && isReady(description.tasks[next[$0]])
            }
            guard let lane = ready.randomElement(using: &random) else { break }
            let task = description.tasks[next[lane]]
            for position in task.first..<task.first + task.count {
                let instruction = Int(schedule.instructions[Int(position)].flags)
                #expect(follows[instruction].allSatisfy { finished[$0] })
                #expect(parts[instruction].insert(task.part).inserted)
                finished[instruction] = parts[instruction].count == task.parts
            }
            done[next[lane]] = true
            next[lane] += 1
        }
        #expect(done.allSatisfy { $0 } && finished.allSatisfy { $0 })
        withExtendedLifetime(schedule) {}
    }

    @Test func everyNumberOfThreadsTrainsToTheSameBytes() throws {
        let hashes = try [(1, 64), (2, 64), (3, 64), (8, 64), (1, 512), (2, 512), (8, 512)].map { threads, batch in
            let (program, parameters) = try Training.program(threads: threads, batch: batch)
            for _ in 0..<40 { program.run() }
            return (batch, parameters.hash)
        }
        #expect(Set(hashes.filter { $0.0 == 64 }.map(\.1)).count == 1)
        #expect(Set(hashes.filter { $0.0 == 512 }.map(\.1)).count == 1)
        #expect(hashes.first!.1 != hashes.last!.1)
    }
}
