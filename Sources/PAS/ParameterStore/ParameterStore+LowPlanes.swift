import PackFiles

extension HeldPacks {
    /// Whether the low-order planes of one of the packs are not there.
    public var lacksLowPlanes: Bool {
        readers.contains(where: \.lacksLowPlanes)
    }
}

extension ParameterStore {
    /// Checks that contents can be read in full, as far as low-order planes were moved away.
    ///
    /// Damage is not looked for: whoever reads is told of it.
    ///
    /// - Throws: ``ParameterStoreError`` with the code `missingLowPlanes` if planes that a content or one
    ///   of its bases needs are not there.
    public func checkLowPlanes(of ids: [ContentID]) throws(ParameterStoreError) {
        var seen: Set<ContentID> = []
        for id in ids {
            var next: ContentID? = id
            while let link = next, seen.insert(link).inserted, let content = try? content(link) {
                if content.index.chunks.contains(where: { $0.low.byteCount > 0 }) {
                    if content.pack.lacksLowPlanes { try Self.openLowPlanes(of: content.pack) }
                }
                next = content.record.base
            }
        }
    }

    private static func openLowPlanes(of pack: PackReader) throws(ParameterStoreError) {
        do {
            try pack.openLow()
        } catch {
            throw ParameterStoreError(pack: error)
        }
    }
}

extension PackReader {
    /// Whether the file of low-order planes is not there.
    fileprivate var lacksLowPlanes: Bool {
        do throws(PackFileError) {
            try openLow()
            return false
        } catch {
            return error.code == .missingLow
        }
    }
}
