/// The cyclic redundancy check of zip and PNG: polynomial 0xEDB88320, reflected, as ISO 3309 defines it.
public enum CRC32 {
    public static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 { table.checksum(bytes) }

    private static let table = CyclicRedundancyTable(polynomial: 0xEDB8_8320)
}

/// The cyclic redundancy check of iSCSI and TFRecord: Castagnoli's polynomial 0x82F63B78, reflected (RFC 3720, 2004,
/// appendix B.4).
public enum CRC32C {
    public static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 { table.checksum(bytes) }

    private static let table = CyclicRedundancyTable(polynomial: 0x82F6_3B78)
}

/// The remainders of every byte under a reflected polynomial of degree 32.
private struct CyclicRedundancyTable: Sendable {
    let remainders: [UInt32]

    init(polynomial: UInt32) {
        remainders = (0..<256).map { byte in
            (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? polynomial ^ (value >> 1) : value >> 1 }
        }
    }

    func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
        var remainder = ~UInt32(0)
        for byte in bytes {
            remainder = remainders[Int(UInt8(truncatingIfNeeded: remainder) ^ byte)] ^ (remainder >> 8)
        }
        return ~remainder
    }
}
