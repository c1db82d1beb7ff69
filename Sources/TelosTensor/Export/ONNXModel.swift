/// An ONNX model (IR version 8, operator set 17) with tensors of float32.
///
/// Field numbers are those of `onnx.proto` (ONNX project, *Open Neural Network Exchange intermediate representation*).
struct ONNXModel {
    static let operatorSet = 17

    enum Attribute {
        case integer(String, Int)
        case integers(String, [Int])
    }

    struct Node {
        var type: String
        var inputs: [String]
        var output: String
        var attributes: [Attribute] = []
    }

    enum Content {
        case floats([Float])
        case integers([Int])
    }

    struct Constant {
        var name: String
        var shape: [Int]
        var content: Content
    }

    struct Port {
        var name: String
        var summary: String
        /// Extents; nil for the batch axis.
        var shape: [Int?]
    }

    var name: String
    var summary: String
    var metadata: [(name: String, text: String)]
    var inputs: [Port]
    var outputs: [Port]
    var constants: [Constant]
    var nodes: [Node]

    var encoded: [UInt8] {
        var model = ProtobufWriter()
        model.write(1, 8)
        model.write(2, "telos")
        model.write(5, 1)
        model.write(6, summary)
        model.write(7) { graph in
            for node in nodes { graph.write(1) { write(node, to: &$0) } }
            graph.write(2, name)
            for constant in constants { graph.write(5) { write(constant, to: &$0) } }
            graph.write(10, summary)
            for port in inputs { graph.write(11) { write(port, to: &$0) } }
            for port in outputs { graph.write(12) { write(port, to: &$0) } }
        }
        model.write(8) { set in
            set.write(1, "")
            set.write(2, Self.operatorSet)
        }
        for entry in metadata {
            model.write(14) { property in
                property.write(1, entry.name)
                property.write(2, entry.text)
            }
        }
        return model.bytes
    }

    private func write(_ node: Node, to message: inout ProtobufWriter) {
        for input in node.inputs { message.write(1, input) }
        message.write(2, node.output)
        message.write(3, node.output)
        message.write(4, node.type)
        for attribute in node.attributes {
            message.write(5) { message in
                switch attribute {
                case .integer(let name, let value):
                    message.write(1, name)
                    message.write(3, value)
                    message.write(20, 2)
                case .integers(let name, let values):
                    message.write(1, name)
                    for value in values { message.write(8, value) }
                    message.write(20, 7)
                }
            }
        }
    }

    private func write(_ constant: Constant, to message: inout ProtobufWriter) {
        for extent in constant.shape { message.write(1, extent) }
        var raw: [UInt8] = []
        switch constant.content {
        case .floats(let values):
            message.write(2, 1)
            for value in values { raw.append(littleEndian: UInt64(value.bitPattern), bytes: 4) }
        case .integers(let values):
            message.write(2, 7)
            for value in values { raw.append(littleEndian: UInt64(bitPattern: Int64(value)), bytes: 8) }
        }
        message.write(8, constant.name)
        message.write(9, raw)
    }

    private func write(_ port: Port, to message: inout ProtobufWriter) {
        message.write(1, port.name)
        message.write(2) { type in
            type.write(1) { tensor in
                tensor.write(1, 1)
                tensor.write(2) { shape in
                    for extent in port.shape {
                        shape.write(1) { dimension in
                            if let extent { dimension.write(1, extent) } else { dimension.write(2, "batch") }
                        }
                    }
                }
            }
        }
        message.write(3, port.summary)
    }
}

extension [UInt8] {
    fileprivate mutating func append(littleEndian value: UInt64, bytes: Int) {
        for shift in 0..<bytes { append(UInt8(truncatingIfNeeded: value >> UInt64(8 * shift))) }
    }
}
