import ArgumentParser
import Foundation
import TelosExperiments

struct ServePolicy: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve a policy to programs on this machine: JSON lines over a Unix-domain socket.",
        discussion: """
            A request is one JSON object a line, a reply too:

            {"observation": [...]} gives {"action": [...]}, the deterministic action, in the flat encodings of the \
            environment. "mask" says which choices are possible (zeros and ones; all where it is missing).

            {"reset": true} begins an episode: a policy that remembers forgets. Each connection has a memory of its \
            own. "memory" in a request is acted from instead and then given back in the reply.

            {"describe": true} gives the sizes of these lists. What is wrong with a request is told as {"error": ...}; \
            the connection stays open.

            Ctrl-C and a request to terminate end it and remove the socket.
            """)

    @Argument(help: "A run's identifier, or a policy's file that 'telos export' wrote as safetensors.")
    var policy: String
    @Option(
        help: ArgumentHelp(
            "Where to listen. A socket left behind is replaced, one in use refused.", valueName: "path"),
        completion: .file())
    var socket: String
    @Option(help: ArgumentHelp("Which of the run's seeds; by default the one that evaluates best.", valueName: "n"))
    var seed: Int?
    @OptionGroup var checkpoint: CheckpointOption
    @OptionGroup var store: StoreOption

    func run() throws {
        let stop = StopFlag()
        // From before the socket is there, so that a signal cannot leave it behind.
        let interrupts = InterruptHandler(raising: stop)
        let server: PolicyServer
        if policy.hasSuffix(".safetensors") {
            guard seed == nil, checkpoint.choice == .latest else {
                throw InputError("\(policy) holds one policy: leave --seed and --checkpoint out")
            }
            server = try PolicyServer(file: policy, socket: socket)
        } else {
            server = try PolicyServer(
                run: policy, in: store.open(), seed: seed, from: checkpoint.choice, socket: socket)
        }
        remark("serving \(server.summary), at \(server.path)")
        withExtendedLifetime(interrupts) { server.run(until: stop) }
    }
}
