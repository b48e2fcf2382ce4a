import Archive
public import Catalog
import ModelFormats
public import ParameterStore
import Tensors

/// A network that a query made, as a directory that reads like a version: documents, `layers/` and
/// `model.safetensors`, whose bytes are those of the stored tensors.
public struct ModelDirectory: Sendable {
    /// An entry, by its place: directories stand before what they hold.
    struct Entry: Sendable {
        enum Content: Sendable {
            case directory
            case bytes([UInt8])
            case stored(FileExtents)
        }

        let name: [UInt8]
        /// The place of the directory that holds it; nil for the outermost.
        let parent: Int?
        let content: Content
    }

    /// The entries; the first is the directory itself.
    private(set) var entries: [Entry]

    /// Lists a directory.
    ///
    /// - Parameters:
    ///   - name: What the directory is called.
    ///   - tensors: The stored tensors that the network inherits.
    ///   - documents: Files beside them, such as `network.json`.
    ///   - layerIndex: The text of `layers/index.tsv`.
    ///   - store: Where the tensors are.
    public init(
        name: String,
        tensors: [TensorRecord],
        documents: [QueryAnswerFiles.Document],
        layerIndex: [UInt8],
        store: ParameterStore
    ) {
        entries = [Entry(name: Array(name.utf8), parent: nil, content: .directory)]
        for document in documents { add(document.name, in: 0, .bytes(document.bytes)) }
        if let model = Self.model(tensors, store) {
            add("model.safetensors", in: 0, .stored(model))
        }
        let layers = add("layers", in: 0, .directory)
        add("index.tsv", in: layers, .bytes(layerIndex))
        var folders: [String: Int] = [:]
        let paths = LayerNaming.paths(of: tensors.map(\.description.name))
        for (tensor, path) in zip(tensors, paths) {
            var folder = layers
            if let layer = path.layer {
                folder = folders[layer] ?? add(layer, in: layers, .directory)
                folders[layer] = folder
            }
            let array = FileExtents(ArrayFile.parts(of: tensor, in: store), store: store)
            add(path.fileName, in: folder, .stored(array))
        }
    }

    @discardableResult
    private mutating func add(_ name: String, in parent: Int, _ content: Entry.Content) -> Int {
        entries.append(Entry(name: Array(name.utf8), parent: parent, content: content))
        return entries.count - 1
    }

    /// The layout of the reference writer; nil if one of the tensors cannot be in it.
    private static func model(_ tensors: [TensorRecord], _ store: ParameterStore) -> FileExtents? {
        let descriptions = tensors.map(\.description)
        guard descriptions.allSatisfy({ SafetensorsHeader.isRepresentable($0) }) else { return nil }
        let layout = SafetensorsHeader.layout(of: descriptions)
        let parts = layout.order.compactMap { index -> (Int, FileExtents.Source)? in
            let tensor = tensors[index]
            guard let content = tensor.content else { return nil }
            let elements = TensorElements(
                tensor,
                in: content,
                of: store,
                isOrdered: true,
                isWidened: false
            )
            return (tensor.description.byteCount ?? 0, elements.source)
        }
        return FileExtents(
            [(layout.header.count, .bytes(layout.header))] + parts, store: store
        )
    }
}
