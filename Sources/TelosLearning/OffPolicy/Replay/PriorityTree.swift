import CTelosKernels

/// Priorities p_i^a with their sums in a binary tree: setting one and finding the one at a given mass take log n.
///
/// Schaul, Quan, Antonoglou and Silver, *Prioritized experience replay*, 2016.
struct PriorityTree: Codable {
    private let leaves: Int
    private let exponent: Double
    /// Node 1 is the root, node i has children 2i and 2i + 1, leaf k is node `leaves` + k.
    private var sums: [Double]
    /// The largest priority yet, which new transitions get.
    private var largest = 1.0

    init(capacity: Int, exponent: Double) {
        var leaves = 1
        while leaves < capacity { leaves *= 2 }
        self.leaves = leaves
        self.exponent = exponent
        sums = Array(repeating: 0, count: 2 * leaves)
    }

    var total: Double { sums[1] }

    mutating func setToLargest(_ index: Int) { write(index, largest) }

    /// p_i = |error_i| + 1e-6.
    mutating func set(_ index: Int, error: Double) {
        let priority = telos_pow64(error + 1e-6, exponent)
        largest = max(largest, priority)
        write(index, priority)
    }

    private mutating func write(_ index: Int, _ priority: Double) {
        var node = leaves + index
        sums[node] = priority
        while node > 1 {
            node /= 2
            sums[node] = sums[2 * node] + sums[2 * node + 1]
        }
    }

    /// The leaf in which the running sum of priorities passes `mass`.
    func index(at mass: Double) -> Int {
        var mass = mass
        var node = 1
        while node < leaves {
            node *= 2
            if mass >= sums[node], sums[node + 1] > 0 {
                mass -= sums[node]
                node += 1
            }
        }
        return node - leaves
    }

    /// (count P(i))^-exponent.
    func weight(of index: Int, count: Int, exponent: Double) -> Float {
        let probability = max(sums[leaves + index], 1e-300) / total
        return Float(telos_pow64(Double(count) * probability, -exponent))
    }
}
