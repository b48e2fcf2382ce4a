import Foundation
import Tensors

/// Reads the weights of a `torch.export` archive (`.pt2`): raw records, and JSON that describes them.
enum TorchExport {
    /// The members of `model_weights_config.json` that matter.
    private struct Configuration: Decodable {
        struct Size: Decodable { let as_int: Int }
        struct Metadata: Decodable {
            let dtype: Int
            let sizes: [Size]
            let strides: [Size]
            let storage_offset: Size
        }
        struct Entry: Decodable {
            let path_name: String
            let use_pickle: Bool?
            let tensor_meta: Metadata?
        }
        let config: [String: Entry]
    }

    private static let byteCountMax = 64 << 20

    /// The tensors of an archive; nil if it is none of `torch.export`.
    static func views(
        members: [String: ZipArchive.Member],
        root: String,
        _ source: any ByteSource
    ) throws -> (views: [TorchTensors.View], records: [String: TorchMap.Record])? {
        var views: [TorchTensors.View] = []
        var records: [String: TorchMap.Record] = [:]
        var isFound = false
        let lists = members.keys.filter {
            $0.hasPrefix("\(root)/data/") && $0.hasSuffix("_config.json")
        }
        for list in lists.sorted() {
            guard let member = members[list], member.isStored, member.byteCount <= byteCountMax else {
                throw ModelFormatError("Its record '\(list)' is compressed or too large.")
            }
            isFound = true
            let data = Data(try source.bytes(in: member.data))
            guard let configuration = try? JSONDecoder().decode(Configuration.self, from: data)
            else { throw ModelFormatError("Its record '\(list)' cannot be read.") }
            let folder = list.prefix(through: list.lastIndex(of: "/") ?? list.startIndex)
            for (name, entry) in configuration.config.sorted(by: { $0.key < $1.key }) {
                guard entry.use_pickle != true, let metadata = entry.tensor_meta else { continue }
                guard let record = members[folder + entry.path_name], record.isStored,
                    let dtype = TorchType.dtype(code: metadata.dtype)
                else { throw ModelFormatError("Its tensor '\(name)' cannot be found.") }
                let key = String(folder) + entry.path_name
                let storage = TorchStorage(key: key, dtype: dtype, byteCount: record.byteCount)
                records[key] = TorchMap.Record(storage: storage, byteRange: record.data)
                let strides = metadata.strides.map(\.as_int)
                let offset = metadata.storage_offset.as_int
                guard strides.allSatisfy({ $0 >= 0 }), offset >= 0,
                    strides.count == metadata.sizes.count
                else { throw ModelFormatError("Its tensor '\(name)' has impossible strides.") }
                let description = TensorDescription(
                    name: name,
                    dtype: dtype,
                    shape: metadata.sizes.map(\.as_int),
                    strides: strides
                )
                views.append(.init(description: description, storage: storage, offset: offset))
            }
        }
        return isFound ? (views, records) : nil
    }
}

extension TorchStorage {
    /// A storage that no pickle describes.
    init(key: String, dtype: DType, byteCount: Int) {
        self.key = key
        self.dtype = dtype
        self.byteCount = byteCount
        elementCount = byteCount / dtype.block.byteCount
        viewOffset = 0
    }
}
