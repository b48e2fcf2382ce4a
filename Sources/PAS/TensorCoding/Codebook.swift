/// The few bit patterns that the elements of a segment have: quantised weights, masks, counts.
///
/// Each element is then the number of its pattern. In the model: how many there are, less one (a byte), and
/// the patterns, ascending, little-endian.
struct Codebook: Sendable {
    /// The patterns, ascending.
    let words: [UInt64]
    private let width: Int

    static let wordCountMax = 256

    /// Finds the patterns of elements; nil if there are too many.
    ///
    /// Ends with the first pattern that is one too many, which weights that are not quantised reach within
    /// their first thousand.
    init?(_ elements: UnsafeRawBufferPointer, kind: ElementKind) {
        guard kind.width > 1, !elements.isEmpty else { return nil }
        var seen: Set<UInt64> = []
        var last: UInt64?
        for index in 0..<elements.count / kind.width {
            let word = Self.word(elements, index, kind.width)
            guard word != last else { continue }
            last = word
            guard seen.insert(word).inserted else { continue }
            guard seen.count <= Self.wordCountMax else { return nil }
        }
        words = seen.sorted()
        width = kind.width
    }

    /// Reads a model.
    init(model bytes: UnsafeRawBufferPointer, kind: ElementKind) throws(TensorCodingError) {
        width = kind.width
        guard kind.width > 1, let count = bytes.first.map({ Int($0) + 1 }),
            bytes.count == 1 + count * kind.width
        else { throw TensorCodingError(.damaged, "a codebook has an impossible size") }
        let all = UnsafeRawBufferPointer(rebasing: bytes[1...])
        words = (0..<count).map { Self.word(all, $0, kind.width) }
    }

    /// The model.
    var serialized: [UInt8] {
        var bytes = [UInt8(words.count - 1)]
        for word in words {
            for place in 0..<width { bytes.append(UInt8(truncatingIfNeeded: word >> (8 * place))) }
        }
        return bytes
    }

    /// The numbers of elements' patterns.
    func indices(of elements: UnsafeRawBufferPointer) -> [UInt8] {
        var numbers: [UInt64: UInt8] = [:]
        for (index, word) in words.enumerated() { numbers[word] = UInt8(index) }
        var last: (word: UInt64, number: UInt8)?
        return (0..<elements.count / width).map { index in
            let word = Self.word(elements, index, width)
            if let last, last.word == word { return last.number }
            let number = numbers[word] ?? 0
            last = (word, number)
            return number
        }
    }

    /// Writes the patterns of numbers.
    ///
    /// - Returns: False if there is no pattern of one of them.
    func write(_ indices: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Bool {
        switch width {
        case 2: write(indices, words.map { UInt16(truncatingIfNeeded: $0) }, into: output)
        case 4: write(indices, words.map { UInt32(truncatingIfNeeded: $0) }, into: output)
        default: write(indices, words, into: output)
        }
    }

    private func write<Word: FixedWidthInteger>(
        _ indices: UnsafeRawBufferPointer,
        _ words: [Word],
        into output: UnsafeMutableRawBufferPointer
    ) -> Bool {
        // A table of all numbers needs no test of each.
        let table = words.map(\.littleEndian)
            + [Word](repeating: 0, count: Self.wordCountMax - words.count)
        var largest: UInt8 = 0
        table.withUnsafeBufferPointer { table in
            for index in 0..<output.count / MemoryLayout<Word>.size {
                let number = indices[index]
                largest = max(largest, number)
                output.storeBytes(
                    of: table[Int(number)],
                    toByteOffset: index * MemoryLayout<Word>.size,
                    as: Word.self
                )
            }
        }
        return Int(largest) < words.count
    }

    private static func word(_ bytes: UnsafeRawBufferPointer, _ index: Int, _ width: Int) -> UInt64 {
        switch width {
        case 2:
            UInt64(
                UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
            )
        case 4:
            UInt64(
                UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self))
            )
        default:
            UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
        }
    }
}
