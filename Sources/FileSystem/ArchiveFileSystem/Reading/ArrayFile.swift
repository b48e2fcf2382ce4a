import Catalog
import ModelFormats
import ParameterStore
import TensorCoding
import Tensors

/// A tensor as a `.npy` file: a header, then the elements.
enum ArrayFile {
    /// The size of the file in bytes.
    static func byteCount(of tensor: TensorDescription) -> Int {
        header(of: tensor).count + dataByteCount(of: tensor)
    }

    /// What the file consists of.
    static func parts(
        of tensor: TensorRecord,
        in store: ParameterStore,
        resolution: Resolution = .full
    ) -> [(byteCount: Int, source: FileExtents.Source)] {
        let description = tensor.description
        let header = header(of: description)
        let head: (Int, FileExtents.Source) = (header.count, .bytes(header))
        guard let content = tensor.content else { return [head] }
        let elements = TensorElements(
            tensor,
            in: content,
            of: store,
            isOrdered: isOrdered(description),
            isWidened: NpyHeader.isWidened(description.dtype),
            resolution: resolution
        )
        return [head, (dataByteCount(of: description), elements.source)]
    }

    /// Whether the elements must be put in order. A column-major or big-endian array can stay one, since
    /// the header says so; what is widened is little-endian.
    private static func isOrdered(_ tensor: TensorDescription) -> Bool {
        !tensor.isContiguous || tensor.isBigEndian && NpyHeader.isWidened(tensor.dtype)
    }

    private static func header(of tensor: TensorDescription) -> [UInt8] {
        // Packed narrow numbers and blocks have no name in numpy: their bytes are shown.
        NpyHeader.bytes(
            dtype: tensor.dtype,
            shape: SafetensorsHeader.byteShape(of: tensor),
            isFortranOrder: tensor.isFortranOrder && !isOrdered(tensor),
            isBigEndian: tensor.isBigEndian && !isOrdered(tensor)
        )
    }

    private static func dataByteCount(of tensor: TensorDescription) -> Int {
        NpyHeader.isWidened(tensor.dtype)
            ? 4 * (tensor.elementCount ?? 0) : tensor.byteCount ?? 0
    }
}
