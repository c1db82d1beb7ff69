#if HDF5
    import CHDF5
    import Foundation

    /// A group or an array of an HDF5 file, open while a closure runs.
    ///
    /// The library is not made for several threads: one file is open at a time. What it says went wrong is in the errors.
    struct HDF5Node {
        /// File and path in it, as errors name them.
        let name: String
        private let id: hid_t

        private static let lock = NSLock()

        /// How numbers lie in a file.
        enum Element: Sendable, Hashable { case float32, float64, int8, int64, boolean }

        // MARK: Files

        /// - Throws: `FeedbackError` where the file cannot be opened, and what `body` throws.
        static func reading<Result>(_ path: String, _ body: (HDF5Node) throws -> Result) throws -> Result {
            try opened(path, "cannot be read", telos_hdf5_open, body)
        }

        /// - Throws: `FeedbackError` where the file exists or cannot be created, and what `body` throws.
        static func creating<Result>(_ path: String, _ body: (HDF5Node) throws -> Result) throws -> Result {
            try opened(path, "cannot be written", telos_hdf5_create, body)
        }

        private static func opened<Result>(
            _ path: String, _ failure: String, _ open: (UnsafePointer<CChar>) -> hid_t,
            _ body: (HDF5Node) throws -> Result
        ) throws -> Result {
            try lock.withLock {
                telos_hdf5_silence()
                let id = open(path)
                guard id >= 0 else { throw FeedbackError("\(path) \(failure): \(reason)") }
                let file = HDF5Node(name: path, id: id)
                let result: Result
                do {
                    result = try body(file)
                } catch {
                    H5Fclose(id)
                    throw error
                }
                // What was written reaches the disk here.
                guard H5Fclose(id) >= 0 else { throw file.error(failure) }
                return result
            }
        }

        private static var reason: String {
            let text = withUnsafeBytes(of: telos_hdf5_failure()) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            return text.isEmpty ? "HDF5 does not say why" : text
        }

        private func error(_ failure: String) -> FeedbackError { FeedbackError("\(name) \(failure): \(Self.reason)") }

        /// The identifier that a call gave.
        private func valid(_ id: hid_t, _ failure: String) throws -> hid_t {
            guard id >= 0 else { throw error(failure) }
            return id
        }

        // MARK: Reading

        var isGroup: Bool { H5Iget_type(id) != H5I_DATASET }

        /// Names of what is in the group, ascending.
        func names() throws -> [String] {
            var info = H5G_info_t()
            guard H5Gget_info(id, &info) >= 0 else { throw error("cannot be listed") }
            return try (0..<info.nlinks).map { place in
                func read(_ buffer: UnsafeMutablePointer<CChar>?, _ size: Int) -> Int {
                    H5Lget_name_by_idx(
                        id, ".", H5_INDEX_NAME, H5_ITER_INC, place, buffer, size, telos_hdf5_defaults())
                }
                let length = read(nil, 0)
                guard length > 0 else { throw error("cannot be listed") }
                return String(
                    decoding: [UInt8](unsafeUninitializedCapacity: length + 1) { bytes, count in
                        bytes.withMemoryRebound(to: CChar.self) { count = max(0, read($0.baseAddress, length + 1)) }
                    }, as: UTF8.self)
            }.sorted()
        }

        func has(_ child: String) -> Bool {
            !isGroup ? false : H5Lexists(id, child, telos_hdf5_defaults()) > 0
        }

        /// - Throws: `FeedbackError` where there is no such child, and what `body` throws.
        func child<Result>(_ child: String, _ body: (HDF5Node) throws -> Result) throws -> Result {
            guard has(child) else { throw FeedbackError("\(name)/\(child) is missing") }
            let opened = H5Oopen(id, child, telos_hdf5_defaults())
            guard opened >= 0 else { throw FeedbackError("\(name)/\(child) cannot be read: \(Self.reason)") }
            defer { H5Oclose(opened) }
            return try body(HDF5Node(name: "\(name)/\(child)", id: opened))
        }

        /// Rows, columns and so on; one number has none.
        func shape() throws -> [Int] {
            let space = try valid(H5Dget_space(id), "has no shape")
            defer { H5Sclose(space) }
            let rank = Int(H5Sget_simple_extent_ndims(space))
            guard rank >= 0 else { throw error("has no shape") }
            var dimensions = [hsize_t](repeating: 0, count: rank)
            guard rank == 0 || H5Sget_simple_extent_dims(space, &dimensions, nil) >= 0 else {
                throw error("has no shape")
            }
            return dimensions.map { Int($0) }
        }

        /// Whether it is an array of numbers or truth values, not of text.
        var isNumeric: Bool {
            guard !isGroup else { return false }
            let type = H5Dget_type(id)
            guard type >= 0 else { return false }
            defer { H5Tclose(type) }
            return [H5T_INTEGER, H5T_FLOAT, H5T_ENUM].contains(H5Tget_class(type))
        }

        /// All numbers, rounded to float32, the last axis fastest.
        func values() throws -> [Float] {
            guard isNumeric else { throw FeedbackError("\(name) is no array of numbers") }
            let count = try shape().reduce(1, *)
            guard count > 0 else { return [] }
            return try [Float](unsafeUninitializedCapacity: count) { values, written in
                guard
                    H5Dread(
                        id, telos_hdf5_float32(), telos_hdf5_all(), telos_hdf5_all(), telos_hdf5_defaults(),
                        values.baseAddress) >= 0
                else { throw error("cannot be read") }
                written = count
            }
        }

        /// A whole number beside the group; nil where there is none.
        func integer(_ attribute: String) -> Int? {
            guard H5Aexists(id, attribute) > 0 else { return nil }
            let opened = H5Aopen(id, attribute, telos_hdf5_defaults())
            guard opened >= 0 else { return nil }
            defer { H5Aclose(opened) }
            let space = H5Aget_space(opened)
            defer { H5Sclose(space) }
            var value: Int64 = 0
            guard H5Sget_simple_extent_npoints(space) == 1, H5Aread(opened, telos_hdf5_int64(), &value) >= 0 else {
                return nil
            }
            return Int(value)
        }

        // MARK: Writing

        func createGroup(_ child: String, _ body: (HDF5Node) throws -> Void) throws {
            let lists = telos_hdf5_defaults()
            let created = try valid(H5Gcreate2(id, child, lists, lists, lists), "cannot hold a group '\(child)'")
            defer { H5Gclose(created) }
            try body(HDF5Node(name: "\(name)/\(child)", id: created))
        }

        func setInteger(_ attribute: String, _ value: Int) throws {
            let space = try valid(H5Screate(H5S_SCALAR), "cannot be written")
            defer { H5Sclose(space) }
            let lists = telos_hdf5_defaults()
            let created = try valid(
                H5Acreate2(id, attribute, telos_hdf5_stored_int64(), space, lists, lists), "cannot be written")
            defer { H5Aclose(created) }
            var value = Int64(value)
            guard H5Awrite(created, telos_hdf5_int64(), &value) >= 0 else { throw error("cannot be written") }
        }

        /// An array that may grow by rows.
        /// - Parameter values: whole numbers where the element is none of the floats, 0 or 1 where it is a truth value.
        func createArray(_ child: String, _ values: [Float], shape: [Int], as element: Element) throws {
            precondition(!shape.isEmpty && shape.reduce(1, *) == values.count, "\(shape) for \(values.count) numbers")
            let failure = "cannot hold an array '\(child)'"
            let dimensions = shape.map { hsize_t($0) }
            let largest = [telos_hdf5_unlimited()] + dimensions.dropFirst()
            let width = max(1, shape.dropFirst().reduce(1, *))
            let rows = min(max(1, shape[0]), max(1, 16_384 / width))
            let chunk = [hsize_t(rows)] + dimensions.dropFirst().map { max(1, $0) }
            let space = try valid(H5Screate_simple(Int32(shape.count), dimensions, largest), failure)
            defer { H5Sclose(space) }
            let list = try valid(telos_hdf5_chunked(Int32(shape.count), chunk), failure)
            defer { H5Pclose(list) }
            let boolean = try valid(telos_hdf5_boolean(), failure)
            defer { H5Tclose(boolean) }
            let stored =
                switch element {
                case .float32: telos_hdf5_stored_float32()
                case .float64: telos_hdf5_stored_float64()
                case .int8: telos_hdf5_stored_int8()
                case .int64: telos_hdf5_stored_int64()
                case .boolean: boolean
                }
            let lists = telos_hdf5_defaults()
            let created = try valid(H5Dcreate2(id, child, stored, space, lists, list, lists), failure)
            defer { H5Dclose(created) }
            guard !values.isEmpty else { return }
            let all = telos_hdf5_all()
            let status =
                element == .boolean
                ? H5Dwrite(created, boolean, all, all, lists, values.map { Int8($0) })
                : H5Dwrite(created, telos_hdf5_float32(), all, all, lists, values)
            guard status >= 0 else { throw error(failure) }
        }
    }
#endif
