/// Calls the kernels of the width that an element kind has.
enum ChunkPlanes {
    /// Splits a chunk into byte planes.
    static func split(
        _ chunk: UnsafeRawBufferPointer,
        kind: ElementKind,
        into planes: UnsafeMutableRawBufferPointer
    ) {
        func run<Word: FixedWidthInteger & UnsignedInteger>(_: Word.Type) {
            let count = chunk.count / (Word.bitWidth / 8)
            guard count > 0, let elements = chunk.baseAddress, let output = planes.baseAddress else {
                return
            }
            PlaneKernels.split(
                elements.assumingMemoryBound(to: Word.self),
                count: count,
                into: output.assumingMemoryBound(to: UInt8.self)
            )
        }
        dispatch(kind, run, run, run, run)
    }

    /// Joins byte planes of `planeCount` elements to as many of them as the chunk has room for.
    static func join(
        _ planes: UnsafeRawBufferPointer,
        planeCount: Int,
        kind: ElementKind,
        into chunk: UnsafeMutableRawBufferPointer
    ) {
        func run<Word: FixedWidthInteger & UnsignedInteger>(_: Word.Type) {
            let count = chunk.count / (Word.bitWidth / 8)
            guard count > 0, let input = planes.baseAddress, let elements = chunk.baseAddress else {
                return
            }
            PlaneKernels.join(
                input.assumingMemoryBound(to: UInt8.self),
                planeCount: planeCount,
                count: count,
                into: elements.assumingMemoryBound(to: Word.self)
            )
        }
        dispatch(kind, run, run, run, run)
    }

    /// Gives the folded differences of a chunk to its base, element by element.
    static func difference(
        _ chunk: UnsafeRawBufferPointer,
        _ base: UnsafeRawBufferPointer,
        kind: ElementKind,
        into folded: UnsafeMutableRawBufferPointer
    ) {
        func run<Word: FixedWidthInteger & UnsignedInteger>(_: Word.Type) {
            let count = chunk.count / (Word.bitWidth / 8)
            guard count > 0, let elements = chunk.baseAddress, let other = base.baseAddress,
                let output = folded.baseAddress
            else { return }
            PlaneKernels.difference(
                elements.assumingMemoryBound(to: Word.self),
                other.assumingMemoryBound(to: Word.self),
                count: count,
                isFloatingPoint: kind.isFloatingPoint,
                into: output.assumingMemoryBound(to: Word.self)
            )
        }
        dispatch(kind, run, run, run, run)
    }

    /// Joins planes of folded differences, and adds them to the elements of the base, in place.
    static func addDifference(
        _ planes: UnsafeRawBufferPointer,
        planeCount: Int,
        kind: ElementKind,
        to chunk: UnsafeMutableRawBufferPointer
    ) {
        func run<Word: FixedWidthInteger & UnsignedInteger>(_: Word.Type) {
            let count = chunk.count / (Word.bitWidth / 8)
            guard count > 0, let input = planes.baseAddress, let elements = chunk.baseAddress else {
                return
            }
            PlaneKernels.addDifference(
                input.assumingMemoryBound(to: UInt8.self),
                planeCount: planeCount,
                count: count,
                isFloatingPoint: kind.isFloatingPoint,
                to: elements.assumingMemoryBound(to: Word.self)
            )
        }
        dispatch(kind, run, run, run, run)
    }

    private static func dispatch(
        _ kind: ElementKind,
        _ one: (UInt8.Type) -> Void,
        _ two: (UInt16.Type) -> Void,
        _ four: (UInt32.Type) -> Void,
        _ eight: (UInt64.Type) -> Void
    ) {
        switch kind.width {
        case 1: one(UInt8.self)
        case 2: two(UInt16.self)
        case 4: four(UInt32.self)
        default: eight(UInt64.self)
        }
    }
}
