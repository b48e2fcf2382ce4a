public import Tensors

/// Finds the tensors of a file.
///
/// The first bytes decide where they can: HDF5, GGUF, NumPy and zip archives are known by them whatever
/// the file is called; the suffix decides between formats without a mark. A safetensors or NumPy file
/// that does not keep to its format is an error, since no reader takes it. Any other that is broken or
/// strange is kept whole, with the reason: its library may read it although this code does not.
///
/// - Parameters:
///   - name: The file's name; its suffix says which format it claims.
///   - source: Its bytes; only the headers are read.
/// - Returns: The span map, or why the file is kept whole.
/// - Throws: ``ModelFormatError`` if it claims a format and is broken, or an error of the source.
public func mapFile(named name: String, _ source: any ByteSource) throws -> FileMapping {
    let suffix = String(name.split(separator: ".").last ?? "").lowercased()
    let start = try source.bytes(in: 0..<min(16, source.byteCount))
    switch suffix {
    case "safetensors": return .mapped(try SafetensorsFile.map(source))
    case "npy": return try NpyFile.map(source, tensorName: stem(of: name))
    case "npz": return try NpzFile.map(source)
    default: break
    }
    if start.starts(with: NpyFile.magic) {
        return try keptWholeIfBroken("a NumPy array") {
            try NpyFile.map(source, tensorName: stem(of: name))
        }
    }
    if start.starts(with: GGUFFile.magic) {
        return try keptWholeIfBroken("GGUF") { try GGUFFile.map(source) }
    }
    if start.starts(with: HDF5File.magic) {
        return try keptWholeIfBroken("HDF5") { try HDF5File.map(source) }
    }
    if start.starts(with: TorchLegacyFile.magic) {
        return try keptWholeIfBroken("PyTorch") { try TorchLegacyFile.map(source) }
    }
    if start.starts(with: [0x50, 0x4B, 3, 4]) {
        return try mapZip(suffix: suffix, source)
    }
    return try mapUnmarked(suffix: suffix, source)
}

/// Maps a zip archive by what is in it.
private func mapZip(suffix: String, _ source: any ByteSource) throws -> FileMapping {
    let isWeightFile = ["pt", "pth", "bin", "ckpt", "pt2", "ptl", "keras"].contains(suffix)
    return try keptWholeIfBroken("a zip archive", isSilent: !isWeightFile) {
        let archive = try ZipArchive(source)
        if let root = TorchArchive.root(of: archive) {
            if let oddity = archive.oddity { return .keptWhole(reason: oddity) }
            return try TorchArchive.map(archive, root: root, source)
        }
        if suffix == "keras" || archive.member(KerasArchive.weightsName) != nil {
            if let oddity = archive.oddity { return .keptWhole(reason: oddity) }
            return try KerasArchive.map(archive, source)
        }
        if isWeightFile {
            return .keptWhole(reason: "it is a zip archive, but of no format that is known.")
        }
        return .keptWhole(reason: nil)
    }
}

/// Maps formats that do not begin with a mark of their own.
private func mapUnmarked(suffix: String, _ source: any ByteSource) throws -> FileMapping {
    switch suffix {
    case "onnx": return try keptWholeIfBroken("ONNX") { try ONNXFile.map(source) }
    case "caffemodel": return try keptWholeIfBroken("Caffe") { try CaffeFile.map(source) }
    case "solverstate": return try keptWholeIfBroken("Caffe") { try CaffeFile.mapSolver(source) }
    case "pt", "pth", "ckpt", "gguf", "h5", "hdf5", "keras":
        return .keptWhole(reason: "it does not begin like a file of its suffix.")
    default: return .keptWhole(reason: nil)
    }
}

/// Turns what is broken or strange into a reason to keep a file whole.
///
/// - Parameters:
///   - format: What the file seems to be, for the reason.
///   - isSilent: Whether the user expects nothing of the file, so that no reason is told.
///   - map: Finds its tensors.
private func keptWholeIfBroken(
    _ format: String,
    isSilent: Bool = false,
    _ map: () throws -> FileMapping
) throws -> FileMapping {
    do {
        return try map()
    } catch let error as ModelFormatError {
        return .keptWhole(
            reason: isSilent ? nil : "it cannot be followed as \(format). \(error.message)"
        )
    }
}

/// The name of a file without its folders and its suffix.
private func stem(of name: String) -> String {
    let file = name.split(separator: "/").last ?? Substring(name)
    return String(file.lastIndex(of: ".").map { file[..<$0] } ?? file)
}
