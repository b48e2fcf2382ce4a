import Testing

/// SIGKILL at random points of everything that changes or serves an archive.
@Suite(.serialized)
struct KillTests {
    @Test
    func nothingIsLostWhereverTheProgramIsKilled() async throws {
        // A few points; 'Scripts/kill-points 10000' takes a night.
        try await Workplace.use { place in
            let output = try await place.check("unset DLV_ARCHIVE; python $SCRIPTS/kill-points 20 11")
            #expect(output.contains("20 kills, nothing lost"))
            #expect(output.contains("killed"), "no point of 20 was before the end: \(output)")
        }
    }
}
