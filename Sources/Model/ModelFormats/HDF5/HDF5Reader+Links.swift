extension HDF5Reader {
    private static let linkCountMax = 1_000_000

    /// The names in a group, and the addresses of their objects.
    func links(in messages: [Message]) throws -> [(name: String, address: Int)] {
        var links: [(String, Int)] = []
        for message in messages {
            let reader = reader(of: message)
            switch message.type {
            case 0x11:
                guard let tree = try address(reader), let heap = try address(reader) else { continue }
                let names = try heapStart(heap)
                var visited: Set<Int> = []
                try readTree(tree, names: names, visited: &visited, into: &links)
            case 0x06: if let link = try hardLink(reader) { links.append(link) }
            case 0x02: try checkLinkInformation(reader)
            default: break
            }
        }
        return links
    }

    /// A link message; nil for a soft or external link, which names no object of this file.
    private func hardLink(_ reader: SourceReader) throws -> (String, Int)? {
        guard try reader.byte() == 1 else { return nil }
        let flags = try reader.byte()
        let kind = flags & 8 != 0 ? try reader.byte() : 0
        try reader.skip((flags & 4 != 0 ? 8 : 0) + (flags & 0x10 != 0 ? 1 : 0))
        let name = try reader.text(try reader.integer(1 << Int(flags & 3)))
        guard kind == 0, let address = try address(reader) else { return nil }
        return (name, address)
    }

    /// Groups of very many links keep them in a fractal heap, which no model writer makes.
    private func checkLinkInformation(_ reader: SourceReader) throws {
        _ = try reader.byte()
        let flags = try reader.byte()
        try reader.skip(flags & 1 != 0 ? 8 : 0)
        guard try address(reader) == nil else {
            throw ModelFormatError("One of its groups is stored in a way that is not known here.")
        }
    }

    /// Where the names of a group begin: the data segment of its local heap.
    private func heapStart(_ address: Int) throws -> Int {
        let reader = try reader(at: address)
        guard try reader.text(4) == "HEAP" else { throw ModelFormatError("A group has no names.") }
        try reader.skip(4 + 2 * lengthWidth)
        guard let start = try self.address(reader) else { throw reader.endsTooEarly }
        return start
    }

    private func readTree(
        _ address: Int,
        names: Int,
        visited: inout Set<Int>,
        into links: inout [(String, Int)]
    ) throws {
        guard visited.insert(address).inserted, visited.count < Self.linkCountMax else {
            throw ModelFormatError("A group's tree has no end.")
        }
        let reader = try reader(at: address)
        let mark = try reader.text(4)
        if mark == "SNOD" {
            try reader.skip(2)
            for _ in 0..<(try reader.integer(2)) {
                let nameOffset = try reader.integer(addressWidth)
                let object = try self.address(reader)
                try reader.skip(24)
                guard let object, nameOffset <= byteCount else { continue }
                links.append((try text(at: names, nameOffset), object))
            }
            return
        }
        guard mark == "TREE", try reader.byte() == 0 else {
            throw ModelFormatError("A group's tree is broken at the address \(address).")
        }
        _ = try reader.byte()
        let count = try reader.integer(2)
        try reader.skip(2 * addressWidth + lengthWidth)
        for _ in 0..<count {
            guard let child = try self.address(reader) else { throw reader.endsTooEarly }
            try reader.skip(lengthWidth)
            // Deep trees of few nodes end where a node repeats.
            guard visited.count < 2000 || links.count > visited.count else {
                throw ModelFormatError("A group's tree has no end.")
            }
            try readTree(child, names: names, visited: &visited, into: &links)
        }
    }

    /// A name of a local heap: it ends with a zero.
    private func text(at heap: Int, _ offset: Int) throws -> String {
        let (start, overflow) = heap.addingReportingOverflow(offset)
        let reader = try reader(at: overflow ? -1 : start)
        var bytes: [UInt8] = []
        while true {
            let byte = try reader.byte()
            if byte == 0 { return String(decoding: bytes, as: UTF8.self) }
            guard bytes.count < 10_000 else { throw ModelFormatError("A name has no end.") }
            bytes.append(byte)
        }
    }
}
