/// How a segment is coded best without a base.
///
/// Floats whose bits are noise below the exponent are coded raw; those on a coarse grid by plane, since the
/// lower planes are empty then; elements of few patterns by their numbers.
struct AloneCoding {
    /// About how many bytes it takes.
    let byteCount: Double
    /// The patterns, if a codebook is best.
    let codebook: Codebook?
    /// Whether planes are best; always so for what is neither a float nor has a codebook.
    let isPlanes: Bool

    /// Raw floats decode several times as fast as planes, which must earn that.
    private static let planesGain = 0.95

    /// Chooses for a segment.
    init(_ segment: UnsafeRawBufferPointer, kind: ElementKind) {
        let usual = CodingEstimate.alone(segment, kind: kind)
        if let codebook = Codebook(segment, kind: kind) {
            let byteCount = CodingEstimate.codebook(codebook, segment, kind: kind)
            if byteCount < usual {
                self.byteCount = byteCount
                self.codebook = codebook
                isPlanes = false
                return
            }
        }
        codebook = nil
        guard kind.hasTokens else {
            byteCount = usual
            isPlanes = true
            return
        }
        let planes = CodingEstimate.planes(segment, kind: kind)
        isPlanes = planes < Self.planesGain * usual
        byteCount = min(usual, isPlanes ? planes : usual)
    }
}
