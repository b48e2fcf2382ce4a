import Tensors

/// Finds the datasets of an HDF5 file (HDF5 File Format Specification 3.0), as far as Keras and Caffe
/// write them: contiguous and compact datasets of numbers in groups of the old or the compact new form.
///
///     superblock ─> root group ─> B-tree or link messages ─> … ─> object header of a dataset
///                                                               dataspace 1 · datatype 3 · layout 8
///
/// Chunked and compressed datasets stay in the bytes between; one that reads another file makes the
/// whole file suspicious.
struct HDF5File {
    static let magic: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

    /// More objects, or deeper groups, are no model.
    private static let objectCountMax = 1_000_000
    private static let depthMax = 100

    private let file: HDF5Reader
    private var tensors: [MappedTensor] = []
    private var left: String?
    private var visited: Set<Int> = []
    private var objectCount = 0

    static func map(_ source: any ByteSource) throws -> FileMapping {
        let found = try read(source)
        return try map(
            .hdf5,
            found.tensors,
            note: found.left,
            offset: 0,
            byteCount: source.byteCount
        )
    }

    /// The datasets of a file, and why one could not be mapped.
    static func read(
        _ source: any ByteSource
    ) throws -> (tensors: [MappedTensor], left: String?) {
        let reader = try HDF5Reader(source)
        var file = HDF5File(file: reader)
        try file.visit(reader.rootAddress, path: "", depth: 0)
        return (file.tensors, file.left)
    }

    /// The map of datasets that lie behind an offset of the whole file.
    static func map(
        _ format: WeightFormat,
        _ tensors: [MappedTensor],
        note: String?,
        offset: Int,
        byteCount: Int
    ) throws -> FileMapping {
        var storages: [Range<Int>: Storage] = [:]
        let moved = tensors.map { tensor in
            let range = tensor.byteRange.lowerBound + offset..<tensor.byteRange.upperBound + offset
            if !range.isEmpty {
                storages[range] = Storage(
                    byteRange: range,
                    dtype: tensor.description.dtype,
                    isBigEndian: tensor.description.isBigEndian,
                    // Keras keeps the optimizer's variables beside those of the layers.
                    part: tensor.description.name.hasPrefix("optimizer") ? "optimizer" : ""
                )
            }
            return MappedTensor(description: tensor.description, byteRange: range)
        }
        let map = SpanMap(
            format: format,
            byteCount: byteCount,
            storages: Array(storages.values),
            tensors: moved
        )
        guard var map else { throw ModelFormatError("Two of its datasets overlap.") }
        map.note = note
        return .mapped(map)
    }

    private init(file: HDF5Reader) {
        self.file = file
    }

    private mutating func visit(_ address: Int, path: String, depth: Int) throws {
        objectCount += 1
        guard depth < Self.depthMax, objectCount < Self.objectCountMax else {
            throw ModelFormatError("Its groups lie too deep, or are too many.")
        }
        let messages = try file.messages(ofObjectAt: address)
        if messages.contains(where: { $0.type == 0x08 }) {
            return try addDataset(messages, name: path)
        }
        guard visited.insert(address).inserted else { return }
        for (name, child) in try file.links(in: messages) {
            try visit(child, path: path.isEmpty ? name : path + "/" + name, depth: depth + 1)
        }
    }

    private mutating func addDataset(_ messages: [HDF5Reader.Message], name: String) throws {
        let dataset = try HDF5Dataset(messages, of: file, name: name)
        switch dataset.elements {
        case .mapped(let tensor): tensors.append(tensor)
        case .noNumbers: break
        case .left(let reason): left = left ?? reason
        }
    }
}

/// A model of Keras 3: a zip archive with an HDF5 file and descriptions in it.
enum KerasArchive {
    /// The member with the weights.
    static let weightsName = "model.weights.h5"

    static func map(_ archive: ZipArchive, _ source: any ByteSource) throws -> FileMapping {
        guard let member = archive.member(weightsName) else {
            return .keptWhole(reason: "it holds no '\(weightsName)'.")
        }
        guard member.isStored else {
            return .keptWhole(reason: "its member '\(weightsName)' is compressed.")
        }
        let found = try HDF5File.read(PartOfSource(source: source, range: member.data))
        return try HDF5File.map(
            .keras,
            found.tensors,
            note: found.left,
            offset: member.data.lowerBound,
            byteCount: source.byteCount
        )
    }
}
