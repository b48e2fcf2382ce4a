extension HeldPacks {
    /// Whether the low-order planes of one of the packs are not there.
    public var lacksLowPlanes: Bool {
        readers.contains { reader in
            do {
                try reader.openLow()
                return false
            } catch {
                return error.code == .missingLow
            }
        }
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
                    do {
                        try content.pack.openLow()
                    } catch where error.code == .missingLow {
                        throw ParameterStoreError(pack: error)
                    } catch {
                        return
                    }
                }
                next = content.record.base
            }
        }
    }
}
