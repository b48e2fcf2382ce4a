import Foundation
import GRDB

/// The tables of `catalog.sqlite`.
///
/// Terminology: a *content* is stored bytes known by their SHA-256; a *coding* says where and how a
/// content lies in a pack; a *file* is one committed file, tiled by *spans* that point into
/// contents; a *tensor* points into a content too, so that several tensors may share one.
///
///     model ──< version ──< snapshot ──< file ──< span ──> content ──< coding ──> pack
///                  │                       └───< tensor ─────┘
///                  ├──< parent, hyperparameter, measurement, document
///                  ├───> network, which versions of one architecture share
///                  └──< tag
///
/// Ids come from AUTOINCREMENT columns, or grow under the archive's lock, and are never used again.
enum CatalogSchema {
    /// Marks an SQLite file as a catalog: "DLVc" in ASCII (SQLite's `application_id`).
    static let applicationID: Int32 = 0x444C_5663

    /// The format that this release writes (SQLite's `user_version`); it reads earlier ones too.
    ///
    /// 1: streams of 8 states · 2: of 8, 32 or 64 (TensorCoding) · 3: models whose symbols lie in frames
    /// (`ModelLayout`), else the same
    static let formatVersion: Int32 = 3

    /// Creates the tables in an empty database.
    static func create(in database: Database) throws {
        for part in [contents, versions, files, facts, storage, weightFacts, networks] {
            try database.execute(sql: withoutIndentation(part))
        }
        try database.execute(sql: "PRAGMA application_id = \(applicationID)")
        try markFormat(in: database)
    }

    /// Marks a catalog that is being changed: what this release writes, earlier ones could not read.
    ///
    /// One that is only read keeps its format, so that earlier releases can be used beside this one.
    static func markFormat(in database: Database) throws {
        let format = try Int32.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        guard format < formatVersion else { return }
        try database.execute(sql: "PRAGMA user_version = \(formatVersion)")
    }

    /// The condition that a column holds the hash that is the statement's first argument.
    ///
    /// The indexes hold the first four bytes of hashes, a fifth of the room that whole ones would take:
    /// chance makes two of a million rows meet there some hundred times, and then the rows are compared.
    static func isHash(_ column: String) -> String {
        "substr(\(column), 1, 4) = substr(?1, 1, 4) AND \(column) = ?1"
    }

    /// The same statements, each line's indentation and end as one space: SQLite keeps their text in
    /// the file, where the spaces of this source would take a tenth of a small catalog.
    private static func withoutIndentation(_ sql: String) -> String {
        sql.split(whereSeparator: \.isNewline)
            .map { $0.drop(while: \.isWhitespace) }
            .joined(separator: " ")
            .replacingOccurrences(of: "( ", with: "(")
            .replacingOccurrences(of: " )", with: ")")
    }

    private static let contents = """
        CREATE TABLE counter (
            name TEXT PRIMARY KEY NOT NULL,
            value INTEGER NOT NULL
        ) WITHOUT ROWID;
        INSERT INTO counter VALUES ('generation', 0), ('content', 0), ('pack', 0);

        CREATE TABLE pack (
            id INTEGER PRIMARY KEY NOT NULL,
            name TEXT NOT NULL UNIQUE,
            lowPlanesDirectory TEXT
        );

        CREATE TABLE content (
            id INTEGER PRIMARY KEY NOT NULL,
            hash BLOB NOT NULL,
            byteCount INTEGER NOT NULL,
            kind INTEGER NOT NULL
        );
        CREATE INDEX contentByHash ON content (substr(hash, 1, 4));

        CREATE TABLE coding (
            content INTEGER NOT NULL REFERENCES content (id),
            tier INTEGER NOT NULL,
            pack INTEGER NOT NULL REFERENCES pack (id),
            indexOffset INTEGER NOT NULL,
            indexByteCount INTEGER NOT NULL,
            storedByteCount INTEGER NOT NULL,
            base INTEGER REFERENCES content (id),
            depth INTEGER NOT NULL,
            PRIMARY KEY (content, tier)
        ) WITHOUT ROWID;
        CREATE INDEX codingByPack ON coding (pack);
        CREATE INDEX codingByBase ON coding (base) WHERE base IS NOT NULL;
        """

    private static let versions = """
        CREATE TABLE model (
            id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
            name TEXT NOT NULL COLLATE NOCASE UNIQUE,
            lastNumber INTEGER NOT NULL
        );

        CREATE TABLE version (
            id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
            globalID BLOB NOT NULL UNIQUE,
            model INTEGER NOT NULL REFERENCES model (id),
            number INTEGER NOT NULL,
            creationTime INTEGER NOT NULL,
            message TEXT NOT NULL,
            removalTime INTEGER,
            UNIQUE (model, number)
        );

        CREATE TABLE parent (
            version INTEGER NOT NULL REFERENCES version (id),
            ordinal INTEGER NOT NULL,
            parent BLOB NOT NULL,
            PRIMARY KEY (version, ordinal)
        ) WITHOUT ROWID;
        CREATE INDEX parentByParent ON parent (parent);

        CREATE TABLE tag (
            model INTEGER NOT NULL REFERENCES model (id),
            name TEXT NOT NULL,
            version INTEGER NOT NULL REFERENCES version (id),
            PRIMARY KEY (model, name)
        ) WITHOUT ROWID;
        CREATE INDEX tagByVersion ON tag (version);
        """

    private static let files = """
        CREATE TABLE snapshot (
            version INTEGER NOT NULL REFERENCES version (id),
            ordinal INTEGER NOT NULL,
            iteration INTEGER NOT NULL,
            label TEXT NOT NULL,
            isNumbered INTEGER NOT NULL,
            PRIMARY KEY (version, ordinal),
            UNIQUE (version, iteration, label)
        ) WITHOUT ROWID;

        CREATE TABLE file (
            id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
            version INTEGER NOT NULL REFERENCES version (id),
            ordinal INTEGER NOT NULL,
            snapshot INTEGER,
            path BLOB NOT NULL,
            role INTEGER NOT NULL,
            format TEXT,
            byteCount INTEGER NOT NULL,
            hash BLOB NOT NULL,
            isExecutable INTEGER NOT NULL,
            modificationTime INTEGER NOT NULL,
            linkTarget BLOB,
            note TEXT,
            UNIQUE (version, ordinal)
        );
        CREATE INDEX fileByHash ON file (substr(hash, 1, 4));

        CREATE TABLE span (
            file INTEGER NOT NULL REFERENCES file (id),
            offset INTEGER NOT NULL,
            byteCount INTEGER NOT NULL,
            content INTEGER NOT NULL REFERENCES content (id),
            contentOffset INTEGER NOT NULL,
            PRIMARY KEY (file, offset)
        ) WITHOUT ROWID;
        CREATE INDEX spanByContent ON span (content);

        CREATE TABLE tensor (
            file INTEGER NOT NULL REFERENCES file (id),
            ordinal INTEGER NOT NULL,
            name TEXT NOT NULL,
            dtype TEXT NOT NULL,
            shape TEXT NOT NULL,
            strides TEXT,
            content INTEGER REFERENCES content (id),
            byteOffset INTEGER NOT NULL,
            fact INTEGER REFERENCES tensorFact (id),
            PRIMARY KEY (file, ordinal)
        ) WITHOUT ROWID;
        CREATE INDEX tensorByContent ON tensor (content) WHERE content IS NOT NULL;
        CREATE INDEX tensorByFact ON tensor (fact) WHERE fact IS NOT NULL;
        """

    // `document` has rowids: in a table without them a body over a fifth of a page goes to overflow
    // pages of its own, which doubled the catalog of an archive of many small versions
    // (https://www.sqlite.org/fileformat2.html#b_tree_pages).
    // A network is one blob (see `NetworkGraph`): rows of nodes and edges would take three times the
    // room, and SQLite cannot walk them faster than a loop over the blob does.
    private static let networks = """
        CREATE TABLE network (
            id INTEGER PRIMARY KEY NOT NULL,
            hash BLOB NOT NULL UNIQUE,
            source TEXT NOT NULL,
            layerCount INTEGER NOT NULL,
            parameterCount INTEGER,
            graph BLOB NOT NULL
        );

        CREATE TABLE versionNetwork (
            version INTEGER PRIMARY KEY NOT NULL REFERENCES version (id),
            network INTEGER NOT NULL REFERENCES network (id),
            path BLOB
        );
        CREATE INDEX versionNetworkByNetwork ON versionNetwork (network);
        """

    private static let facts = """
        CREATE TABLE hyperparameter (
            version INTEGER NOT NULL REFERENCES version (id),
            name TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (version, name)
        ) WITHOUT ROWID;

        CREATE TABLE measurement (
            version INTEGER NOT NULL REFERENCES version (id),
            name TEXT NOT NULL,
            iteration INTEGER NOT NULL,
            value REAL,
            PRIMARY KEY (version, name, iteration)
        ) WITHOUT ROWID;

        CREATE TABLE document (
            version INTEGER NOT NULL REFERENCES version (id),
            snapshot INTEGER NOT NULL,
            kind INTEGER NOT NULL,
            byteCount INTEGER NOT NULL,
            body BLOB,
            content INTEGER REFERENCES content (id),
            UNIQUE (version, snapshot, kind)
        );
        CREATE INDEX documentByContent ON document (content) WHERE content IS NOT NULL;
        """

    /// What is known of weights without reading them. Equal tensors share a row: `hash` is that of
    /// their bytes and dtype. A snapshot's row sums up the tensors of its weights.
    private static let weightFacts = """
        CREATE TABLE tensorFact (
            id INTEGER PRIMARY KEY NOT NULL,
            hash BLOB NOT NULL,
            elementCount INTEGER NOT NULL,
            minimum REAL,
            maximum REAL,
            mean REAL,
            norm REAL,
            zeroCount INTEGER NOT NULL,
            nanCount INTEGER NOT NULL,
            infinityCount INTEGER NOT NULL
        );
        CREATE INDEX tensorFactByHash ON tensorFact (substr(hash, 1, 4));

        CREATE TABLE snapshotFact (
            version INTEGER NOT NULL REFERENCES version (id),
            ordinal INTEGER NOT NULL,
            tensorCount INTEGER NOT NULL,
            parameterCount INTEGER NOT NULL,
            byteCount INTEGER NOT NULL,
            nonFiniteCount INTEGER NOT NULL,
            dtypes TEXT NOT NULL,
            PRIMARY KEY (version, ordinal)
        ) WITHOUT ROWID;
        """

    /// What float schemes did.
    private static let storage = """
        CREATE TABLE lossyVersion (
            version INTEGER PRIMARY KEY NOT NULL REFERENCES version (id),
            scheme TEXT NOT NULL,
            largestError REAL NOT NULL,
            rootMeanSquareError REAL NOT NULL
        );
        """
}
