import Tensors

/// The central directory of a zip archive (APPNOTE.TXT 6.3, §4.3), zip64 included.
///
/// Sizes are those of the central directory, since writers leave them out of the local headers; the
/// place of the data follows from the local header, whose extra field differs from the central one.
struct ZipArchive {
    /// A member of the archive.
    struct Member {
        let name: String
        let method: Int
        let flags: Int
        let byteCount: Int
        let compressedByteCount: Int
        let localHeaderOffset: Int
        /// Where its bytes lie in the file, compressed or not.
        var data = 0..<0

        /// Whether its bytes lie in the file as they are.
        var isStored: Bool { method == 0 && byteCount == compressedByteCount }
    }

    /// The members in the order of the directory.
    let members: [Member]

    /// What is unusual about the archive, in a sentence that follows "It is kept whole:"; such archives are
    /// made to look different to different readers, so nothing in them is believed.
    let oddity: String?

    /// The directory of a reasonable archive; more would be an attack on memory.
    private static let byteCountMax = 64 << 20

    /// Reads the directory and every local header.
    ///
    /// - Throws: ``ModelFormatError`` if the archive is broken, or an error of the source.
    init(_ source: any ByteSource) throws {
        let end = try ZipEndRecord(source)
        guard end.directory.count <= Self.byteCountMax else {
            throw ModelFormatError(
                "The directory of the zip archive takes \(end.directory.count) bytes."
            )
        }
        var oddity = end.oddity
        var members = try Self.members(
            LittleEndianBytes(try source.bytes(in: end.directory)),
            count: end.memberCount
        )
        for index in members.indices {
            let local = try Self.localHeader(of: members[index], in: source)
            members[index].data = local.data
            oddity = oddity ?? local.oddity ?? Self.oddity(of: members[index])
        }
        self.members = members
        self.oddity = oddity ?? Self.oddity(of: members, directory: end.directory)
    }

    /// The member of a name; nil if there is none.
    func member(_ name: String) -> Member? {
        members.first { $0.name == name }
    }

    private static func members(_ bytes: LittleEndianBytes, count: Int) throws -> [Member] {
        var members: [Member] = []
        var offset = 0
        for _ in 0..<count {
            guard bytes.number(at: offset, size: 4) == 0x0201_4B50,
                let flags = bytes.number(at: offset + 8, size: 2),
                let method = bytes.number(at: offset + 10, size: 2),
                let compressed = bytes.number(at: offset + 20, size: 4),
                let uncompressed = bytes.number(at: offset + 24, size: 4),
                let nameSize = bytes.number(at: offset + 28, size: 2),
                let extraSize = bytes.number(at: offset + 30, size: 2),
                let commentSize = bytes.number(at: offset + 32, size: 2),
                let local = bytes.number(at: offset + 42, size: 4),
                let name = bytes.bytes(at: offset + 46, count: nameSize),
                let extra = bytes.bytes(at: offset + 46 + nameSize, count: extraSize)
            else { throw ModelFormatError("The directory of the zip archive is broken.") }
            var zip64 = Zip64Fields(extra)
            let size = zip64.take(uncompressed)
            let compressedSize = zip64.take(compressed)
            members.append(
                Member(
                    name: String(decoding: name, as: UTF8.self),
                    method: method,
                    flags: flags,
                    byteCount: size,
                    compressedByteCount: compressedSize,
                    localHeaderOffset: zip64.take(local)
                )
            )
            offset += 46 + nameSize + extraSize + commentSize
        }
        return members
    }

    private static func localHeader(
        of member: Member,
        in source: any ByteSource
    ) throws -> (data: Range<Int>, oddity: String?) {
        let outside = ModelFormatError(
            "The member '\(member.name)' of the zip archive lies outside the file."
        )
        let start = member.localHeaderOffset
        guard start >= 0, start <= source.byteCount - 30 else { throw outside }
        let header = LittleEndianBytes(try source.bytes(in: start..<start + 30))
        guard header.number(at: 0, size: 4) == 0x0403_4B50,
            let method = header.number(at: 8, size: 2),
            let nameSize = header.number(at: 26, size: 2),
            let extraSize = header.number(at: 28, size: 2)
        else { throw outside }
        let data = start + 30 + nameSize + extraSize
        guard member.compressedByteCount >= 0, data <= source.byteCount,
            member.compressedByteCount <= source.byteCount - data
        else { throw outside }
        let name = try source.bytes(in: start + 30..<start + 30 + nameSize)
        let agrees = method == member.method && String(decoding: name, as: UTF8.self) == member.name
        return (
            data..<data + member.compressedByteCount,
            agrees ? nil : "the two headers of its member '\(member.name)' disagree."
        )
    }

    private static func oddity(of member: Member) -> String? {
        if member.flags & 1 != 0 { return "its member '\(member.name)' is encrypted." }
        guard member.method == 0 || member.method == 8 else {
            return "its member '\(member.name)' is compressed in the unknown way \(member.method)."
        }
        guard member.method == 8 || member.isStored else {
            return "the sizes of its member '\(member.name)' disagree."
        }
        return nil
    }

    private static func oddity(of members: [Member], directory: Range<Int>) -> String? {
        var names: Set<String> = []
        for member in members where !names.insert(member.name).inserted {
            return "two of its members have the name '\(member.name)'."
        }
        var end = 0
        for member in members.sorted(by: { $0.localHeaderOffset < $1.localHeaderOffset }) {
            guard member.localHeaderOffset >= end else {
                return "its member '\(member.name)' overlaps another."
            }
            end = member.data.upperBound
        }
        return end <= directory.lowerBound ? nil : "its members run into its directory."
    }

    /// The 64-bit numbers of an extra field, taken in order by those that do not fit 32 bits.
    private struct Zip64Fields {
        private var numbers: [Int] = []

        init(_ extra: [UInt8]) {
            let bytes = LittleEndianBytes(extra)
            var offset = 0
            while let id = bytes.number(at: offset, size: 2),
                let size = bytes.number(at: offset + 2, size: 2)
            {
                if id == 1 {
                    numbers = stride(from: 0, to: size / 8 * 8, by: 8).compactMap {
                        bytes.number(at: offset + 4 + $0, size: 8)
                    }
                }
                offset += 4 + size
            }
        }

        mutating func take(_ number: Int) -> Int {
            guard number == 0xFFFF_FFFF, !numbers.isEmpty else { return number }
            return numbers.removeFirst()
        }
    }
}
