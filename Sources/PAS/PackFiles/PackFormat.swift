/// The two files of a pack.
///
/// A commit writes one pack: `NAME.high` with the most significant byte planes and the chunk indices,
/// `NAME.low` with the other planes. Both begin with eight bytes, and then hold streams one behind the
/// other, without any structure of their own: the indices say where each stream lies.
///
///     0        8
///     DLVPACK1 stream stream stream … index stream …
///
/// A pack never changes once it is committed.
public enum PackPart: String, Hashable, Sendable, CaseIterable {
    /// The most significant byte planes, and the chunk indices.
    case high
    /// The other byte planes.
    case low

    /// The first bytes of every pack file.
    static let magic = Array("DLVPACK1".utf8)

    /// The name of the file.
    func fileName(of pack: String) -> String { "\(pack).\(rawValue)" }
}
