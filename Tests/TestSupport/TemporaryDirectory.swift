public import Foundation
import Synchronization

/// A directory of its own for one test, removed with everything in it when the value goes away, at the
/// latest when the process ends.
public final class TemporaryDirectory: Sendable {
    /// Where the directory is.
    public let url: URL

    /// The path of the directory.
    public var path: String { url.path }

    /// Those that are there.
    private static let present = Mutex<Set<URL>>([])

    /// What a static value holds never goes away by itself, so the end of the process takes it; evaluated
    /// once.
    private static let removesWhatIsLeft: Void = {
        atexit { TemporaryDirectory.present.withLock { $0 }.forEach(TemporaryDirectory.remove) }
    }()

    /// A server whose mount has ended may still be closing and deleting its files, which fails a removal that
    /// meets them; after two seconds the directory stays, in the temporary one.
    private static func remove(_ url: URL) {
        for _ in 0..<100 {
            try? FileManager.default.removeItem(at: url)
            guard FileManager.default.fileExists(atPath: url.path) else { return }
            Thread.sleep(forTimeInterval: 0.02)
        }
    }

    /// Creates an empty directory below the system's temporary directory.
    public init() throws {
        Self.removesWhatIsLeft
        url = FileManager.default.temporaryDirectory
            .appendingPathComponent("dlv-test-\(UUID().uuidString)", isDirectory: true)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        _ = Self.present.withLock { [url] in $0.insert(url) }
    }

    deinit {
        Self.remove(url)
        _ = Self.present.withLock { [url] in $0.remove(url) }
    }

    /// The path of `name` inside the directory.
    public func path(_ name: String) -> String {
        url.appendingPathComponent(name).path
    }

    /// Writes `bytes` to `name`, making the folders on the way, and gives the path.
    @discardableResult
    public func write(_ bytes: [UInt8], to name: String) throws -> String {
        let file = url.appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try Data(bytes).write(to: file)
        return file.path
    }
}
