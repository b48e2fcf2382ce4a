import Tensors

/// Reads the central directory of a zip archive (APPNOTE.TXT 6.3, §4.3), zip64 included.
enum ZipDirectory {
    /// A member as the central directory names it.
    struct Member {
        let name: String
        let method: Int
        let isEncrypted: Bool
        let compressedByteCount: Int
        let localHeaderOffset: Int
    }

    /// The directory of a reasonable archive; more would be an attack on memory.
    private static let byteCountMax = 64 << 20

    private static let notZip = ModelFormatError(
        "The file is no zip archive, or its end is missing."
    )

    static func members(of source: any ByteSource) throws -> [Member] {
        let (range, count) = try directoryRange(of: source)
        guard range.count <= byteCountMax else {
            throw ModelFormatError("The directory of the zip archive takes \(range.count) bytes.")
        }
        let bytes = LittleEndianBytes(try source.bytes(in: range))
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
            _ = zip64.take(uncompressed)
            let size = zip64.take(compressed)
            let place = zip64.take(local)
            members.append(
                Member(
                    name: String(decoding: name, as: UTF8.self),
                    method: method,
                    isEncrypted: flags & 1 != 0,
                    compressedByteCount: size,
                    localHeaderOffset: place
                )
            )
            offset += 46 + nameSize + extraSize + commentSize
        }
        return members
    }

    /// The bytes of a stored member.
    static func data(of member: Member, in source: any ByteSource) throws -> Range<Int> {
        let start = member.localHeaderOffset
        guard start >= 0, start <= source.byteCount - 30 else { throw outside(member) }
        let header = LittleEndianBytes(try source.bytes(in: start..<start + 30))
        guard header.number(at: 0, size: 4) == 0x0403_4B50,
            let nameSize = header.number(at: 26, size: 2),
            let extraSize = header.number(at: 28, size: 2)
        else { throw outside(member) }
        let data = start + 30 + nameSize + extraSize
        guard member.compressedByteCount >= 0, data <= source.byteCount,
            member.compressedByteCount <= source.byteCount - data
        else { throw outside(member) }
        return data..<data + member.compressedByteCount
    }

    private static func outside(_ member: Member) -> ModelFormatError {
        ModelFormatError("The member '\(member.name)' of the zip archive lies outside the file.")
    }

    /// Where the central directory lies, and how many members it names.
    private static func directoryRange(of source: any ByteSource) throws -> (Range<Int>, Int) {
        // The end record has 22 bytes, and a comment of at most 65,535 may follow it.
        let tailStart = max(0, source.byteCount - 22 - 65_535)
        let tail = LittleEndianBytes(try source.bytes(in: tailStart..<source.byteCount))
        guard source.byteCount >= 22,
            let end = stride(from: tail.count - 22, through: 0, by: -1).first(where: {
                tail.number(at: $0, size: 4) == 0x0605_4B50
            }), let count = tail.number(at: end + 10, size: 2),
            let size = tail.number(at: end + 12, size: 4),
            let offset = tail.number(at: end + 16, size: 4)
        else { throw notZip }
        var directory = (offset: offset, size: size, count: count)
        if let wide = try zip64End(tail, before: end, in: source) { directory = wide }
        guard directory.offset >= 0, directory.size >= 0, directory.offset <= source.byteCount,
            directory.size <= source.byteCount - directory.offset,
            (0...directory.size / 46).contains(directory.count)
        else { throw notZip }
        return (directory.offset..<directory.offset + directory.size, directory.count)
    }

    private static func zip64End(
        _ tail: LittleEndianBytes,
        before end: Int,
        in source: any ByteSource
    ) throws -> (offset: Int, size: Int, count: Int)? {
        guard end >= 20, tail.number(at: end - 20, size: 4) == 0x0706_4B50,
            let place = tail.number(at: end - 12, size: 8)
        else { return nil }
        guard place >= 0, place <= source.byteCount - 56 else { throw notZip }
        let record = LittleEndianBytes(try source.bytes(in: place..<place + 56))
        guard record.number(at: 0, size: 4) == 0x0606_4B50,
            let count = record.number(at: 32, size: 8),
            let size = record.number(at: 40, size: 8),
            let offset = record.number(at: 48, size: 8)
        else { throw notZip }
        return (offset, size, count)
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

/// Bytes that are read as little-endian numbers, with every access checked.
struct LittleEndianBytes {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var count: Int { bytes.count }

    /// A number of up to eight bytes; nil past the end. One of 2^63 or more reads as negative.
    func number(at offset: Int, size: Int) -> Int? {
        bytes(at: offset, count: size).map { part in
            Int(truncatingIfNeeded: part.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
        }
    }

    /// Some bytes; nil if they do not all lie within.
    func bytes(at offset: Int, count: Int) -> [UInt8]? {
        guard offset >= 0, count >= 0, offset <= bytes.count, count <= bytes.count - offset else {
            return nil
        }
        return Array(bytes[offset..<offset + count])
    }
}
