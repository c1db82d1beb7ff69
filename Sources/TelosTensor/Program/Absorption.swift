extension Plan {
    /// Lets kernels do an element-wise operation beside their own work: a product adds a bias to each row, a sum
    /// squares what it adds. The roundings stay those of the operations one by one.
    mutating func absorb() {
        var users: [[Int]] = Array(repeating: [], count: nodes.count)
        for index in nodes.indices {
            for input in inputsOf[index] { users[input].append(index) }
        }
        let kept = Set(outputs + updates.map(\.value))
        func hasOneUser(_ index: Int) -> Bool { users[index].count == 1 && !kept.contains(index) }
        for index in nodes.indices {
            switch nodes[index].operation {
            case .elementwise(.add):
                for slot in 0...1 {
                    let (product, bias) = (inputsOf[index][slot], inputsOf[index][1 - slot])
                    guard hasOneUser(product), nodes[product].shape == nodes[index].shape else { continue }
                    guard case .matmul = nodes[product].operation, inputsOf[product].count == 2,
                        let source = rowOfColumns(bias, of: product)
                    else { continue }
                    inputsOf[product].append(source)
                    inputsOf[index] = [product]
                    absorbed[index] = product
                    held[product] = index
                    break
                }
            case .sum:
                var square = inputsOf[index][0]
                while nodes[square].operation == .reshape, hasOneUser(square) { square = inputsOf[square][0] }
                guard nodes[square].operation == .elementwise(.multiply), hasOneUser(square) else { continue }
                let value = inputsOf[square][0]
                guard inputsOf[square][1] == value, barriers(value).isEmpty, nodes[root(value)].operation != .broadcast
                else { continue }
                squaredSums.insert(index)
                inputsOf[index] = [value]
                absorbed[square] = index
                held[index] = square
            default: break
            }
        }
    }

    /// The parameter or input with one value a column of `product` that `index` repeats over its rows.
    private func rowOfColumns(_ index: Int, of product: Int) -> Int? {
        let columns = nodes[product].shape.last!
        let (source, pattern) = reading(index)
        guard barriers(index).isEmpty, nodes[source].count == columns else { return nil }
        switch nodes[source].operation {
        case .placeholder, .variable, .constant: break
        default: return nil
        }
        let isRow = pattern.inner == columns && pattern == .row(inner: columns)
        return isRow || columns == 1 || nodes[product].count == columns ? source : nil
    }
}
