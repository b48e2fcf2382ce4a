import Logging

/// A file whose damage goes to the log, a line for every read that it spoils.
final class LoggedFile: ReadableFile {
    private let extents: FileExtents
    private let logger: Logger

    init(_ extents: FileExtents, _ logger: Logger) {
        self.extents = extents
        self.logger = logger
    }

    func read(
        into buffer: UnsafeMutableRawBufferPointer,
        at offset: Int
    ) throws(FileSystemError) -> Int {
        do {
            return try extents.read(into: buffer, at: offset)
        } catch {
            logger.error("\(error.message)")
            throw error
        }
    }
}
