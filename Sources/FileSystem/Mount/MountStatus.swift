import Archive
import Foundation
import Glibc
import ParameterStore

/// What a server tells of itself.
struct MountStatus: Sendable {
    private let archive: ModelArchive
    private let mountPoint: String
    private let startTime = Date()

    init(archive: ModelArchive, mountPoint: String) {
        self.archive = archive
        self.mountPoint = mountPoint
    }

    /// What only the operations know.
    struct Load {
        let openFileCount: Int
        let runningQueryCount: Int
        let waitingQueryCount: Int
    }

    /// The status as JSON; `dlv status --json` adds to it what it sees from outside.
    func text(_ load: Load) -> String {
        let statistics = archive.store.statistics
        func member(_ name: String, _ value: Int) -> JSONText.Member {
            .init(name, .integer(Int64(value)))
        }
        let start = ISO8601DateFormatter().string(from: startTime)
        return JSONText.object([
            .init("archive", .string(archive.path)),
            .init("mount_point", .string(mountPoint)),
            member("pid", Int(getpid())),
            .init("started", .string(start)),
            member("open_files", load.openFileCount),
            member("read_bytes", statistics.readByteCount),
            member("decoded_bytes", statistics.decodedByteCount),
            member("decoded_chunks", statistics.decodedChunkCount),
            member("cache_bytes", statistics.cachedByteCount),
            member("cache_bytes_max", statistics.cacheByteCountMax),
            member("cache_hits", statistics.hitCount),
            member("cache_misses", statistics.missCount),
            member("waiting_chunks", statistics.waitingChunkCount),
            member("waiting_prefetch_bytes", statistics.waitingPrefetchByteCount),
            member("running_queries", load.runningQueryCount),
            member("waiting_queries", load.waitingQueryCount),
        ]).rendered()
    }
}
