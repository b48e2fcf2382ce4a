import TestSupport
import Testing

@testable import ArchiveFileSystem

struct ReadStreamsTests {
    private static let mebibyte = 1 << 20

    /// Reads in order and gives what was decoded ahead before each read.
    private func walk(
        _ streams: inout ReadStreams,
        from start: Int,
        step: Int,
        count: Int
    ) -> [Range<Int>] {
        (0..<count).compactMap { streams.note(offset: start + $0 * step, byteCount: step)?.next }
    }

    @Test
    func aSequentialReaderGetsMoreAndMoreAheadUpToTheBound() throws {
        var streams = ReadStreams(windowMax: 4 * Self.mebibyte)
        let step = 128 << 10
        let ranges = walk(&streams, from: 0, step: step, count: 400)
        // The second read begins it, with little; what follows has no gap and no overlap.
        #expect(ranges[0] == 2 * step..<2 * step + ReadStreams.windowMin)
        for (range, next) in zip(ranges, ranges.dropFirst()) {
            #expect(next.lowerBound == range.upperBound)
        }
        let last = try #require(ranges.last)
        #expect(last.upperBound > 400 * step)
        #expect(last.upperBound <= 400 * step + 4 * Self.mebibyte)
        #expect(streams.aheadByteCount > 1 * Self.mebibyte)
    }

    @Test
    func whatAReaderHasComeToIsNotAheadOfIt() throws {
        var streams = ReadStreams(windowMax: 4 * Self.mebibyte)
        let step = 128 << 10
        let next = try #require(walk(&streams, from: 0, step: step, count: 2).first)
        #expect(streams.isAhead(next))
        #expect(!streams.isAhead(0..<2 * step))
        #expect(!streams.isAhead(next.upperBound..<next.upperBound + step))
        // Read up to the last byte of it, then to its end.
        _ = streams.note(offset: 2 * step, byteCount: next.count - 1)
        #expect(streams.isAhead(next))
        _ = streams.note(offset: next.upperBound - 1, byteCount: 1)
        #expect(!streams.isAhead(next))
    }

    @Test
    func randomReadsHaveNothingDecodedAhead() {
        var streams = ReadStreams(windowMax: 16 * Self.mebibyte)
        var generator = SeededGenerator(seed: 1)
        var decoded = 0
        for _ in 0..<2000 {
            let page = Int.random(in: 0..<4_000_000, using: &generator)
            decoded += streams.note(offset: page * 4096, byteCount: 4096)?.next?.count ?? 0
        }
        // Two reads of 2,000 in 16 GB may lie side by side; a twentieth of what was read is allowed.
        #expect(decoded <= 2000 * 4096 / 20 + ReadStreams.windowMin)
    }

    @Test
    func interleavedReadersAreToldApart() {
        var streams = ReadStreams(windowMax: 4 * Self.mebibyte)
        var ahead = [Int](repeating: 0, count: 4)
        for step in 0..<64 {
            for reader in 0..<4 {
                let start = reader * 512 * Self.mebibyte
                let range = streams.note(offset: start + step * 65_536, byteCount: 65_536)?.next
                if let range {
                    #expect(range.lowerBound >= start && range.upperBound < start + 64 * Self.mebibyte)
                    ahead[reader] += range.count
                }
            }
        }
        #expect(ahead.allSatisfy { $0 > 64 * 65_536 })
    }

    @Test
    func readsThatArriveOutOfOrderStayOneStream() {
        var streams = ReadStreams(windowMax: 8 * Self.mebibyte)
        var ranges: [Range<Int>] = []
        for pair in 0..<50 {
            for half in [1, 0] {
                let offset = (2 * pair + half) * Self.mebibyte
                if let range = streams.note(offset: offset, byteCount: Self.mebibyte)?.next {
                    ranges.append(range)
                }
            }
        }
        for (range, next) in zip(ranges, ranges.dropFirst()) {
            #expect(next.lowerBound >= range.upperBound, "nothing is decoded twice")
        }
        #expect(ranges.reduce(0) { $0 + $1.count } > 90 * Self.mebibyte)
    }

    @Test
    func readingTheSamePlaceAgainIsNoProgress() {
        var streams = ReadStreams(windowMax: 8 * Self.mebibyte)
        for _ in 0..<10 { #expect(streams.note(offset: 0, byteCount: 4096) == nil) }
        #expect(streams.aheadByteCount == 0)
    }

    @Test
    func whatASequentialReaderHasPassedIsToldOnceWithoutGaps() {
        var streams = ReadStreams(windowMax: 8 * Self.mebibyte)
        let step = 100_000
        var passed: [Range<Int>] = []
        for read in 0..<50 {
            // The kernel may ask for a piece again, or late.
            for piece in [read, read, max(0, read - 3)] {
                passed += (streams.note(offset: piece * step, byteCount: step)?.passed).map { [$0] } ?? []
            }
        }
        #expect(passed.first?.lowerBound == 0)
        for (range, next) in zip(passed, passed.dropFirst()) {
            #expect(range.upperBound == next.lowerBound)
        }
        // The last reads may be under way.
        #expect(passed.last?.upperBound == 48 * step)
    }

    @Test
    func theBudgetIsSharedAndGivenBack() {
        final class File {}
        let budget = PrefetchBudget(byteCountMax: 100)
        let (first, second) = (File(), File())
        #expect(budget.grant(60, to: ObjectIdentifier(first)))
        #expect(!budget.grant(60, to: ObjectIdentifier(second)))
        #expect(budget.grant(40, to: ObjectIdentifier(second)))
        // A file that asks again replaces its share.
        #expect(budget.grant(20, to: ObjectIdentifier(first)))
        #expect(budget.grant(80, to: ObjectIdentifier(second)))
        budget.release(ObjectIdentifier(first))
        #expect(budget.grant(100, to: ObjectIdentifier(second)))
        #expect(!budget.grant(1, to: ObjectIdentifier(first)))
    }
}
