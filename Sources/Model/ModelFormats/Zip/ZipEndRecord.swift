import Tensors

/// The end of a zip archive: where its central directory lies (APPNOTE.TXT 6.3, §4.3.14 to §4.3.16).
struct ZipEndRecord {
    /// The bytes of the directory.
    private(set) var directory: Range<Int>
    /// The number of members that it names.
    private(set) var memberCount: Int
    /// What is unusual, in a sentence: other readers may see another archive in the same file.
    private(set) var oddity: String?

    private static let broken = ModelFormatError(
        "The file is no zip archive, or its end is missing."
    )

    init(_ source: any ByteSource) throws {
        // The end record has 22 bytes, and a comment of at most 65,535 may follow it.
        let tailStart = max(0, source.byteCount - 22 - 65_535)
        let tail = LittleEndianBytes(try source.bytes(in: tailStart..<source.byteCount))
        guard source.byteCount >= 22,
            let end = stride(from: tail.count - 22, through: 0, by: -1).first(where: {
                tail.number(at: $0, size: 4) == 0x0605_4B50
            }), let disk = tail.number(at: end + 4, size: 4),
            let count = tail.number(at: end + 10, size: 2),
            let size = tail.number(at: end + 12, size: 4),
            let offset = tail.number(at: end + 16, size: 4),
            let comment = tail.number(at: end + 20, size: 2)
        else { throw Self.broken }
        var found = (offset: offset, size: size, count: count)
        var directoryEnd = tailStart + end
        if let (place, wide) = try Self.zip64(tail, before: end, in: source) {
            found = wide
            directoryEnd = place
        }
        guard found.offset >= 0, found.size >= 0, found.offset <= source.byteCount,
            found.size <= source.byteCount - found.offset,
            (0...found.size / 46).contains(found.count)
        else { throw Self.broken }
        directory = found.offset..<found.offset + found.size
        memberCount = found.count
        if disk != 0 {
            oddity = "it is one of several disks of a zip archive."
        } else if end + 22 + comment != tail.count {
            oddity = "bytes follow the end of its zip archive."
        } else if directory.upperBound != directoryEnd {
            oddity = "there are hidden bytes in its zip archive."
        }
    }

    private static func zip64(
        _ tail: LittleEndianBytes,
        before end: Int,
        in source: any ByteSource
    ) throws -> (place: Int, directory: (offset: Int, size: Int, count: Int))? {
        guard end >= 20, tail.number(at: end - 20, size: 4) == 0x0706_4B50,
            let place = tail.number(at: end - 12, size: 8)
        else { return nil }
        guard place >= 0, place <= source.byteCount - 56 else { throw broken }
        let record = LittleEndianBytes(try source.bytes(in: place..<place + 56))
        guard record.number(at: 0, size: 4) == 0x0606_4B50,
            let count = record.number(at: 32, size: 8),
            let size = record.number(at: 40, size: 8),
            let offset = record.number(at: 48, size: 8)
        else { throw broken }
        return (place, (offset, size, count))
    }
}
