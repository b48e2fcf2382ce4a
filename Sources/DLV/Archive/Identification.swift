public import Catalog
import ModelFormats
import ParameterStore
public import Tensors

/// What an archive knows of a file that lies somewhere.
public struct Identification: Sendable {
    /// A tensor of the file, and where its equals are.
    public struct Tensor: Sendable {
        /// Name, dtype and shape.
        public let description: TensorDescription
        /// The equal tensors of the archive, the newest first.
        public let places: [CommittedPlace]
    }

    /// The format that the file keeps to; nil if its tensors are not known.
    public let format: String?
    /// Why its tensors are not known, in a sentence, if users might expect otherwise.
    public let note: String?
    /// The committed files that are this one, byte for byte, the newest first.
    public let files: [CommittedPlace]
    /// The tensors of the file.
    public let tensors: [Tensor]

    /// The snapshots that share tensors with the file, and how many; the most first.
    public var snapshots: [(reference: String, tensorCount: Int)] {
        var counts: [String: Int] = [:]
        var order: [String] = []
        for tensor in tensors {
            for reference in Set(tensor.places.map(\.snapshotReference)) {
                if counts[reference] == nil { order.append(reference) }
                counts[reference, default: 0] += 1
            }
        }
        return order.map { ($0, counts[$0] ?? 0) }
            .sorted { $0.1 == $1.1 ? $0.0 < $1.0 : $0.1 > $1.1 }
    }
}

extension ModelArchive {
    /// Says what a file is, by content alone: its name, its format and its tensors' names do not matter.
    ///
    /// The whole file is looked up by its SHA-256, then every tensor by the hash of its elements, so that
    /// a tensor is found again in another format, in another order of its bytes, or as a part of another.
    ///
    /// - Parameter path: The file.
    /// - Throws: ``ArchiveError`` if it cannot be read.
    public func identify(_ path: String) throws -> Identification {
        let source = try FileBytes(path: path)
        let files = try catalog.files(withHash: try source.sha256())
        let mapping: FileMapping
        do {
            mapping = try mapFile(named: path, source)
        } catch let error as ModelFormatError {
            mapping = .keptWhole(reason: error.message)
        }
        switch mapping {
        case .keptWhole(let reason):
            return Identification(format: nil, note: reason, files: files, tensors: [])
        case .mapped(let map):
            return Identification(
                format: map.format.rawValue,
                note: map.note,
                files: files,
                tensors: try map.tensors.map { try identify($0, in: source) }
            )
        }
    }

    private func identify(
        _ tensor: MappedTensor,
        in source: FileBytes
    ) throws -> Identification.Tensor {
        let (elements, _) = tensor.elements(in: source)
        guard elements.byteCount > 0 else {
            return Identification.Tensor(description: tensor.description, places: [])
        }
        let bytes = try ContentHash(of: elements).bytes
        let hash = TensorExamination.hash(of: tensor.description.dtype, byteHash: bytes)
        var places = try catalog.tensors(withHash: hash)
        // Tensors that are no weights, such as an optimizer's, are known by their contents alone.
        if places.isEmpty, let content = try catalog.id(of: ContentHash(bytes: bytes)) {
            places = try catalog.tensors(beginning: content)
        }
        return Identification.Tensor(description: tensor.description, places: places)
    }
}
