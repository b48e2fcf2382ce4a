/// A file of `query/` that is open.
public final class QueryHandle: Sendable {
    let file: QueryFile?
    /// The bytes of a file that does not change while it is open.
    let fixed: [UInt8]

    init(file: QueryFile) {
        self.file = file
        fixed = []
    }

    init(fixed: [UInt8]) {
        file = nil
        self.fixed = fixed
    }
}
