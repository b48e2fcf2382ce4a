/// Damages files as attackers and broken disks do: bits, numbers at the edges of their range, pieces that
/// are cut out, doubled or moved, and ends that are missing.
public struct FileMutator {
    private var generator: SeededGenerator

    /// Numbers at which arithmetic goes wrong.
    private static let edges: [UInt64] = [
        0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF, 1 << 32, 1 << 60, 1 << 62,
        UInt64(Int64.max), 1 << 63, .max,
    ]

    /// The same seed damages in the same way.
    public init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    /// A damaged copy of a file.
    public mutating func mutate(_ good: [UInt8]) -> [UInt8] {
        var bytes = good
        for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
            damage(&bytes)
        }
        return bytes
    }

    private mutating func damage(_ bytes: inout [UInt8]) {
        let place = place(in: bytes.count)
        let length = min(bytes.count - place, Int.random(in: 1...64, using: &generator))
        switch Int.random(in: 0..<7, using: &generator) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 1: bytes[place] = UInt8.random(in: .min ... .max, using: &generator)
        case 2, 3:
            let edge = Self.edges.randomElement(using: &generator) ?? 0
            let width = [1, 2, 4, 8].randomElement(using: &generator) ?? 8
            let isBigEndian = Bool.random(using: &generator)
            for index in 0..<min(width, bytes.count - place) {
                let shift = UInt64(8 * (isBigEndian ? width - 1 - index : index))
                bytes[place + index] = UInt8(truncatingIfNeeded: edge >> shift)
            }
        case 4: bytes.removeSubrange(place..<place + length)
        case 5: bytes.insert(contentsOf: bytes[place..<place + length], at: place)
        default: bytes.removeLast(bytes.count - place)
        }
    }

    /// Headers lie at the beginning or the end, so most damage is done there.
    private mutating func place(in count: Int) -> Int {
        let near = Int.random(in: 0..<min(count, 600), using: &generator)
        return switch Int.random(in: 0..<4, using: &generator) {
        case 0: Int.random(in: 0..<count, using: &generator)
        case 1: count - 1 - near
        default: near
        }
    }
}
