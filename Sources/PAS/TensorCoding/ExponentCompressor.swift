import CZstd

/// Compresses the exponents of floats by Huffman's code alone, as libzstd implements it.
///
/// Exponents repeat without a pattern: looking for matches costs speed and ratio. At the fastest level
/// libzstd finds none, and the parameter `literalCompressionMode` makes it code the literals all the
/// same. That parameter is known by its number, since its name is not in the stable header; a libzstd
/// that does not know it gets a level that codes literals and finds few matches (ratio .8289 instead of
/// .8279 of a network's weights).
final class ExponentCompressor {
    private let context: OpaquePointer

    /// `ZSTD_c_experimentalParam5`, `ZSTD_c_literalCompressionMode` of `zstd.h` with
    /// `ZSTD_STATIC_LINKING_ONLY`; 1 is `ZSTD_ps_enable`.
    private static let literalCompressionMode = ZSTD_cParameter(rawValue: 1002)

    init() throws(TensorCodingError) {
        guard let context = ZSTD_createCCtx() else {
            throw TensorCodingError(.zstd, "libzstd has no memory for a context")
        }
        self.context = context
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 0)
        ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 1)
        let isForced = ZSTD_CCtx_setParameter(context, Self.literalCompressionMode, 1)
        if ZSTD_isError(isForced) == 0 {
            ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, ZSTD_minCLevel())
        } else {
            ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, 1)
            ZSTD_CCtx_setParameter(context, ZSTD_c_hashLog, 6)
            ZSTD_CCtx_setParameter(context, ZSTD_c_minMatch, 7)
            ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, 17)
        }
    }

    deinit {
        ZSTD_freeCCtx(context)
    }

    /// The bytes that the frame of so many exponents cannot exceed.
    static func bound(_ count: Int) -> Int { ZSTD_compressBound(count) }

    /// Compresses exponents to one frame.
    ///
    /// - Parameters:
    ///   - exponents: A byte each.
    ///   - frame: At least ``bound(_:)`` bytes.
    /// - Returns: The size of the frame.
    func compress(
        _ exponents: UnsafeRawBufferPointer,
        into frame: UnsafeMutableRawBufferPointer
    ) throws(TensorCodingError) -> Int {
        let result = ZSTD_compress2(
            context,
            frame.baseAddress,
            frame.count,
            exponents.baseAddress,
            exponents.count
        )
        guard ZSTD_isError(result) == 0 else {
            throw TensorCodingError(.zstd, String(cString: ZSTD_getErrorName(result)))
        }
        return result
    }

    /// Appends the frame of some bytes that vary without a pattern.
    func append(_ bytes: [UInt8], to frames: inout [UInt8]) throws(TensorCodingError) {
        var frame = [UInt8](repeating: 0, count: Self.bound(bytes.count))
        var result: Result<Int, TensorCodingError> = .success(0)
        bytes.withUnsafeBytes { source in
            frame.withUnsafeMutableBytes { target in
                result = Result { () throws(TensorCodingError) in try compress(source, into: target) }
            }
        }
        frames += frame[..<(try result.get())]
    }
}
