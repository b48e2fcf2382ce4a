import Tensors

/// Joins the tensors of a checkpoint with the places of its storages.
struct TorchMap {
    /// A storage with its place in the file.
    struct Record {
        let storage: TorchStorage
        let byteRange: Range<Int>
    }

    let isBigEndian: Bool
    /// By their places: two pickles may refer to one storage.
    private var storages: [Range<Int>: Storage] = [:]
    private var tensors: [MappedTensor] = []

    init(isBigEndian: Bool) {
        self.isBigEndian = isBigEndian
    }

    /// Adds the tensors of a pickle.
    ///
    /// - Parameters:
    ///   - views: The tensors.
    ///   - records: The storages that they refer to, by their keys.
    /// - Throws: ``ModelFormatError`` if a tensor lies outside its storage.
    mutating func add(
        _ views: [TorchTensors.View],
        records: [String: Record]
    ) throws {
        for record in records.values where storages[record.byteRange] == nil {
            storages[record.byteRange] = Storage(
                byteRange: record.byteRange,
                dtype: record.storage.dtype,
                isBigEndian: isBigEndian
            )
        }
        var named: Set<Range<Int>> = []
        for view in views {
            guard let range = records[view.storage.key]?.byteRange else { continue }
            var description = view.description
            description.isBigEndian = isBigEndian && description.dtype.storageWidth > 1
            if named.insert(range).inserted {
                // An untyped storage is what its first tensor says.
                storages[range]?.dtype = description.dtype
                storages[range]?.isBigEndian = description.isBigEndian
                storages[range]?.part = view.part
            }
            // Offsets count bytes where the dtype is less than a byte.
            let width = max(1, description.dtype.isAddressable ? description.dtype.block.byteCount : 1)
            let (start, overflow) = view.offset.multipliedReportingOverflow(by: width)
            guard let byteCount = description.spannedByteCount, !overflow,
                byteCount == 0 || (start <= range.count && byteCount <= range.count - start)
            else {
                throw ModelFormatError("The tensor '\(description.name)' lies outside its storage.")
            }
            let place = byteCount == 0 ? range.lowerBound : range.lowerBound + start
            tensors.append(
                MappedTensor(description: description, byteRange: place..<place + byteCount)
            )
        }
    }

    /// The map of the file.
    func map(format: WeightFormat, byteCount: Int) throws -> FileMapping {
        let map = SpanMap(
            format: format,
            byteCount: byteCount,
            storages: storages.values.filter { !$0.byteRange.isEmpty },
            tensors: tensors
        )
        guard let map else { throw ModelFormatError("Two of its storages overlap.") }
        return .mapped(map)
    }
}
