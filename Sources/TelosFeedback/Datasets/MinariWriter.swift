#if HDF5
    import Foundation
    import TelosEnvironments

    /// Writes a dataset's folder: all of it, or nothing.
    struct MinariWriter {
        let dataset: TransitionDataset
        let observation: Space
        let action: Space

        /// In the metadata: names of the infos that are signals, in order.
        static let signalsKey = "telos_signals"
        /// The oldest whose readers know everything that is written.
        private static let version = "0.5.0"

        func write(to folder: String) throws {
            let target = URL(fileURLWithPath: folder)
            let name = target.lastPathComponent
            guard name.wholeMatch(of: #/[-_A-Za-z0-9]+-v[0-9]+/#) != nil else {
                throw FeedbackError("'\(name)' is no name of a Minari dataset; write one such as pendulum-sac-v0")
            }
            guard !FileManager.default.fileExists(atPath: target.path) else {
                throw FeedbackError("\(folder) exists; write another version, or remove it first")
            }
            guard observation.width == dataset.observationWidth, action.width == dataset.actionWidth else {
                throw FeedbackError(
                    "observations of \(dataset.observationWidth) and actions of \(dataset.actionWidth) numbers are none of "
                        + "spaces of \(observation.width) and \(action.width)")
            }
            guard !dataset.isEmpty else { throw FeedbackError("there are no steps to write to \(folder)") }
            try checkContinuity()
            // A folder beside it becomes it when all is there.
            let draft = target.deletingLastPathComponent().appendingPathComponent(".\(name)-\(UUID())")
            defer { try? FileManager.default.removeItem(at: draft) }
            let data = draft.appendingPathComponent("data")
            do {
                try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
                let file = data.appendingPathComponent("main_data.hdf5").path
                try writeEpisodes(to: file)
                let size = try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int ?? 0
                try metadata(named: name, bytes: size).write(to: data.appendingPathComponent("metadata.json"))
                try FileManager.default.moveItem(at: draft, to: target)
            } catch let error as FeedbackError {
                throw error
            } catch {
                throw FeedbackError("\(folder) cannot be written: \(error.localizedDescription)")
            }
        }

        /// Minari keeps what is between two steps once.
        private func checkContinuity() throws {
            for (now, next) in [
                (TransitionDataset.Name.observations, TransitionDataset.Name.nextObservations),
                (.signals, .nextSignals),
            ] {
                let width = dataset.width(of: now)
                try dataset.columns[now]!.withValues { before in
                    try dataset.columns[next]!.withValues { after in
                        for episode in dataset.episodes {
                            for row in episode.dropLast() {
                                for index in 0..<width
                                where after[row * width + index].bitPattern
                                    != before[(row + 1) * width + index].bitPattern
                                {
                                    throw FeedbackError(
                                        "step \(row + 1) of the dataset does not begin with the \(now.rawValue) that step "
                                            + "\(row) ended with, as steps of a Minari episode do; write a safetensors file"
                                    )
                                }
                            }
                        }
                    }
                }
            }
        }

        private func writeEpisodes(to path: String) throws {
            let (observations, actions) = (try observation.minariLeaves(), try action.minariLeaves())
            try HDF5Node.creating(path) { file in
                for (number, rows) in dataset.episodes.enumerated() {
                    try file.createGroup("episode_\(number)") { episode in
                        try episode.setInteger("id", number)
                        try episode.setInteger("total_steps", rows.count)
                        try write(
                            states(.observations, .nextObservations, rows), observations, named: "observations",
                            rows.count + 1, to: episode)
                        try write(
                            values(.actions, rows), actions, named: "actions", rows.count, to: episode)
                        try episode.createArray(
                            "rewards", values(.rewards, rows), shape: [rows.count], as: .float64)
                        let ends = values(.ends, rows)
                        for (name, end) in [("terminations", EpisodeEnd.terminated), ("truncations", .truncated)] {
                            try episode.createArray(
                                name, ends.map { $0 == Float(end.rawValue) ? 1 : 0 }, shape: [rows.count], as: .boolean)
                        }
                        try episode.createGroup("infos") { infos in
                            let signals = dataset.signalNames
                            let all = states(.signals, .nextSignals, rows)
                            for (index, name) in signals.enumerated() {
                                try infos.createArray(
                                    name, stride(from: index, to: all.count, by: signals.count).map { all[$0] },
                                    shape: [rows.count + 1], as: .float32)
                            }
                        }
                    }
                }
            }
        }

        private func values(_ name: TransitionDataset.Name, _ rows: Range<Int>) -> [Float] {
            let width = dataset.width(of: name)
            return dataset.columns[name]!.withValues {
                Array($0[(rows.lowerBound * width)..<(rows.upperBound * width)])
            }
        }

        /// What was before each step, and what was after the last.
        private func states(
            _ before: TransitionDataset.Name, _ after: TransitionDataset.Name, _ rows: Range<Int>
        ) -> [Float] {
            values(before, rows) + values(after, (rows.upperBound - 1)..<rows.upperBound)
        }

        /// Columns of flat rows as the arrays of a space.
        private func write(
            _ values: [Float], _ leaves: [SpaceLeaf], named name: String, _ rows: Int, to episode: HDF5Node
        ) throws {
            let width = values.count / rows
            var column = 0
            var arrays: [(path: [String], values: [Float], leaf: SpaceLeaf)] = []
            for leaf in leaves {
                let part = (0..<rows).flatMap { row in
                    values[(row * width + column)..<(row * width + column + leaf.width)]
                }
                if leaf.element != .float32, let odd = part.first(where: { $0.rounded() != $0 }) {
                    throw FeedbackError("\(name) of the dataset have \(odd) where the space has whole numbers")
                }
                arrays.append(([name] + leaf.path, part, leaf))
                column += leaf.width
            }
            func write(
                _ arrays: ArraySlice<(path: [String], values: [Float], leaf: SpaceLeaf)>, _ depth: Int, _ node: HDF5Node
            )
                throws
            {
                var rest = arrays
                while let first = rest.first {
                    let name = first.path[depth]
                    let same = rest.prefix { $0.path[depth] == name }
                    rest = rest.dropFirst(same.count)
                    if first.path.count == depth + 1 {
                        try node.createArray(
                            name, first.values, shape: [rows] + first.leaf.shape, as: first.leaf.element)
                    } else {
                        try node.createGroup(name) { try write(same, depth + 1, $0) }
                    }
                }
            }
            try write(arrays[...], 0, episode)
        }

        private func metadata(named name: String, bytes: Int) throws -> Data {
            var fields: [String: Any] = [
                "dataset_id": name, "data_format": "hdf5", "minari_version": Self.version, "jpeg_encoding": false,
                "total_episodes": dataset.episodes.count, "total_steps": dataset.count,
                "observation_space": try observation.minariText(), "action_space": try action.minariText(),
                "description": dataset.source, "dataset_size": (Double(bytes) / 1e5).rounded() / 10,
            ]
            fields[Self.signalsKey] = dataset.signalNames
            return try JSONSerialization.data(withJSONObject: fields, options: [.sortedKeys, .prettyPrinted])
        }
    }
#endif
