import Archive
import Catalog
import Foundation
import ModelFormats
import ParameterStore
import Tensors

extension MadeNetworkFiles {
    /// Writes the files into a directory, `model.safetensors` among them, ready to be committed.
    ///
    /// - Parameters:
    ///   - path: An existing directory.
    ///   - archive: Where the tensors are.
    public func write(to path: String, from archive: ModelArchive) throws {
        let folder = URL(fileURLWithPath: path)
        for (name, bytes) in documents {
            try Data(bytes).write(to: folder.appendingPathComponent(name))
        }
        guard !tensors.isEmpty else { return }
        let layout = SafetensorsHeader.layout(of: tensors.map(\.description))
        let model = folder.appendingPathComponent("model.safetensors")
        try Data(layout.header).write(to: model)
        let file = try FileHandle(forWritingTo: model)
        defer { try? file.close() }
        try file.seekToEnd()
        for index in layout.order {
            try append(tensors[index], to: file, from: archive)
        }
    }

    /// Appends the elements of a tensor, some megabytes at a time.
    private func append(
        _ tensor: TensorRecord,
        to file: FileHandle,
        from archive: ModelArchive
    ) throws {
        guard let content = tensor.content, let count = tensor.description.byteCount else { return }
        let pieceByteCount = 4 << 20
        var offset = 0
        while offset < count {
            var piece = [UInt8](repeating: 0, count: min(pieceByteCount, count - offset))
            try piece.withUnsafeMutableBytes {
                try archive.store.read(content, at: tensor.byteOffset + offset, into: $0)
            }
            try file.write(contentsOf: piece)
            offset += piece.count
        }
    }
}
