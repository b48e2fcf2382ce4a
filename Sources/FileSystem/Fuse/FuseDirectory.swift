/// The listing of a directory at the moment when it was opened; begins with `.` and `..`.
public final class FuseDirectory: Sendable {
    /// A name with its attributes.
    public struct Entry: Sendable {
        fileprivate let name: [CChar]
        fileprivate let attributes: FuseAttributes

        /// Creates an entry.
        ///
        /// - Parameters:
        ///   - name: Bytes without NUL and slash.
        ///   - attributes: What `stat` would tell.
        public init(name: [UInt8], attributes: FuseAttributes) {
            self.name = name.map { CChar(bitPattern: $0) } + [0]
            self.attributes = attributes
        }
    }

    private let entries: [Entry]

    /// Makes a listing.
    public init(own: FuseAttributes, parent: FuseAttributes, _ entries: [Entry]) {
        self.entries =
            [
                Entry(name: Array(".".utf8), attributes: own),
                Entry(name: Array("..".utf8), attributes: parent),
            ] + entries
    }

    var count: Int { entries.count }

    func withEntry<Result>(
        _ index: Int,
        _ body: (UnsafePointer<CChar>, FuseAttributes) -> Result
    ) -> Result {
        body(entries[index].name, entries[index].attributes)
    }
}
