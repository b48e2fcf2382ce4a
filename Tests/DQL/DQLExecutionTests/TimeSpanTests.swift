import Foundation
import TestSupport
import Testing

@testable import DQLExecution

struct TimeSpanTests {
    @Test(arguments: [
        ("1970", 0, 365 * 86_400_000), ("1970-01-01", 0, 86_400_000),
        ("1970-01-01T00", 0, 3_600_000), ("1970-01-01T00:01", 60_000, 120_000),
        ("1970-01-01 00:00:01", 1000, 2000), ("1970-01-01T00:00:00.005Z", 5, 6),
        ("1970-01-01t00:00:00Z", 0, 1000), ("1969-12", -31 * 86_400_000, 0),
        ("2015-11-22", 1_448_150_400_000, 1_448_236_800_000),
    ] as [(String, Int64, Int64)])
    func aPrefixIsASpan(_ text: String, _ start: Int64, _ end: Int64) throws {
        let span = try #require(TimeSpan(text))
        #expect(span.start == start)
        #expect(span.end == end)
        #expect(span.order(of: start - 1) == .ascending)
        #expect(span.order(of: start) == .same)
        #expect(span.order(of: end - 1) == .same)
        #expect(span.order(of: end) == .descending)
    }

    @Test
    func leapYearsAreKnown() throws {
        #expect(TimeSpan("2016-02-29") != nil)
        #expect(TimeSpan("2000-02-29") != nil)
        #expect(TimeSpan("1900-02-29") == nil)
        #expect(TimeSpan("2015-02-29") == nil)
        #expect(try #require(TimeSpan("2016-02")).end == #require(TimeSpan("2016-03")).start)
    }

    @Test(arguments: [
        "", "Z", "15", "2015-", "2015-1", "2015-13", "2015-00", "2015-04-31", "2015-11-22T", "2015/11",
        "2015-11-22T24", "2015-11-22T10:60", "2015-11-22T10:00:60", "2015-11-22T10:00:00.1", "yesterday",
        "2015-11-22T10:00:00.123+", "２０１５",
    ])
    func whatIsNoTimeIsNil(_ text: String) {
        #expect(TimeSpan(text) == nil)
    }

    @Test
    func textAndSpanAreInverseAndAgreeWithFoundation() throws {
        var generator = SeededGenerator(seed: 3)
        // Foundation counts by the Julian calendar before 1582.
        for _ in 0..<500 {
            let time = Int64.random(in: -12_000_000_000_000...200_000_000_000_000, using: &generator)
            let text = TimeSpan.text(time)
            #expect(try #require(TimeSpan(text)).order(of: time) == .same)
            let seconds = (Double(time) / 1000).rounded(.down)
            #expect(Date(timeIntervalSince1970: seconds).formatted(.iso8601) == text)
        }
    }
}
