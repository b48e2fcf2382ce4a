/// Recognises, in the reads of one open file, readers that go through it in order.
///
/// A file may be read by several at a time, as when threads share a descriptor or a mapping, and what
/// the kernel reads ahead arrives out of order; so there are a few streams, and a read belongs to one if
/// it is near its end. A stream whose reads keep following one another has more and more of the file
/// decoded ahead of it; a read that belongs to none starts a stream that has nothing ahead, so that
/// random reads decode what they ask for and no more.
struct ReadStreams {
    private struct Stream {
        /// From here to `end` the file was read.
        var start: Int
        var end: Int
        /// Up to here the reader is known to have passed.
        var passedEnd: Int
        /// How far ahead the stream is decoded, in bytes.
        var window: Int
        /// Where the file has been decoded to ahead of the stream.
        var decodedEnd: Int
        /// Where `end` must come to before the window grows.
        var growsAt: Int
        var lastUse: Int
    }

    /// What a read means that went on with a stream.
    struct Progress: Hashable {
        /// The range that the reader has passed since the last time.
        let passed: Range<Int>
        /// The range that is worth decoding now, if there is one.
        let next: Range<Int>?
    }

    private var streams: [Stream] = []
    private var clock = 0
    private let windowMax: Int

    /// As many readers of one open file are told apart.
    static let streamCountMax = 8

    /// A stream begins with as much ahead of it.
    static let windowMin = 256 << 10

    /// A read belongs to a stream if it is at most this far, or a window, from what was read.
    private static let tolerance = 128 << 10

    /// As many reads before the last one may not be done yet.
    private static let readsUnderWay = 2

    /// - Parameter windowMax: The most that may be decoded ahead of a stream.
    init(windowMax: Int) {
        self.windowMax = windowMax
    }

    /// Takes note of a read; nil if it goes on with no stream.
    mutating func note(offset: Int, byteCount: Int) -> Progress? {
        clock += 1
        let end = offset + byteCount
        guard let index = stream(at: offset, end) else {
            start(
                Stream(
                    start: offset,
                    end: end,
                    passedEnd: offset,
                    window: 0,
                    decodedEnd: end,
                    growsAt: end,
                    lastUse: clock
                )
            )
            return nil
        }
        streams[index].lastUse = clock
        streams[index].start = min(streams[index].start, offset)
        // A repeated or late read is no progress.
        guard end > streams[index].end else { return nil }
        streams[index].end = end
        // What the kernel asks for arrives out of order: the reads before this one may be under way.
        let passedEnd = max(streams[index].passedEnd, end - Self.readsUnderWay * byteCount)
        let passed = streams[index].passedEnd..<passedEnd
        streams[index].passedEnd = passedEnd
        return Progress(passed: passed, next: advance(&streams[index], byteCount))
    }

    private func advance(_ stream: inout Stream, _ byteCount: Int) -> Range<Int>? {
        if stream.window == 0 {
            stream.window = min(windowMax, max(Self.windowMin, 2 * byteCount))
            stream.growsAt = stream.end + stream.window
        } else if stream.end >= stream.growsAt {
            stream.window = min(windowMax, 2 * stream.window)
            stream.growsAt = stream.end + stream.window
        }
        let first = max(stream.decodedEnd, stream.end)
        let last = stream.end + stream.window
        // In steps of half a window, so that not every small read makes a small job.
        guard last - first >= stream.window / 2, last > first else { return nil }
        stream.decodedEnd = last
        return first..<last
    }

    /// Whether some stream has not come to the end of a range that was to be decoded ahead of it.
    func isAhead(_ range: Range<Int>) -> Bool {
        streams.contains { $0.end < range.upperBound && range.lowerBound < $0.decodedEnd }
    }

    /// The bytes that are decoded ahead of all streams, as far as this value knows.
    var aheadByteCount: Int {
        streams.reduce(0) { $0 + max(0, $1.decodedEnd - $1.end) }
    }

    private func stream(at offset: Int, _ end: Int) -> Int? {
        var best: Int?
        for (index, stream) in streams.enumerated() {
            // What arrives out of order does so by a few requests.
            let reach = max(Self.tolerance, stream.window, 2 * (end - offset))
            guard offset <= stream.end + reach, end >= max(stream.start, stream.end - reach) - Self.tolerance
            else { continue }
            if let known = best, distance(known, offset) <= distance(index, offset) { continue }
            best = index
        }
        return best
    }

    private func distance(_ index: Int, _ offset: Int) -> Int {
        abs(offset - streams[index].end)
    }

    private mutating func start(_ stream: Stream) {
        guard streams.count >= Self.streamCountMax,
            let oldest = streams.indices.min(by: { streams[$0].lastUse < streams[$1].lastUse })
        else { return streams.append(stream) }
        streams[oldest] = stream
    }
}
