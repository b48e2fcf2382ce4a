import Foundation
import GRDB
import ParameterStore
import Tensors

extension Catalog {
    /// The snapshots of a version, ascending by ordinal.
    public func snapshots(of version: VersionID) throws -> [SnapshotRecord] {
        try read { database in
            try Row.fetchAll(
                database,
                cachedSQL: """
                    SELECT ordinal, iteration, label, isNumbered FROM snapshot
                    WHERE version = ? ORDER BY ordinal
                    """,
                arguments: [version.rawValue]
            ).map {
                SnapshotRecord(ordinal: $0[0], iteration: $0[1], label: $0[2], isNumbered: $0[3])
            }
        }
    }

    /// The committed files of a version, in the order of the commit.
    public func files(of version: VersionID) throws -> [FileRecord] {
        try read { database in
            try Row.fetchAll(
                database,
                cachedSQL: """
                    SELECT id, snapshot, path, role, format, byteCount, hash, isExecutable,
                        modificationTime, linkTarget, note
                    FROM file WHERE version = ? ORDER BY ordinal
                    """,
                arguments: [version.rawValue]
            ).map(FileRecord.init(row:))
        }
    }

    /// How many files a version has.
    public func fileCount(of version: VersionID) throws -> Int {
        try read { database in
            // One look into an index.
            let last = try database.cachedStatement(sql: "SELECT max(ordinal) FROM file WHERE version = ?")
            return try Int.fetchOne(last, arguments: [version.rawValue]).map { $0 + 1 } ?? 0
        }
    }

    /// The committed files of a version as folders list them, in the order of the commit.
    ///
    /// - Parameters:
    ///   - version: The version.
    ///   - count: How many they are, about: room for them is taken at once.
    ///   - hasRead: Called as the files are read, with those that were read so far and the range of the new ones.
    public func listedFiles(
        of version: VersionID,
        count: Int = 0,
        hasRead: (FileListing, Range<Int>) -> Void = { _, _ in }
    ) throws -> FileListing {
        try read { database in
            var listing = FileListing(count: count)
            var told = 0
            func tell() {
                guard told < listing.files.count else { return }
                hasRead(listing, told..<listing.files.count)
                told = listing.files.count
            }
            try database.forEachRow(
                cachedSQL: "SELECT \(FileListing.columns) FROM file WHERE version = ? ORDER BY ordinal",
                arguments: [version.rawValue]
            ) { row in
                listing.add(row)
                if listing.files.count - told == FileListing.batchCount { tell() }
            }
            tell()
            return listing
        }
    }

    /// The spans of a file, ascending by offset; they tile it.
    public func spans(of file: Int64) throws -> [SpanRecord] {
        try read { database in
            try database.values(
                cachedSQL: """
                    SELECT offset, byteCount, content, contentOffset FROM span
                    WHERE file = ? ORDER BY offset
                    """,
                arguments: [file]
            ) { columns in
                SpanRecord(
                    offset: columns.integer(0),
                    byteCount: columns.integer(1),
                    content: ContentID(rawValue: Int64(columns.integer(2))),
                    contentOffset: columns.integer(3)
                )
            }
        }
    }

    /// The tensors of a file, in the order in which they lie in it.
    public func tensors(of file: Int64) throws -> [TensorRecord] {
        try read { database in
            try database.values(
                cachedSQL: """
                    SELECT name, dtype, shape, strides, content, byteOffset FROM tensor
                    WHERE file = ? ORDER BY ordinal
                    """,
                arguments: [file],
                TensorRecord.init(columns:)
            )
        }
    }

    /// What is known of the elements of a file's tensors, in the order of ``tensors(of:)``; nil for those that
    /// were not looked at.
    public func facts(ofTensorsIn file: Int64) throws -> [TensorFacts?] {
        try read { database in
            try Row.fetchAll(
                database,
                cachedSQL: """
                    SELECT \(TensorFacts.columns) FROM tensor LEFT JOIN tensorFact x ON x.id = fact
                    WHERE file = ? ORDER BY ordinal
                    """,
                arguments: [file]
            ).map { TensorFacts(row: $0, from: 0) }
        }
    }

    /// The rendered files of a version, without their bytes.
    public func documents(
        of version: VersionID
    ) throws -> [(snapshot: Int?, kind: DocumentKind, byteCount: Int)] {
        try read { database in
            try Row.fetchAll(
                database,
                cachedSQL: """
                    SELECT snapshot, kind, byteCount FROM document WHERE version = ?
                    ORDER BY snapshot, kind
                    """,
                arguments: [version.rawValue]
            ).compactMap { row in
                DocumentKind(rawValue: row[1]).map {
                    ((row[0] as Int) < 0 ? nil : row[0], $0, row[2])
                }
            }
        }
    }

    /// A rendered file of a version; nil if it has none of that kind.
    ///
    /// - Parameters:
    ///   - version: The version.
    ///   - snapshot: The ordinal of the snapshot, or nil for a file of the whole version.
    ///   - kind: Which file.
    public func document(
        of version: VersionID,
        snapshot: Int?,
        kind: DocumentKind
    ) throws -> DocumentRecord? {
        try read { database in
            try Row.fetchOne(
                database,
                cachedSQL: """
                    SELECT byteCount, body, content FROM document
                    WHERE version = ? AND snapshot = ? AND kind = ?
                    """,
                arguments: [version.rawValue, snapshot ?? -1, kind.rawValue]
            ).map { row in
                let content = (row[2] as Int64?).map { DocumentRecord.Body.content(.init(rawValue: $0)) }
                let inline = (row[1] as Data?).map { DocumentRecord.Body.inline([UInt8]($0)) }
                return DocumentRecord(
                    snapshot: snapshot,
                    kind: kind,
                    byteCount: row[0],
                    body: content ?? inline ?? .rendered
                )
            }
        }
    }
}

extension FileRecord {
    init(row: Row) {
        self.init(
            id: row[0],
            snapshot: row[1],
            path: [UInt8](row[2] as Data),
            role: FileRole(rawValue: row[3]) ?? .auxiliary,
            format: row[4],
            byteCount: row[5],
            hash: [UInt8](row[6] as Data),
            isExecutable: row[7],
            modificationTime: row[8],
            linkTarget: (row[9] as Data?).map { [UInt8]($0) },
            note: row[10]
        )
    }
}

extension TensorRecord {
    /// Stands before the dtype, as NumPy writes it, where the bytes of an element come most significant
    /// first.
    private static let bigEndianMark = ">"

    /// The column `dtype` of a tensor.
    static func dtypeText(of tensor: TensorDescription) -> String {
        (tensor.isBigEndian ? bigEndianMark : "") + tensor.dtype.rawValue
    }

    /// The columns `shape` and `strides`: numbers with commas between; row-major strides are NULL.
    static func text(of numbers: [Int]) -> String {
        numbers.map(String.init).joined(separator: ",")
    }

    private static func numbers(_ text: String) -> [Int] {
        text.split(separator: ",").compactMap { Int($0) }
    }

    /// Reads the columns name, dtype, shape, strides, content and byteOffset.
    fileprivate init(columns: RowColumns) {
        let dtype = columns.text(1)
        let isBigEndian = dtype.hasPrefix(Self.bigEndianMark)
        self.init(
            description: TensorDescription(
                name: columns.text(0),
                dtype: DType(rawValue: isBigEndian ? String(dtype.dropFirst()) : dtype) ?? .opaque,
                shape: Self.numbers(columns.text(2)),
                strides: columns.isNull(3) ? nil : Self.numbers(columns.text(3)),
                isBigEndian: isBigEndian
            ),
            content: columns.isNull(4) ? nil : ContentID(rawValue: Int64(columns.integer(4))),
            byteOffset: columns.integer(5)
        )
    }
}
