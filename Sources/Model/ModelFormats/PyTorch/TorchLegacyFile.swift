import Tensors

/// Finds the tensors of a checkpoint as PyTorch wrote it before version 1.6 (torch/serialization.py,
/// `_legacy_save`): five pickles, then the storages in the order of the fifth.
///
///     magic number │ protocol 1001 │ sizes of types │ the object │ keys │ { count: i64, bytes } …
enum TorchLegacyFile {
    /// Protocol 2, and the magic number 0x1950A86A20F9469CFC6C as a number of ten bytes.
    static let magic: [UInt8] = [
        0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19,
    ]

    static func map(_ source: any ByteSource) throws -> FileMapping {
        let reader = SourceReader(source, in: 0..<source.byteCount, subject: "The file")
        _ = try PickleReader.read(reader)
        let version = try PickleReader.read(reader)
        guard version.integer(version.root) == 1001 else {
            throw ModelFormatError("It has an unknown protocol.")
        }
        let isBigEndian = try !isLittleEndian(try PickleReader.read(reader))
        let object = try PickleReader.read(reader)
        let keys = try PickleReader.read(reader)
        let storages = try TorchTensors.storages(of: object)
        var records: [String: TorchMap.Record] = [:]
        for reference in keys.elements(keys.root) ?? [] {
            guard let key = keys.text(reference), let storage = storages[key] else {
                throw ModelFormatError("It lists a storage that no tensor refers to.")
            }
            let count = try reader.integer(8, isBigEndian: isBigEndian)
            guard count == storage.elementCount else {
                throw ModelFormatError("The sizes of its storage '\(key)' disagree.")
            }
            let start = reader.position
            try reader.skip(storage.byteCount)
            records[key] = TorchMap.Record(storage: storage, byteRange: start..<reader.position)
        }
        guard records.count == storages.count else {
            throw ModelFormatError("It refers to a storage that is missing.")
        }
        var map = TorchMap(isBigEndian: isBigEndian)
        try map.add(try TorchTensors(object).views, records: records)
        return try map.map(format: .torchLegacy, byteCount: source.byteCount)
    }

    /// What the third pickle, a dictionary, says of the machine that wrote the file.
    private static func isLittleEndian(_ sizes: Pickle) throws -> Bool {
        for entry in sizes.nodes[sizes.root].entries
        where sizes.text(entry.key) == "little_endian" {
            if case .truth(let value) = sizes.nodes[entry.value].value { return value }
        }
        throw ModelFormatError("It does not tell its byte order.")
    }
}
