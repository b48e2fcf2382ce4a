import Tensors

/// Finds the tensors of a zip archive of PyTorch (torch/serialization.py, caffe2's
/// `inline_container.cc`): `torch.save`, TorchScript and `torch.export`.
///
///     NAME/data.pkl        a pickle whose persistent ids name the storages
///     NAME/byteorder       "little" or "big"; files of old versions lack it and are little-endian
///     NAME/data/0 …        the storages, stored as they are, each at a multiple of 64 bytes
///     NAME/constants.pkl   the same for the constants of TorchScript
enum TorchArchive {
    /// Longer pickles are no checkpoint.
    private static let pickleByteCountMax = 256 << 20

    /// The folder that all records lie in; nil if the archive is none of PyTorch.
    static func root(of archive: ZipArchive) -> String? {
        let marks = ["/data.pkl", "/data/weights/model_weights_config.json", "/archive_format"]
        for member in archive.members {
            guard let mark = marks.first(where: member.name.hasSuffix) else { continue }
            let root = String(member.name.dropLast(mark.count))
            if !root.contains("/") { return root }
        }
        return nil
    }

    /// Maps an archive.
    ///
    /// - Throws: ``ModelFormatError`` if it is not what PyTorch writes.
    static func map(
        _ archive: ZipArchive,
        root: String,
        _ source: any ByteSource
    ) throws -> FileMapping {
        let members = Dictionary(archive.members.map { ($0.name, $0) }) { first, _ in first }
        var order = "little"
        if let record = members["\(root)/byteorder"] {
            guard record.isStored, record.byteCount < 100 else {
                throw ModelFormatError("Its record 'byteorder' cannot be read.")
            }
            order = String(decoding: try source.bytes(in: record.data), as: UTF8.self)
        }
        guard order == "little" || order == "big" else {
            throw ModelFormatError("Its byte order '\(order)' is unknown.")
        }
        var map = TorchMap(isBigEndian: order == "big")
        var isFound = false
        for (name, folders) in [("data.pkl", ["data"]), ("constants.pkl", ["constants", "data"])] {
            guard let record = members["\(root)/\(name)"] else { continue }
            guard record.isStored, record.byteCount <= pickleByteCountMax else {
                throw ModelFormatError("Its record '\(name)' is compressed or too large.")
            }
            isFound = true
            let reader = SourceReader(source, in: record.data, subject: "The pickle '\(name)'")
            let pickle = try PickleReader.read(reader)
            let records = try records(of: pickle, root: root, folders: folders, members)
            try map.add(try TorchTensors(pickle).views, records: records)
        }
        if let exported = try TorchExport.views(members: members, root: root, source) {
            isFound = true
            try map.add(exported.views, records: exported.records)
        }
        guard isFound else { throw ModelFormatError("It holds no pickle of tensors.") }
        return try map.map(format: .torch, byteCount: source.byteCount)
    }

    private static func records(
        of pickle: Pickle,
        root: String,
        folders: [String],
        _ members: [String: ZipArchive.Member]
    ) throws -> [String: TorchMap.Record] {
        var records: [String: TorchMap.Record] = [:]
        for (key, storage) in try TorchTensors.storages(of: pickle) {
            guard let member = folders.lazy.compactMap({ members["\(root)/\($0)/\(key)"] }).first
            else { throw ModelFormatError("Its storage '\(key)' is missing.") }
            guard member.isStored, member.byteCount == storage.byteCount else {
                throw ModelFormatError(
                    "Its storage '\(key)' should have \(storage.byteCount) bytes, but its record "
                        + "has \(member.byteCount)."
                )
            }
            records[key] = TorchMap.Record(storage: storage, byteRange: member.data)
        }
        return records
    }
}
