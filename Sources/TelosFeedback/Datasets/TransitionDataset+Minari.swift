import Foundation
import TelosEnvironments

/// Minari's datasets, in which offline reinforcement learning in Python is shared: a folder with `data/main_data.hdf5`, a
/// group an episode, and `data/metadata.json`.
///
/// (Younis and others, *Minari*, Farama Foundation, 2024; versions 0.4 and 0.5.)
extension TransitionDataset {
    /// Writes a folder that `minari.load_dataset` finds by its name, and `minari.MinariDataset("FOLDER/data")` anywhere.
    ///
    /// Observations are kept once, those after a step being those before the next; signals are kept as infos. Read back,
    /// the dataset is the same, and equal datasets give equal bytes.
    /// - Parameters:
    ///   - folder: a new one, whose name is Minari's identifier, such as `pendulum-sac-v0`.
    ///   - observation, action: what the flat rows encode.
    /// - Throws: `FeedbackError` where the folder exists or has another name, the spaces are of other widths or tokens, a row
    ///   does not begin where the one before it ended, or the build lacks HDF5.
    public func writeMinari(to folder: String, observation: Space, action: Space) throws {
        #if HDF5
            try MinariWriter(dataset: self, observation: observation, action: action).write(to: folder)
        #else
            throw FeedbackError("\(folder) cannot be written: \(Self.withoutHDF5)")
        #endif
    }

    /// Whether Minari wrote what is there: a folder, or an HDF5 file.
    static func isMinari(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return false }
        if isFolder.boolValue { return true }
        guard let file = FileHandle(forReadingAtPath: path) else { return false }
        defer { try? file.close() }
        return (try? file.read(upToCount: 8)) == Data([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A])
    }

    /// A dataset that Minari wrote, in memory: its folder, the folder `data` in that, or the file in that.
    ///
    /// Actions and observations are flattened as `Space` flattens them, choices begin at 0, and all numbers are rounded to
    /// float32. Infos that are one finite number at every observation become signals.
    /// - Throws: `FeedbackError` that names the file, the array and what is wrong there.
    init(minari path: String) throws {
        var isFolder: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        let name = "main_data.hdf5"
        let places = isFolder.boolValue ? ["\(path)/data/\(name)", "\(path)/\(name)"] : [path]
        guard let file = places.first(where: FileManager.default.fileExists(atPath:)) else {
            throw FeedbackError(
                "\(path) is no dataset of Minari's: there is no \(name) in it, and none in its folder data")
        }
        #if HDF5
            self = try MinariReader(file: file).read()
        #else
            throw FeedbackError("\(file) cannot be read: \(Self.withoutHDF5)")
        #endif
    }

    #if !HDF5
        private static let withoutHDF5 =
            "this Telos was built without HDF5. Install it (apt-get install libhdf5-dev, or brew install hdf5) and build with "
            + "'swift build -c release --traits HDF5'"
    #endif
}
