#if HDF5
    import Foundation
    import TelosEnvironments

    /// Reads `main_data.hdf5` and, where it lies beside it, `metadata.json`.
    struct MinariReader {
        let file: String
        private let metadata: [String: Any]?
        private let spaces: (observations: GymnasiumSpace?, actions: GymnasiumSpace?)

        /// Arrays of an episode that make up a flat row, in order.
        private struct Layout: Equatable {
            var leaves: [Leaf] = []
            var width: Int { leaves.reduce(0) { $0 + $1.width } }

            struct Leaf: Equatable {
                var path: [String]
                var width: Int
                /// Of the row's numbers; empty where all begin at 0.
                var starts: [Float]
            }
        }

        /// - Throws: `FeedbackError` where metadata are there and cannot be used.
        init(file: String) throws {
            self.file = file
            let path = URL(fileURLWithPath: file).deletingLastPathComponent().appendingPathComponent("metadata.json")
                .path
            guard let data = FileManager.default.contents(atPath: path) else {
                (metadata, spaces) = (nil, (nil, nil))
                return
            }
            guard let metadata = try? JSONSerialization.jsonObject(with: data) as? [String: Any] else {
                throw FeedbackError("\(path) is no JSON object; take the one that Minari wrote")
            }
            if let format = metadata["data_format"] as? String, format != "hdf5" {
                throw FeedbackError("\(path): the data are kept as '\(format)'; have Minari write them as 'hdf5'")
            }
            self.metadata = metadata
            spaces = (GymnasiumSpace(metadata["observation_space"]), GymnasiumSpace(metadata["action_space"]))
        }

        func read() throws -> TransitionDataset {
            try HDF5Node.reading(file) { file in
                let episodes = try episodeNames(file)
                let (observations, actions) = try file.child(episodes[0]) {
                    (try layout($0, "observations", spaces.observations), try layout($0, "actions", spaces.actions))
                }
                guard observations.width > 0, actions.width > 0 else {
                    throw FeedbackError("\(file.name)/\(episodes[0]): observations or actions have no numbers")
                }
                var columns = Columns(signals: try signalNames(file, episodes))
                for name in episodes {
                    try file.child(name) {
                        try append($0, observations, actions, isLast: name == episodes.last, to: &columns)
                    }
                }
                try check("total_steps", columns.rewards.count, "steps")
                return columns.dataset(
                    observationWidth: observations.width, actionWidth: actions.width,
                    source: (metadata?["description"] ?? metadata?["dataset_id"]) as? String ?? "")
            }
        }

        // MARK: What there is

        /// `episode_0` and so on, in that order.
        private func episodeNames(_ file: HDF5Node) throws -> [String] {
            let present = Set(try file.names().filter { $0.hasPrefix("episode_") })
            guard !present.isEmpty else {
                throw FeedbackError(
                    "\(file.name) has no episodes; Minari keeps them in groups episode_0, episode_1, ...")
            }
            let names = (0..<present.count).map { "episode_\($0)" }
            if let missing = names.first(where: { !present.contains($0) }) {
                throw FeedbackError("\(file.name)/\(missing) is missing, and there are \(present.count) episodes")
            }
            try check("total_episodes", names.count, "episodes")
            return names
        }

        private func check(_ key: String, _ count: Int, _ what: String) throws {
            guard let claimed = metadata?[key] as? Int, claimed != count else { return }
            throw FeedbackError("\(file) has \(count) \(what), metadata.json says \(claimed); one of them is not whole")
        }

        /// The arrays below a group, as `Space` orders them.
        private func layout(_ episode: HDF5Node, _ name: String, _ space: GymnasiumSpace?) throws -> Layout {
            func leaves(_ node: HDF5Node, _ path: [String], _ space: GymnasiumSpace?) throws -> [Layout.Leaf] {
                guard node.isGroup else {
                    if space?.isImage ?? false, metadata?["jpeg_encoding"] as? Bool ?? true {
                        throw FeedbackError(
                            "\(node.name) holds compressed pictures; have Minari write them with jpeg_encoding=False")
                    }
                    let shape = try node.shape()
                    guard node.isNumeric, !shape.isEmpty else {
                        throw FeedbackError("\(node.name) is no array of numbers, a row a step")
                    }
                    let starts = space?.starts ?? []
                    return [
                        Layout.Leaf(
                            path: path, width: shape.dropFirst().reduce(1, *),
                            starts: starts.allSatisfy { $0 == 0 } ? [] : starts)
                    ]
                }
                // Parts of a tuple by place, of a dictionary by key.
                let names = try node.names().sorted {
                    guard let first = GymnasiumSpace.index($0), let second = GymnasiumSpace.index($1) else {
                        return $0 < $1
                    }
                    return first < second
                }
                return try names.flatMap { name in
                    try node.child(name) { try leaves($0, path + [name], space?.part(name)) }
                }
            }
            return try episode.child(name) { Layout(leaves: try leaves($0, [name], space)) }
        }

        /// Infos that are one number at every observation of every episode: those that Telos wrote, else all.
        private func signalNames(_ file: HDF5Node, _ episodes: [String]) throws -> [String] {
            if let written = metadata?[MinariWriter.signalsKey] as? [String] { return written }
            var names: [String]?
            for episode in episodes {
                let found = try file.child(episode) { episode -> Set<String> in
                    guard episode.has("infos") else { return [] }
                    let rows = try episode.child("rewards") { try $0.shape().first ?? 0 }
                    return try episode.child("infos") { infos in
                        Set(
                            try infos.names().filter { name in
                                try infos.child(name) {
                                    try !name.contains(where: \.isWhitespace) && $0.isNumeric
                                        && $0.shape() == [rows + 1]
                                        && $0.values().allSatisfy(\.isFinite)
                                }
                            })
                    }
                }
                names = (names ?? found.sorted()).filter(found.contains)
            }
            return names ?? []
        }

        // MARK: Rows

        private struct Columns {
            let signals: [String]
            var observations: [Float] = []
            var actions: [Float] = []
            var rewards: [Float] = []
            var nextObservations: [Float] = []
            var ends: [Float] = []
            var signalRows: [Float] = []
            var nextSignalRows: [Float] = []

            init(signals: [String]) { self.signals = signals }

            func dataset(observationWidth: Int, actionWidth: Int, source: String) -> TransitionDataset {
                var dataset = TransitionDataset(
                    observationWidth: observationWidth, actionWidth: actionWidth, signalNames: signals, source: source)
                for (name, values) in [
                    (TransitionDataset.Name.observations, observations), (.actions, actions), (.rewards, rewards),
                    (.nextObservations, nextObservations), (.ends, ends), (.signals, signalRows),
                    (.nextSignals, nextSignalRows),
                ] {
                    dataset.columns[name] = DatasetColumn(width: dataset.width(of: name), values: values)
                }
                return dataset
            }
        }

        private func append(
            _ episode: HDF5Node, _ observations: Layout, _ actions: Layout, isLast: Bool, to columns: inout Columns
        ) throws {
            let rewards = try episode.child("rewards") { node in
                let shape = try node.shape()
                guard shape.first ?? 0 > 0, shape.reduce(1, *) == shape.first else {
                    throw FeedbackError(
                        "\(node.name) has the shape \(shape), not one number for each of 1 or more steps")
                }
                return try finite(node)
            }
            let steps = rewards.count
            if let claimed = episode.integer("total_steps"), claimed != steps {
                throw FeedbackError("\(episode.name) has \(steps) rewards, its total_steps are \(claimed)")
            }
            let seen = try rows(episode, observations, count: steps + 1, "one before each of \(steps) steps, one after")
            let done = try rows(episode, actions, count: steps, "one for each of \(steps) rewards")
            let infos = Layout(
                leaves: columns.signals.map { Layout.Leaf(path: ["infos", $0], width: 1, starts: []) })
            let signals = try rows(episode, infos, count: steps + 1, "one at each observation")
            columns.rewards += rewards
            columns.observations += seen.dropLast(observations.width)
            columns.nextObservations += seen.dropFirst(observations.width)
            columns.actions += done
            columns.signalRows += signals.dropLast(infos.width)
            columns.nextSignalRows += signals.dropFirst(infos.width)
            columns.ends += try ends(episode, count: steps, isLast: isLast).map { Float($0.rawValue) }
        }

        private func ends(_ episode: HDF5Node, count: Int, isLast: Bool) throws -> [EpisodeEnd] {
            func flags(_ name: String) throws -> [Bool] {
                try episode.child(name) { node in
                    guard try node.shape().first == count, try node.shape().reduce(1, *) == count else {
                        throw FeedbackError(
                            "\(node.name) has the shape \(try node.shape()), not one value for each of \(count) rewards"
                        )
                    }
                    let values = try node.values()
                    guard values.allSatisfy({ $0 == 0 || $0 == 1 }) else {
                        throw FeedbackError("\(node.name) is neither true nor false somewhere")
                    }
                    if let early = values.dropLast().firstIndex(of: 1) {
                        throw FeedbackError(
                            "\(node.name) is true at step \(early) of \(count); what follows an end is another episode")
                    }
                    return values.map { $0 == 1 }
                }
            }
            var ends = Array(repeating: EpisodeEnd.ongoing, count: count)
            let (terminated, truncated) = (try flags("terminations"), try flags("truncations"))
            // An episode that just stops was left off, unless it is the last, which may go on.
            ends[count - 1] =
                terminated[count - 1] ? .terminated : truncated[count - 1] || !isLast ? .truncated : .ongoing
            return ends
        }

        /// Flat rows of several arrays.
        private func rows(_ episode: HDF5Node, _ layout: Layout, count: Int, _ expected: String) throws -> [Float] {
            let width = layout.width
            var result = [Float](repeating: 0, count: count * width)
            var column = 0
            for leaf in layout.leaves {
                func read(_ node: HDF5Node, _ path: ArraySlice<String>) throws {
                    if let name = path.first { return try node.child(name) { try read($0, path.dropFirst()) } }
                    guard !node.isGroup else { throw FeedbackError("\(node.name) is a group, not an array") }
                    let shape = try node.shape()
                    guard shape.first == count else {
                        throw FeedbackError("\(node.name) has \(shape.first ?? 0) rows, not \(count): \(expected)")
                    }
                    guard shape.dropFirst().reduce(1, *) == leaf.width else {
                        throw FeedbackError(
                            "\(node.name) has \(shape.dropFirst().reduce(1, *)) numbers a row, in the first episode "
                                + "\(leaf.width)")
                    }
                    let values = try finite(node)
                    for row in 0..<count {
                        for index in 0..<leaf.width {
                            result[row * width + column + index] =
                                values[row * leaf.width + index]
                                - (leaf.starts.isEmpty ? 0 : leaf.starts[index % leaf.starts.count])
                        }
                    }
                }
                try read(episode, leaf.path[...])
                column += leaf.width
            }
            return result
        }

        private func finite(_ node: HDF5Node) throws -> [Float] {
            let values = try node.values()
            if let place = values.firstIndex(where: { !$0.isFinite }) {
                let width = max(1, try node.shape().dropFirst().reduce(1, *))
                throw FeedbackError("\(node.name), row \(place / width): a number is not finite as float32")
            }
            return values
        }
    }
#endif
