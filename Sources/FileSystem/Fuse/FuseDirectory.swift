/// The listing of a directory; begins with `.` and `..`.
///
/// Never changes, so any number of open directories share it. An entry takes its name and some sixty
/// bytes.
public final class FuseDirectory: Sendable {
    /// A name with its attributes.
    public struct Entry: Sendable {
        fileprivate let name: [UInt8]
        fileprivate let attributes: FuseAttributes

        /// Creates an entry.
        ///
        /// - Parameters:
        ///   - name: Bytes without NUL and slash.
        ///   - attributes: What `stat` would tell.
        public init(name: [UInt8], attributes: FuseAttributes) {
            self.name = name
            self.attributes = attributes
        }
    }

    /// All names, each ended by a NUL.
    private let names: [UInt8]
    /// Where each name begins.
    private let starts: [Int]
    private let attributes: [FuseAttributes]

    /// Makes a listing.
    public init(own: FuseAttributes, parent: FuseAttributes, _ entries: some Collection<Entry>) {
        var names: [UInt8] = []
        var starts: [Int] = []
        var attributes: [FuseAttributes] = []
        names.reserveCapacity(8 + entries.count * Self.usualNameByteCount)
        starts.reserveCapacity(2 + entries.count)
        attributes.reserveCapacity(2 + entries.count)
        func add(_ name: [UInt8], _ facts: FuseAttributes) {
            starts.append(names.count)
            names += name
            names.append(0)
            attributes.append(facts)
        }
        add(Array(".".utf8), own)
        add(Array("..".utf8), parent)
        for entry in entries { add(entry.name, entry.attributes) }
        self.names = names
        self.starts = starts
        self.attributes = attributes
    }

    /// A guess, for the room that is reserved.
    private static let usualNameByteCount = 12

    /// The number of entries, `.` and `..` included.
    public var count: Int { attributes.count }

    /// Calls a function with the names, one behind the other, for ``entry(_:_:)``.
    func withNames<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result? {
        names.withUnsafeBytes { names in
            names.baseAddress.map { body($0.assumingMemoryBound(to: CChar.self)) }
        }
    }

    /// An entry's name, which ends with a NUL, and its attributes.
    func entry(
        _ index: Int,
        _ names: UnsafePointer<CChar>
    ) -> (name: UnsafePointer<CChar>, attributes: FuseAttributes) {
        (names + starts[index], attributes[index])
    }
}
