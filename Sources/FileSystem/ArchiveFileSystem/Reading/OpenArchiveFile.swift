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
    private let streams: Mutex<ReadStreams>
    private let isOpen = IsOpen()
    private let packs: HeldPacks

    /// What prefetches look at before they begin; outlives the file.
    private final class IsOpen: Sendable {
        let value = Atomic<Bool>(true)
    }

    /// A file of one or two chunks has nothing that is worth reading ahead.
    private static let streamedByteCountMin = 512 << 10

    private var isStreamed: Bool { extents.byteCount >= Self.streamedByteCountMin }

    init(_ extents: FileExtents, windowMax: Int, budget: PrefetchBudget, logger: Logger) {
        self.extents = extents
        self.budget = budget
        self.logger = logger
        packs = extents.hold()
        streams = Mutex(ReadStreams(windowMax: windowMax))
    }

    deinit {
        isOpen.value.store(false, ordering: .relaxed)
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
        prefetch(afterReading: byteCount, at: offset)
        return pieces
    }

    private func prefetch(afterReading byteCount: Int, at offset: Int) {
        guard isStreamed else { return }
        let (range, ahead) = streams.withLock { streams in
            (streams.note(offset: offset, byteCount: byteCount), streams.aheadByteCount)
        }
        guard let range, budget.grant(ahead, to: ObjectIdentifier(self)) else { return }
        extents.prefetch(range) { [isOpen] in isOpen.value.load(ordering: .relaxed) }
    }
}
