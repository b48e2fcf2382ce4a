import Catalog
import FloatSchemes
import Foundation
import ModelFormats
import ParameterStore
import SystemPackage
import Tensors

/// Writes the tensors of a weight file, in a float scheme, as a safetensors file.
///
/// Weights go through in pieces, so memory does not grow with the tensors; only those in column-major
/// order, which the format lacks, are turned in memory.
struct SchemeWriter {
    let scheme: FloatScheme
    let store: ParameterStore

    /// The elements that are converted at a time.
    private static let pieceElementCount = 1 << 18

    /// Writes a file.
    ///
    /// - Parameters:
    ///   - file: The name of the original, for messages.
    ///   - tensors: Its tensors.
    ///   - path: Where the new file goes; nothing may be there.
    /// - Returns: The error of every tensor that was converted, in the order of the file.
    func write(
        _ file: String,
        _ tensors: [TensorRecord],
        to path: String
    ) throws -> [LossyCopy.Tensor] {
        var encoders = tensors.map { tensor in
            FloatElements.isSupported(tensor.description.dtype)
                ? SchemeEncoder(scheme, tensor.description.dtype) : nil
        }
        let descriptions = zip(tensors, encoders).map { tensor, encoder in
            TensorDescription(
                name: tensor.description.name,
                dtype: encoder?.dtype ?? tensor.description.dtype,
                shape: tensor.description.shape
            )
        }
        guard Set(descriptions.map(\.name)).count == descriptions.count,
            descriptions.allSatisfy({ SafetensorsHeader.isRepresentable($0) })
        else {
            throw ArchiveError(
                .invalid,
                "'\(file)' cannot be copied with a float scheme: safetensors, in which copies are "
                    + "written, lacks a dtype of it, or two of its tensors have one name."
            )
        }
        let layout = SafetensorsHeader.layout(of: descriptions)
        let output = try Self.create(path)
        defer { try? output.close() }
        do {
            _ = try output.writeAll(layout.header)
            for index in layout.order {
                let tensor = tensors[index]
                guard var encoder = encoders[index] else {
                    try forEachPiece(of: tensor) { _ = try output.writeAll($0) }
                    continue
                }
                try prepare(&encoder, for: tensor)
                try forEachPiece(of: tensor) { piece in
                    let values = FloatElements.values(piece, tensor.description.dtype)
                    _ = try output.writeAll(encoder.encode(values))
                }
                encoders[index] = encoder
            }
        } catch let error as Errno {
            throw ArchiveError.system("write '\(path)'", error)
        }
        return layout.order.compactMap { index in
            encoders[index].map {
                LossyCopy.Tensor(file: file, name: descriptions[index].name, error: $0.error)
            }
        }
    }

    private static func create(_ path: String) throws -> FileDescriptor {
        do {
            return try FileDescriptor.open(
                FilePath(path),
                .writeOnly,
                options: [.create, .exclusiveCreate, .closeOnExec],
                permissions: [.ownerReadWrite, .groupRead, .otherRead]
            )
        } catch Errno.fileExists {
            throw ArchiveError(
                .invalid,
                "Two files of the version would become '\((path as NSString).lastPathComponent)': a "
                    + "float scheme writes safetensors files."
            )
        } catch {
            throw ArchiveError.system("write '\(path)'", error)
        }
    }

    /// Tells an encoder what it needs to know of the whole tensor.
    private func prepare(_ encoder: inout SchemeEncoder, for tensor: TensorRecord) throws {
        let dtype = tensor.description.dtype
        if encoder.needsRange {
            try forEachPiece(of: tensor) { encoder.observe(FloatElements.values($0, dtype)) }
        }
        let count = tensor.description.elementCount ?? 0
        guard encoder.drawnCount > 0, count > 0, let content = tensor.content else { return }
        // The same tensor gives the same levels: the draw depends on its name alone.
        var state = tensor.description.name.utf8.reduce(0xCBF2_9CE4_8422_2325) { hash, byte in
            (hash ^ UInt64(byte)) &* 0x100_0000_01B3
        }
        var element = [UInt8](repeating: 0, count: dtype.storageWidth)
        var drawn: [Double] = []
        for _ in 0..<encoder.drawnCount {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let index = Int((state >> 1).multipliedFullWidth(by: UInt64(count) << 1).high)
            try element.withUnsafeMutableBytes {
                try store.read(content, at: tensor.byteOffset + index * $0.count, into: $0)
            }
            drawn += element.withUnsafeBytes { FloatElements.values($0, dtype) }
        }
        encoder.setLevels(drawn)
    }

    /// Calls a function with the elements in row-major order, in pieces of whole elements.
    private func forEachPiece(
        of tensor: TensorRecord,
        _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let byteCount = tensor.description.byteCount ?? 0
        guard let content = tensor.content, byteCount > 0 else { return }
        if tensor.description.isFortranOrder, tensor.description.shape.count > 1 {
            var bytes = [UInt8](repeating: 0, count: byteCount)
            try bytes.withUnsafeMutableBytes {
                try store.read(content, at: tensor.byteOffset, into: $0)
            }
            let turned = Self.rowMajor(bytes, tensor.description)
            try turned.withUnsafeBytes { try body($0) }
            return
        }
        let size = min(byteCount, Self.pieceElementCount * max(1, tensor.description.dtype.storageWidth))
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 64)
        defer { buffer.deallocate() }
        var offset = 0
        while offset < byteCount {
            let part = UnsafeMutableRawBufferPointer(
                rebasing: buffer[..<min(size, byteCount - offset)]
            )
            try store.read(content, at: tensor.byteOffset + offset, into: part)
            try body(UnsafeRawBufferPointer(part))
            offset += part.count
        }
    }

    private static func rowMajor(_ bytes: [UInt8], _ tensor: TensorDescription) -> [UInt8] {
        let width = max(1, tensor.dtype.bitWidth / 8)
        var strides = [Int](repeating: 1, count: tensor.shape.count)
        for axis in strides.indices.dropFirst() {
            strides[axis] = strides[axis - 1] * tensor.shape[axis - 1]
        }
        var turned: [UInt8] = []
        turned.reserveCapacity(bytes.count)
        var place = [Int](repeating: 0, count: tensor.shape.count)
        for _ in 0..<bytes.count / width {
            let index = zip(place, strides).reduce(0) { $0 + $1.0 * $1.1 }
            turned += bytes[index * width..<(index + 1) * width]
            for axis in place.indices.reversed() {
                place[axis] += 1
                if place[axis] < tensor.shape[axis] { break }
                place[axis] = 0
            }
        }
        return turned
    }
}
