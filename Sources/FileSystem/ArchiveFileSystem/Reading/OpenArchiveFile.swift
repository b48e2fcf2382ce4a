import Logging
import ParameterStore
import Synchronization

/// A file that somebody has open: knows how it is read, and has decoded ahead what comes next.
///
/// The packs that it needs stay as long as it is open, even if its version is removed meanwhile. Damage
/// goes to the log, a line for every read that it spoils.
final class OpenArchiveFile: ReadableFile {
    private let extents: FileExtents
    private let budget: PrefetchBudget
    private let logger: Logger
    private let readers: Readers
    private let packs: HeldPacks

    /// What prefetches look at before they begin; outlives the file.
    private final class Readers: Sendable {
        /// Nil once the file is closed.
        let streams: Mutex<ReadStreams?>

        init(_ streams: ReadStreams) {
            self.streams = Mutex(streams)
        }
    }

    /// A file of one or two chunks has nothing that is worth reading ahead.
    private static let streamedByteCountMin = 512 << 10

    private var isStreamed: Bool { extents.byteCount >= Self.streamedByteCountMin }

    /// - Throws: ``FileSystemError`` if a part of the file was moved to a place that is not reachable.
    init(
        _ extents: FileExtents,
        windowMax: Int,
        budget: PrefetchBudget,
        logger: Logger
    ) throws(FileSystemError) {
        packs = try extents.hold()
        self.extents = extents
        self.budget = budget
        self.logger = logger
        readers = Readers(ReadStreams(windowMax: windowMax))
    }

    deinit {
        readers.streams.withLock { $0 = nil }
        if isStreamed { budget.release(ObjectIdentifier(self)) }
    }

    func pieces(at offset: Int, byteCount: Int) throws(FileSystemError) -> [ContentPiece] {
        let pieces: [ContentPiece]
        do {
            pieces = try extents.pieces(at: offset, byteCount: byteCount)
        } catch {
            logger.error("\(error.message)")
            throw error
        }
        noteRead(at: offset, byteCount)
        return pieces
    }

    /// Decodes ahead of a sequential reader, and lets go of what is behind it.
    private func noteRead(at offset: Int, _ byteCount: Int) {
        guard isStreamed else { return }
        let (progress, ahead) = readers.streams.withLock { streams in
            (streams?.note(offset: offset, byteCount: byteCount), streams?.aheadByteCount ?? 0)
        }
        guard let progress else { return }
        extents.pass(progress.passed)
        guard let next = progress.next, budget.grant(ahead, to: ObjectIdentifier(self)) else { return }
        extents.prefetch(next) { [readers] part in
            readers.streams.withLock { $0?.isAhead(part) ?? false }
        }
    }
}
