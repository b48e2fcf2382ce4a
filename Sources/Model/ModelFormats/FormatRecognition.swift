public import Tensors

/// Finds the tensors of a file.
///
/// - Parameters:
///   - name: The file's name; its suffix says which format it claims.
///   - source: Its bytes; only the headers are read.
/// - Returns: The span map, or why the file is kept whole.
/// - Throws: ``ModelFormatError`` if it claims a format and is broken, or an error of the source.
public func mapFile(named name: String, _ source: any ByteSource) throws -> FileMapping {
    let suffix = name.split(separator: ".").last?.lowercased()
    switch suffix {
    case WeightFormat.safetensors.rawValue: return .mapped(try SafetensorsFile.map(source))
    case WeightFormat.npy.rawValue:
        return try NpyFile.map(source, tensorName: stem(of: name))
    case WeightFormat.npz.rawValue: return try NpzFile.map(source)
    default: return .keptWhole(reason: nil)
    }
}

/// The name of a file without its folders and its suffix.
private func stem(of name: String) -> String {
    let file = name.split(separator: "/").last ?? Substring(name)
    return String(file.lastIndex(of: ".").map { file[..<$0] } ?? file)
}
