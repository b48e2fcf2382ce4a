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
    private let names: [CChar]
    /// Where each name begins.
    private let starts: [Int]
    private let attributes: [FuseAttributes]

    /// Makes a listing.
    public init(own: FuseAttributes, parent: FuseAttributes, _ entries: some Sequence<Entry>) {
        var names: [CChar] = []
        var starts: [Int] = []
        var attributes: [FuseAttributes] = []
        func add(_ name: some Sequence<UInt8>, _ facts: FuseAttributes) {
            starts.append(names.count)
            for byte in name { names.append(CChar(bitPattern: byte)) }
            names.append(0)
            attributes.append(facts)
        }
        add(".".utf8, own)
        add("..".utf8, parent)
        for entry in entries { add(entry.name, entry.attributes) }
        self.names = names
        self.starts = starts
        self.attributes = attributes
    }

    /// The number of entries, `.` and `..` included.
    public var count: Int { attributes.count }

    func withEntry<Result>(
        _ index: Int,
        _ body: (UnsafePointer<CChar>, FuseAttributes) -> Result?
    ) -> Result? {
        names.withUnsafeBufferPointer { names in
            guard let first = names.baseAddress else { return nil }
            return body(first + starts[index], attributes[index])
        }
    }
}
