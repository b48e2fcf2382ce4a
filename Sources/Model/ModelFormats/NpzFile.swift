import Tensors

/// Finds the arrays of a `.npz` file: a zip archive (APPNOTE.TXT 6.3) whose members are `.npy` files.
enum NpzFile {
    static func map(_ source: any ByteSource) throws -> FileMapping {
        let members = try ZipDirectory.members(of: source)
        var tensors: [MappedTensor] = []
        for member in members where member.name.hasSuffix(".npy") {
            guard !member.isEncrypted, member.method == 0 else {
                return .keptWhole(
                    reason: "its member '\(member.name)' is compressed; save it with numpy.savez "
                        + "instead of savez_compressed to store the tensors themselves."
                )
            }
            let range = try ZipDirectory.data(of: member, in: source)
            let reading = try NpyFile.read(
                source,
                at: range.lowerBound,
                end: range.upperBound,
                name: "The member '\(member.name)'"
            )
            switch reading {
            case .keptWhole(let reason):
                return .keptWhole(reason: "of its member '\(member.name)': \(reason)")
            case .array(let header):
                let name = String(member.name.dropLast(4))
                tensors.append(try NpyFile.tensor(header, name: name, end: range.upperBound))
            }
        }
        guard Set(tensors.map(\.description.name)).count == tensors.count else {
            return .keptWhole(reason: "two of its members have the same name.")
        }
        guard let map = SpanMap(format: .npz, byteCount: source.byteCount, tensors: tensors) else {
            throw ModelFormatError("Two members of the zip archive overlap.")
        }
        return .mapped(map)
    }
}
