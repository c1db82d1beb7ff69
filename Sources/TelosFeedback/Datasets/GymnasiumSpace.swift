#if HDF5
    import Foundation
    import TelosEnvironments

    /// A part of a space that is one array a step, as Minari keeps it.
    struct SpaceLeaf {
        /// Groups and the array's name, from the space's own name on; empty for a space that is one array.
        var path: [String]
        /// Of one step.
        var shape: [Int]
        var element: HDF5Node.Element

        var width: Int { shape.reduce(1, *) }
    }

    extension Space {
        /// The arrays of the space in the order of its flat encoding: tuples as groups of `_index_0`, `_index_1` and so on,
        /// dictionaries as groups of their keys.
        /// - Throws: `FeedbackError` for tokens, and for keys that are no names in a file.
        func minariLeaves() throws -> [SpaceLeaf] {
            func nested(_ name: String, _ space: Space) throws -> [SpaceLeaf] {
                guard !name.isEmpty, name != ".", !name.contains("/") else {
                    throw FeedbackError("'\(name)' is no name in an HDF5 file; write a key without '/'")
                }
                return try space.minariLeaves().map {
                    var leaf = $0
                    leaf.path.insert(name, at: 0)
                    return leaf
                }
            }
            switch self {
            case .box(_, _, let shape): return [SpaceLeaf(path: [], shape: shape, element: .float32)]
            case .discrete: return [SpaceLeaf(path: [], shape: [], element: .int64)]
            case .multiDiscrete(let counts): return [SpaceLeaf(path: [], shape: [counts.count], element: .int64)]
            case .binary(let count): return [SpaceLeaf(path: [], shape: [count], element: .int8)]
            case .tuple(let spaces):
                return try spaces.enumerated().flatMap { try nested("_index_\($0.offset)", $0.element) }
            case .dictionary(let spaces):
                return try spaces.keys.sorted().flatMap { try nested($0, spaces[$0]!) }
            case .tokens: throw FeedbackError("Minari keeps texts, not tokens; write a safetensors file")
            }
        }

        /// As Minari writes a Gymnasium space: a JSON object in which infinities are `Infinity`.
        func minariText() throws -> String {
            func list(_ items: [String]) -> String { "[\(items.joined(separator: ", "))]" }
            func number(_ value: Float) -> String {
                value.isInfinite ? (value < 0 ? "-Infinity" : "Infinity") : "\(value)"
            }
            func nested(_ values: ArraySlice<String>, _ shape: ArraySlice<Int>) -> String {
                guard let rows = shape.first else { return values.first ?? "" }
                let width = shape.dropFirst().reduce(1, *)
                return list(
                    (0..<rows).map {
                        nested(values.dropFirst($0 * width).prefix(width), shape.dropFirst())
                    })
            }
            switch self {
            case .box(let low, let high, let shape):
                let bounds = [low, high].map { nested($0.map(number)[...], shape[...]) }
                return #"{"type": "Box", "dtype": "float32", "shape": \#(shape), "low": \#(bounds[0]), "#
                    + #""high": \#(bounds[1])}"#
            case .discrete(let count):
                return #"{"type": "Discrete", "dtype": "int64", "start": 0, "n": \#(count)}"#
            case .multiDiscrete(let counts):
                return #"{"type": "MultiDiscrete", "dtype": "int64", "nvec": \#(counts), "#
                    + #""start": \#(counts.map { _ in 0 })}"#
            case .binary(let count): return #"{"type": "MultiBinary", "n": \#(count)}"#
            case .tuple(let spaces):
                return #"{"type": "Tuple", "subspaces": \#(list(try spaces.map { try $0.minariText() }))}"#
            case .dictionary(let spaces):
                let parts = try spaces.keys.sorted().map { key in
                    let name = String(decoding: try JSONEncoder().encode(key), as: UTF8.self)
                    return "\(name): \(try spaces[key]!.minariText())"
                }
                return #"{"type": "Dict", "subspaces": {\#(parts.joined(separator: ", "))}}"#
            case .tokens: throw FeedbackError("Minari keeps texts, not tokens; write a safetensors file")
            }
        }
    }

    /// What a dataset's metadata say of a space, where they say anything.
    struct GymnasiumSpace {
        private let fields: [String: Any]

        /// - Parameter text: as `Space.minariText()`; Python's infinities are read as large numbers.
        init?(_ text: Any?) {
            guard let text = text as? String else { return nil }
            let finite = text.replacing("-Infinity", with: "-1e300").replacing("Infinity", with: "1e300")
                .replacing("NaN", with: "0")
            guard
                let fields = try? JSONSerialization.jsonObject(with: Data(finite.utf8)) as? [String: Any]
            else { return nil }
            self.fields = fields
        }

        private init(_ fields: [String: Any]) { self.fields = fields }

        /// A part of a tuple or dictionary by its name in the file.
        func part(_ name: String) -> GymnasiumSpace? {
            if let parts = fields["subspaces"] as? [String: Any] {
                return (parts[name] as? [String: Any]).map(GymnasiumSpace.init)
            }
            guard let parts = fields["subspaces"] as? [[String: Any]], let index = Self.index(name),
                parts.indices.contains(index)
            else { return nil }
            return GymnasiumSpace(parts[index])
        }

        /// The place of a tuple's part that is called so in a file.
        static func index(_ name: String) -> Int? {
            name.hasPrefix("_index_") ? Int(name.dropFirst("_index_".count)) : nil
        }

        /// The least of each choice, which is 0 in Telos; empty for what is no choice.
        var starts: [Float] {
            if let one = fields["start"] as? NSNumber { return [one.floatValue] }
            return (fields["start"] as? [NSNumber])?.map(\.floatValue) ?? []
        }

        /// Whether Minari may have kept it as compressed pictures: bytes of at least 32 x 32.
        var isImage: Bool {
            guard fields["dtype"] as? String == "uint8", let shape = fields["shape"] as? [Int] else { return false }
            return [2, 3].contains(shape.count) && shape[0] >= 32 && shape[1] >= 32
        }
    }
#endif
