import Catalog
import ModelFormats
import ParameterStore
import Tensors

/// A tensor as a `.npy` file: a header, then the elements.
enum ArrayFile {
    /// The size of the file in bytes.
    static func byteCount(of tensor: TensorDescription) -> Int {
        header(of: tensor).count + dataByteCount(of: tensor)
    }

    /// What the file consists of.
    static func parts(of tensor: TensorRecord) -> [(byteCount: Int, source: FileExtents.Source)] {
        let description = tensor.description
        let header = header(of: description)
        let head: (Int, FileExtents.Source) = (header.count, .bytes(header))
        guard let content = tensor.content else { return [head] }
        let source: FileExtents.Source =
            NpyHeader.isWidened(description.dtype)
            ? .widened(content, offset: tensor.byteOffset, description.dtype)
            : .content(content, offset: tensor.byteOffset)
        return [head, (dataByteCount(of: description), source)]
    }

    private static func header(of tensor: TensorDescription) -> [UInt8] {
        // Packed narrow floats, of less than a byte, have no name in numpy: their bytes are shown.
        guard tensor.dtype.bitWidth >= 8 else {
            return NpyHeader.bytes(
                dtype: .u8,
                shape: [tensor.byteCount ?? 0],
                isFortranOrder: false
            )
        }
        return NpyHeader.bytes(
            dtype: tensor.dtype,
            shape: tensor.shape,
            isFortranOrder: tensor.isFortranOrder
        )
    }

    private static func dataByteCount(of tensor: TensorDescription) -> Int {
        NpyHeader.isWidened(tensor.dtype)
            ? 4 * (tensor.elementCount ?? 0) : tensor.byteCount ?? 0
    }
}
