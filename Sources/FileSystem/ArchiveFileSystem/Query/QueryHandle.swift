/// A file of `query/` that is open.
public final class QueryHandle: Sendable {
    let file: QueryFile?
    /// The bytes of a file that does not change while it is open.
    let fixed: [UInt8]
    /// A file of a network that a query made, whose bytes come from the store.
    let stored: FileExtents?

    init(file: QueryFile) {
        self.file = file
        fixed = []
        stored = nil
    }

    init(fixed: [UInt8]) {
        file = nil
        self.fixed = fixed
        stored = nil
    }

    init(stored: FileExtents) {
        file = nil
        fixed = []
        self.stored = stored
    }
}
