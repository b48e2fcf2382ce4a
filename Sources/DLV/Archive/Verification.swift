import Catalog
import Crypto
import Foundation
import ParameterStore

/// What a verification found.
public struct VerificationReport: Sendable {
    /// Something that is damaged or missing, and what depends on it.
    public struct Fault: Sendable {
        /// What is wrong, with the pack and the offset.
        public let message: String
        /// The files that cannot be read in full, as `lenet@v3: files/base.safetensors`.
        public let affected: [String]
    }

    /// The contents whose every chunk was decoded.
    public internal(set) var contentCount = 0
    /// The files whose SHA-256 was compared; 0 unless it was a deep verification.
    public internal(set) var fileCount = 0
    /// What is wrong.
    public internal(set) var faults: [Fault] = []
    /// The directories of low-order planes that are not reachable, and how many contents need them.
    public internal(set) var missingPlanes: [(directory: String, contentCount: Int)] = []
}

extension ModelArchive {
    /// Checks everything that is stored.
    ///
    /// - Parameters:
    ///   - isDeep: Whether every committed file is restored and its SHA-256 compared too.
    ///   - progress: Is called with the number of things checked and of all.
    /// - Returns: What was checked and what is wrong; damage is no thrown error.
    public func verify(
        isDeep: Bool,
        progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> VerificationReport {
        var report = VerificationReport()
        let total = try catalog.contentTotals().count
        var damaged: [ContentID: String] = [:]
        var missing: Set<ContentID> = []
        var last: ContentID?
        while true {
            let page = try catalog.contentIDs(after: last, limit: 1000)
            guard let end = page.last else { break }
            for id in page {
                progress(report.contentCount, total)
                do {
                    try store.verify(id)
                } catch where error.code == .missingLowPlanes {
                    missing.insert(id)
                } catch {
                    damaged[id] = "\(error)"
                }
                report.contentCount += 1
            }
            last = end
        }
        report.faults = try faults(damaged)
        report.missingPlanes = try missingPlanes(missing)
        let unreadable = missing.union(damaged.keys)
        if isDeep { try verifyFiles(into: &report, damaged: unreadable, progress) }
        return report
    }

    /// Where the planes are that contents lack; they were moved nowhere if somebody deleted them.
    private func missingPlanes(
        _ contents: Set<ContentID>
    ) throws -> [(directory: String, contentCount: Int)] {
        guard !contents.isEmpty else { return [] }
        let lost = try catalog.lowPlanesDirectories().map(\.directory).filter {
            !FileManager.default.fileExists(atPath: $0)
        }
        return [(lost.isEmpty ? packsPath : lost.joined(separator: "', '"), contents.count)]
    }

    private func faults(_ damaged: [ContentID: String]) throws -> [VerificationReport.Fault] {
        guard !damaged.isEmpty else { return [] }
        var affected: [ContentID: [String]] = [:]
        for version in try catalog.versions() {
            for file in try catalog.files(of: version.id) {
                for content in Set(try catalog.spans(of: file.id).map(\.content))
                where damaged[content] != nil {
                    let name = String(decoding: file.path, as: UTF8.self)
                    affected[content, default: []].append("\(version.reference): files/\(name)")
                }
            }
        }
        return damaged.sorted { $0.key.rawValue < $1.key.rawValue }.map { content, message in
            VerificationReport.Fault(message: message, affected: affected[content] ?? [])
        }
    }

    private func verifyFiles(
        into report: inout VerificationReport,
        damaged: Set<ContentID>,
        _ progress: (Int, Int) -> Void
    ) throws {
        let versions = try catalog.versions()
        for (index, version) in versions.enumerated() {
            progress(index, versions.count)
            for file in try catalog.files(of: version.id) where file.linkTarget == nil {
                let contents = Set(try catalog.spans(of: file.id).map(\.content))
                // What is known to be damaged is told of once.
                guard contents.isDisjoint(with: damaged) else { continue }
                var hash = SHA256()
                let stored = try StoredFile(file, in: self)
                let name = "\(version.reference): files/\(String(decoding: file.path, as: UTF8.self))"
                do {
                    try stored.forEachPiece { hash.update(bufferPointer: $0) }
                    if Array(hash.finalize()) != file.hash {
                        report.faults.append(
                            .init(
                                message: "A file does not have the SHA-256 that it had when it was "
                                    + "committed.",
                                affected: [name]
                            )
                        )
                    }
                } catch {
                    report.faults.append(.init(message: "\(error)", affected: [name]))
                }
                report.fileCount += 1
            }
        }
    }
}
