import Tensors

/// Reads the structures of an HDF5 file: superblock, object headers, and the links of groups.
struct HDF5Reader {
    /// A message of an object header: what it is, and where its data lie.
    struct Message {
        let type: Int
        let data: Range<Int>
        /// Whether the data only say where the message is.
        let isShared: Bool
    }

    private static let messageCountMax = 100_000
    private static let subject = "The file"

    private let source: any ByteSource
    /// The widths of addresses and of lengths in bytes.
    let addressWidth: Int
    let lengthWidth: Int
    /// The address of the root group's object header.
    private(set) var rootAddress = 0

    /// Reads the superblock.
    init(_ source: any ByteSource) throws {
        self.source = source
        let reader = SourceReader(source, in: 0..<source.byteCount, subject: Self.subject)
        try reader.skip(8)
        let version = try reader.byte()
        guard version <= 3 else { throw ModelFormatError("Its version \(version) is unknown.") }
        if version < 2 { try reader.skip(4) }
        addressWidth = Int(try reader.byte())
        lengthWidth = Int(try reader.byte())
        guard [2, 4, 8].contains(addressWidth), [2, 4, 8].contains(lengthWidth) else {
            throw ModelFormatError("Its addresses have \(addressWidth) bytes.")
        }
        // Before the addresses: sizes of groups and flags; behind: the root's link, or its header.
        try reader.skip(version < 2 ? [9, 13][Int(version)] : 1)
        let base = try address(reader)
        guard base == 0 else { throw ModelFormatError("It begins with a block of the user.") }
        try reader.skip(version < 2 ? 3 * addressWidth + addressWidth : 2 * addressWidth)
        guard let root = try address(reader) else { throw reader.endsTooEarly }
        rootAddress = root
    }

    /// A reader that begins at an address.
    func reader(at address: Int) throws -> SourceReader {
        guard address >= 0, address < source.byteCount else {
            throw ModelFormatError("The address \(address) lies outside the file.")
        }
        return SourceReader(source, in: address..<source.byteCount, subject: Self.subject)
    }

    /// A reader of a message.
    func reader(of message: Message) -> SourceReader {
        SourceReader(source, in: message.data, subject: Self.subject)
    }

    /// The size of the file.
    var byteCount: Int { source.byteCount }

    /// The next address; nil for the undefined one, whose bits are all set.
    func address(_ reader: SourceReader) throws -> Int? {
        let number = try reader.unsigned(addressWidth)
        return number == UInt64.max >> UInt64(64 - 8 * addressWidth) ? nil : Int(exactly: number) ?? .max
    }

    // MARK: - Object headers

    /// The messages of an object header, those of its continuations included.
    func messages(ofObjectAt address: Int) throws -> [Message] {
        let reader = try reader(at: address)
        var messages: [Message] = []
        var blocks: [Range<Int>] = []
        var isNew = false
        var skipped = 0
        if try reader.byte() == 1 {
            try reader.skip(7)
            let size = try reader.integer(4)
            try reader.skip(4)
            blocks.append(try Self.block(reader, size))
        } else {
            guard try reader.text(3) == "HDR", try reader.byte() == 2 else {
                throw ModelFormatError("There is no object at the address \(address).")
            }
            isNew = true
            let flags = try reader.byte()
            try reader.skip((flags & 0x20 != 0 ? 16 : 0) + (flags & 0x10 != 0 ? 4 : 0))
            // Messages tell the order in which they were made.
            skipped = flags & 4 != 0 ? 2 : 0
            blocks.append(try Self.block(reader, try reader.integer(1 << Int(flags & 3))))
        }
        var next = 0
        while next < blocks.count {
            try read(blocks[next], isNew: isNew, skipped: skipped, into: &messages)
            next += 1
            for message in messages where message.type == 0x10 {
                let block = try continuation(message, isNew: isNew)
                if !blocks.contains(block) { blocks.append(block) }
            }
            guard blocks.count < 10_000, messages.count < Self.messageCountMax else {
                throw ModelFormatError("The object at the address \(address) has no end.")
            }
        }
        return messages
    }

    private static func block(_ reader: SourceReader, _ byteCount: Int) throws -> Range<Int> {
        let start = reader.position
        try reader.skip(byteCount)
        return start..<reader.position
    }

    private func continuation(_ message: Message, isNew: Bool) throws -> Range<Int> {
        let reader = reader(of: message)
        let start = try address(reader) ?? .max
        let size = try reader.integer(lengthWidth)
        guard start <= byteCount, size <= byteCount - start, size >= (isNew ? 8 : 0) else {
            throw ModelFormatError("An object header goes on outside the file.")
        }
        // New blocks begin with "OCHK" and end with a checksum.
        return isNew ? start + 4..<start + size - 4 : start..<start + size
    }

    private func read(
        _ block: Range<Int>,
        isNew: Bool,
        skipped: Int,
        into messages: inout [Message]
    ) throws {
        let reader = SourceReader(source, in: block, subject: Self.subject)
        let headSize = isNew ? 4 + skipped : 8
        while reader.remaining >= headSize {
            let type = try reader.integer(isNew ? 1 : 2)
            let size = try reader.integer(2)
            let flags = try reader.byte()
            try reader.skip(isNew ? skipped : 3)
            let data = try Self.block(reader, size)
            messages.append(Message(type: type, data: data, isShared: flags & 2 != 0))
        }
    }
}
