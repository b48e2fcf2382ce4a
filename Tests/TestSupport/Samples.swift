public import Foundation

/// One small file of every format, written by the real libraries, in `Tests/Fixtures/formats`.
public enum Samples {
    /// Where they lie.
    public static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/formats")

    /// Their names.
    public static func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { !$0.hasSuffix(".tsv") }.sorted()
    }

    /// The bytes of one.
    public static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: folder.appending(path: name)))
    }
}
