/// The listing of a directory; begins with `.` and `..`.
///
/// Never changes, so any number of open directories share it. An entry takes its name and some sixty
/// bytes.
public final class FuseDirectory: Sendable {
    /// All names, each ended by a NUL.
    private let names: [UInt8]
    /// Where each name begins.
    private let starts: [Int]
    private let attributes: [FuseAttributes]

    /// Takes the entries of a listing, one after the other.
    public struct Builder {
        fileprivate var names: [UInt8] = []
        fileprivate var starts: [Int] = []
        fileprivate var attributes: [FuseAttributes] = []

        /// A guess, for the room that is reserved.
        private static let usualNameByteCount = 12

        /// Begins a listing.
        ///
        /// - Parameters:
        ///   - own: What `stat` would tell of the directory.
        ///   - parent: What it would tell of the directory that holds it.
        ///   - count: How many entries will come.
        public init(own: FuseAttributes, parent: FuseAttributes, count: Int) {
            names.reserveCapacity(8 + count * Self.usualNameByteCount)
            starts.reserveCapacity(2 + count)
            attributes.reserveCapacity(2 + count)
            add(Array(".".utf8), own)
            add(Array("..".utf8), parent)
        }

        /// Adds an entry.
        ///
        /// - Parameters:
        ///   - name: Bytes without NUL and slash.
        ///   - attributes: What `stat` would tell.
        public mutating func add(_ name: [UInt8], _ attributes: FuseAttributes) {
            starts.append(names.count)
            names += name
            names.append(0)
            self.attributes.append(attributes)
        }
    }

    /// Makes a listing.
    public init(_ builder: consuming Builder) {
        names = builder.names
        starts = builder.starts
        attributes = builder.attributes
    }

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
