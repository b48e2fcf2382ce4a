import Tensors

/// Finds the arrays of a `.npz` file: a zip archive (APPNOTE.TXT 6.3) whose members are `.npy` files.
enum NpzFile {
    static func map(_ source: any ByteSource) throws -> FileMapping {
        let archive = try ZipArchive(source)
        if let oddity = archive.oddity { return .keptWhole(reason: oddity) }
        return try map(archive, source)
    }

    static func map(_ archive: ZipArchive, _ source: any ByteSource) throws -> FileMapping {
        var tensors: [MappedTensor] = []
        for member in archive.members where member.name.hasSuffix(".npy") {
            guard member.isStored else {
                return .keptWhole(
                    reason: "its member '\(member.name)' is compressed; save it with numpy.savez "
                        + "instead of savez_compressed to store the tensors themselves."
                )
            }
            let reading = try NpyFile.read(
                source,
                at: member.data.lowerBound,
                end: member.data.upperBound,
                name: "The member '\(member.name)'"
            )
            switch reading {
            case .keptWhole(let reason):
                return .keptWhole(reason: "of its member '\(member.name)': \(reason)")
            case .array(let header):
                let name = String(member.name.dropLast(4))
                tensors.append(try NpyFile.tensor(header, name: name, end: member.data.upperBound))
            }
        }
        guard let map = SpanMap(format: .npz, byteCount: source.byteCount, tensors: tensors) else {
            throw ModelFormatError("Two members of the zip archive overlap.")
        }
        return .mapped(map)
    }
}
