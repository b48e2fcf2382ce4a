import CZstd

/// Compresses buffers to single zstd frames that carry their size (RFC 8878); streams are checked as a whole.
///
/// Owns a context of libzstd, so it is used by one thread at a time.
public final class ZstdCompressor {
    /// How much work compression is worth.
    public enum Effort: Int32, Sendable {
        /// For bytes that are noise: they are stored, at the speed of copying.
        case none = -1000
        /// For byte planes, whose gain lies in their skewed frequencies alone.
        case low = 1
        /// For text and headers.
        case normal = 3
    }

    private let context: OpaquePointer

    /// Makes a context.
    ///
    /// - Throws: ``TensorCodingError`` if there is no memory for one.
    public init() throws(TensorCodingError) {
        guard let context = ZSTD_createCCtx() else {
            throw TensorCodingError(.zstd, "libzstd has no memory for a context")
        }
        self.context = context
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 0)
        ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 1)
    }

    deinit {
        ZSTD_freeCCtx(context)
    }

    /// Appends a frame.
    ///
    /// - Parameters:
    ///   - source: The bytes to compress.
    ///   - effort: How much work it is worth.
    ///   - frames: Gets the frame at its end.
    public func append(
        _ source: UnsafeRawBufferPointer,
        effort: Effort,
        to frames: inout [UInt8]
    ) throws(TensorCodingError) {
        let bound = ZSTD_compressBound(source.count)
        let start = frames.count
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, effort.rawValue)
        var result = 0
        let context = self.context
        let grown = [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
            result = ZSTD_compress2(
                context,
                buffer.baseAddress,
                bound,
                source.baseAddress,
                source.count
            )
            count = ZSTD_isError(result) != 0 ? 0 : result
        }
        guard ZSTD_isError(result) == 0 else {
            throw TensorCodingError(.zstd, String(cString: ZSTD_getErrorName(result)))
        }
        if start == 0 { frames = grown } else { frames += grown }
    }
}

/// Decompresses single zstd frames; owns a context, so it is used by one thread at a time.
public final class ZstdDecompressor {
    private let context: OpaquePointer

    /// Makes a context.
    ///
    /// - Throws: ``TensorCodingError`` if there is no memory for one.
    public init() throws(TensorCodingError) {
        guard let context = ZSTD_createDCtx() else {
            throw TensorCodingError(.zstd, "libzstd has no memory for a context")
        }
        self.context = context
    }

    deinit {
        ZSTD_freeDCtx(context)
    }

    private static let idle = ScratchPool { try ZstdDecompressor() }

    /// Runs a function with a context that no other thread uses, made once for as many as work at a time.
    static func withIdle<Value>(
        _ body: (ZstdDecompressor) throws(TensorCodingError) -> Value
    ) throws(TensorCodingError) -> Value {
        do {
            return try idle.use(body)
        } catch let error as TensorCodingError {
            throw error
        } catch {
            throw TensorCodingError(.zstd, "\(error)")
        }
    }

    /// The size of the content that the frame at the beginning of `stream` claims to hold.
    public static func contentByteCount(
        _ stream: UnsafeRawBufferPointer
    ) throws(TensorCodingError) -> Int {
        let size = ZSTD_getFrameContentSize(stream.baseAddress, stream.count)
        // ZSTD_CONTENTSIZE_UNKNOWN and _ERROR are the two largest values.
        guard size < UInt64.max - 1, size <= UInt64(Int.max) else {
            throw TensorCodingError(.damaged, "a stream does not begin with a zstd frame")
        }
        return Int(size)
    }

    /// Decompresses the frame at the beginning of `stream`, which must fill `output` exactly.
    ///
    /// - Returns: The number of bytes that the frame takes in the stream.
    /// - Throws: ``TensorCodingError`` if it is damaged, cut off, or of another size.
    public func decompress(
        _ stream: UnsafeRawBufferPointer,
        into output: UnsafeMutableRawBufferPointer
    ) throws(TensorCodingError) -> Int {
        let frame = ZSTD_findFrameCompressedSize(stream.baseAddress, stream.count)
        guard ZSTD_isError(frame) == 0 else {
            throw TensorCodingError(.damaged, "a stream ends within a zstd frame")
        }
        guard try Self.contentByteCount(stream) == output.count else {
            throw TensorCodingError(.damaged, "a zstd frame holds another number of bytes than due")
        }
        let result = ZSTD_decompressDCtx(
            context,
            output.baseAddress,
            output.count,
            stream.baseAddress,
            frame
        )
        guard ZSTD_isError(result) == 0, result == output.count else {
            let reason = ZSTD_isError(result) == 0 ? "short frame" : String(cString: ZSTD_getErrorName(result))
            throw TensorCodingError(.damaged, "a zstd frame is damaged (\(reason))")
        }
        return frame
    }

    /// Decompresses the first of several frames.
    ///
    /// - Parameters:
    ///   - frames: The frames.
    ///   - bytes: Gets the content of the first, which must be of its size.
    /// - Returns: The other frames.
    /// - Throws: ``TensorCodingError`` if it is damaged, cut off, or of another size.
    func decompressFirst(
        of frames: UnsafeRawBufferPointer,
        into bytes: inout [Int8]
    ) throws(TensorCodingError) -> UnsafeRawBufferPointer {
        var result: Result<Int, TensorCodingError> = .success(0)
        bytes.withUnsafeMutableBytes { output in
            result = Result { () throws(TensorCodingError) in
                try decompress(frames, into: output)
            }
        }
        return UnsafeRawBufferPointer(rebasing: frames[(try result.get())...])
    }
}
