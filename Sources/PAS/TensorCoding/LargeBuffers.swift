import Foundation
import Synchronization

/// Memory for chunks and tables, used again: fresh memory from the system costs a page fault every 4 KiB, a
/// quarter of the time that a read takes.
///
/// It comes from slabs of 2 MiB, which the kernel gives as huge pages where it can, cut into pieces of
/// 1, 2, 4 … grains, each at a multiple of its size. Slabs that are free go back to the system but for a
/// few, so the memory is that of the chunks that are alive and little more.
public final class LargeBuffers: Sendable {
    /// The buffers of this process.
    public static let shared = LargeBuffers()

    private static let grainByteCount = 1 << 16
    private static let slabByteCount = 1 << 21

    /// Free slabs that are kept: as much as a few readers have in flight.
    private static let idleSlabCountMax = 8

    private struct Slab {
        let start: UInt
        /// A bit a grain, set where the grain is free.
        var free = UInt32.max
    }

    private struct State {
        var slabs: [Slab] = []
        var indices: [UInt: Int] = [:]
        var idleCount = 0
        /// Where a free piece was found last.
        var next = 0
    }

    private let state = Mutex(State())

    /// The bytes of all slabs.
    var byteCount: Int { state.withLock { $0.slabs.count * Self.slabByteCount } }

    /// Memory of a size, for one owner.
    public func take(byteCount: Int) -> UnsafeMutableRawPointer {
        guard let grains = Self.grains(byteCount) else {
            return .allocate(byteCount: max(byteCount, 1), alignment: 64)
        }
        let found = state.withLock { state -> UInt in
            for step in state.slabs.indices {
                let index = (state.next + step) % state.slabs.count
                if let start = Self.cut(grains, from: index, &state) { return start }
            }
            let slab = Slab(start: UInt(bitPattern: Self.map()))
            state.indices[slab.start] = state.slabs.count
            state.slabs.append(slab)
            state.idleCount += 1
            return Self.cut(grains, from: state.slabs.count - 1, &state) ?? 0
        }
        // Nothing can be done without memory, as anywhere in Swift.
        guard let start = UnsafeMutableRawPointer(bitPattern: found) else {
            preconditionFailure("out of memory")
        }
        return start
    }

    /// Gives memory back that was taken with the same size.
    public func giveBack(_ start: UnsafeMutableRawPointer, byteCount: Int) {
        guard let grains = Self.grains(byteCount) else { return start.deallocate() }
        let address = UInt(bitPattern: start)
        let base = address & ~UInt(Self.slabByteCount - 1)
        let unneeded = state.withLock { state -> UInt? in
            guard let index = state.indices[base] else { return nil }
            let shift = (address - base) / UInt(Self.grainByteCount)
            state.slabs[index].free |= Self.mask(grains) << UInt32(shift)
            guard state.slabs[index].free == .max else { return nil }
            guard state.idleCount >= Self.idleSlabCountMax else {
                state.idleCount += 1
                return nil
            }
            Self.remove(index, &state)
            return base
        }
        if let unneeded, let slab = UnsafeMutableRawPointer(bitPattern: unneeded) { free(slab) }
    }

    /// The grains of a size, a power of two; nil for what the allocator does as well.
    private static func grains(_ byteCount: Int) -> Int? {
        guard byteCount >= grainByteCount, byteCount <= slabByteCount else { return nil }
        var grains = 1
        while grains * grainByteCount < byteCount { grains *= 2 }
        return grains
    }

    private static func mask(_ grains: Int) -> UInt32 {
        grains == 32 ? .max : 1 << UInt32(grains) - 1
    }

    private static func cut(_ grains: Int, from index: Int, _ state: inout State) -> UInt? {
        let free = state.slabs[index].free
        guard free != 0 else { return nil }
        let mask = mask(grains)
        for shift in stride(from: 0, to: 32, by: grains) where free >> UInt32(shift) & mask == mask {
            if free == .max { state.idleCount -= 1 }
            state.slabs[index].free &= ~(mask << UInt32(shift))
            state.next = index
            return state.slabs[index].start + UInt(shift * grainByteCount)
        }
        return nil
    }

    private static func map() -> UnsafeMutableRawPointer? {
        var start: UnsafeMutableRawPointer?
        guard posix_memalign(&start, slabByteCount, slabByteCount) == 0 else { return nil }
        // MADV_HUGEPAGE is 14; where there are no huge pages, the usual ones do.
        if let start { madvise(start, slabByteCount, 14) }
        return start
    }

    /// Takes a slab out of the list; the last one moves into its place.
    private static func remove(_ index: Int, _ state: inout State) {
        state.indices[state.slabs[index].start] = nil
        let last = state.slabs.removeLast()
        if index < state.slabs.count {
            state.slabs[index] = last
            state.indices[last.start] = index
        }
        state.next = 0
    }
}
