import Archive
import Catalog
import ModelFormats
import ParameterStore
import TensorCoding
import Tensors

/// Finds the extents of an entry of a version's tree.
struct FileOpener {
    let archive: ModelArchive

    /// The bytes of an entry; nil if it is no file.
    func extents(
        of content: VersionTree.Content,
        in version: VersionID,
        resolution: Resolution = .full
    ) throws -> FileExtents? {
        switch content {
        case .directory, .symbolicLink: nil
        case .file(let file): try committed(file, resolution)
        case .document(let snapshot, let kind): try document(kind, snapshot, of: version)
        case .model(let snapshot): try model(snapshot, of: version, resolution)
        case .array(let tensor):
            FileExtents(
                ArrayFile.parts(of: tensor, in: archive.store, resolution: resolution),
                store: archive.store,
                resolution: resolution
            )
        case .reduced(let other, let resolution):
            try extents(of: other, in: version, resolution: resolution)
        }
    }

    private func committed(
        _ file: Int64,
        _ resolution: Resolution
    ) throws -> FileExtents {
        let spans = try archive.catalog.spans(of: file)
        return FileExtents(
            spans.map { ($0.byteCount, .content($0.content, offset: $0.contentOffset)) },
            store: archive.store,
            resolution: resolution
        )
    }

    private func document(
        _ kind: DocumentKind,
        _ snapshot: Int?,
        of version: VersionID
    ) throws -> FileExtents? {
        try part(kind, snapshot, of: version).map { FileExtents([$0], store: archive.store) }
    }

    private func part(
        _ kind: DocumentKind,
        _ snapshot: Int?,
        of version: VersionID
    ) throws -> (byteCount: Int, source: FileExtents.Source)? {
        let document = try archive.catalog.document(of: version, snapshot: snapshot, kind: kind)
        guard let document else { return nil }
        switch document.body {
        case .inline(let bytes): return (bytes.count, .bytes(bytes))
        case .content(let content): return (document.byteCount, .content(content, offset: 0))
        case .rendered:
            // Of all documents, a snapshot's index alone is not stored.
            guard kind == .layerIndex, let snapshot else { return nil }
            let text = try archive.layerIndex(of: version, snapshot: snapshot)
            return (text.count, .bytes(text))
        }
    }

    /// The stored header, then the tensors in the order of the reference writer's layout.
    private func model(
        _ snapshot: Int,
        of version: VersionID,
        _ resolution: Resolution
    ) throws -> FileExtents? {
        guard let header = try part(.modelHeader, snapshot, of: version) else { return nil }
        let tensors = try archive.catalog.files(of: version)
            .filter { $0.snapshot == snapshot && $0.role == .weights }
            .flatMap { try archive.catalog.tensors(of: $0.id) }
        let layout = SafetensorsHeader.layout(of: tensors.map(\.description))
        let parts = layout.order.compactMap { index -> (Int, FileExtents.Source)? in
            let tensor = tensors[index]
            guard let content = tensor.content else { return nil }
            let elements = TensorElements(
                tensor,
                in: content,
                of: archive.store,
                isOrdered: true,
                isWidened: false,
                resolution: resolution
            )
            return (tensor.description.byteCount ?? 0, elements.source)
        }
        return FileExtents([header] + parts, store: archive.store, resolution: resolution)
    }
}
