import PackFiles
public import TensorCoding

extension HeldPacks {
    /// Whether the low-order planes of one of the packs are not there.
    public var lacksLowPlanes: Bool {
        readers.contains(where: \.lacksLowPlanes)
    }
}

extension ParameterStore {
    /// Checks that contents can be read, as far as low-order planes were moved away.
    ///
    /// Damage is not looked for: whoever reads is told of it.
    ///
    /// - Parameters:
    ///   - ids: What will be read.
    ///   - resolution: At which resolution.
    /// - Throws: ``ParameterStoreError`` with the code `missingLowPlanes` if planes that a content or one
    ///   of its bases needs are not there.
    public func checkLowPlanes(
        of ids: [ContentID],
        resolution: Resolution = .full
    ) throws(ParameterStoreError) {
        for id in Set(ids) {
            var next: ContentID? = id
            var isUpper = resolution.byteCount <= 2
            while let link = next, let content = try? content(link) {
                if content.needsLowPlanes(isUpper: isUpper), content.pack.lacksLowPlanes {
                    try Self.openLowPlanes(of: content.pack)
                }
                // A difference of whole numbers needs whole numbers to be added to.
                isUpper = isUpper && content.keepsUpperApart
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
