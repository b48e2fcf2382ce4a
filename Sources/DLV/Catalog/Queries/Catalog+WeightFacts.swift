import Foundation
import GRDB
import Tensors

extension Catalog {
    /// The facts of a tensor that is known already.
    ///
    /// - Parameter hash: As in ``TensorFacts/hash``.
    public func tensorFacts(_ hash: [UInt8]) throws -> TensorFacts? {
        try read { database in
            try Row.fetchOne(
                database,
                cachedSQL: """
                    SELECT \(TensorFacts.columns) FROM tensorFact x WHERE \(CatalogSchema.isHash("hash"))
                    """,
                arguments: [Data(hash)]
            ).flatMap { TensorFacts(row: $0, from: 0) }
        }
    }

    /// The row of the facts of a tensor, made if no equal tensor has one.
    static func row(of facts: TensorFacts, in database: Database) throws -> Int64 {
        let known = try Int64.fetchOne(
            database,
            cachedSQL: "SELECT id FROM tensorFact WHERE \(CatalogSchema.isHash("hash"))",
            arguments: [Data(facts.hash)]
        )
        if let known { return known }
        try database.execute(
            cachedSQL: """
                INSERT INTO tensorFact (\(TensorFacts.columnNames.joined(separator: ", ")))
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                Data(facts.hash), facts.elementCount, FactColumn(facts.minimum),
                FactColumn(facts.maximum), FactColumn(facts.mean), FactColumn(facts.norm),
                facts.zeroCount, facts.nanCount, facts.infinityCount,
            ]
        )
        return database.lastInsertedRowID
    }

    /// Adds a row for every snapshot that has weights.
    func insertWeightFacts(
        of commit: CommitRecord,
        version: Int64,
        in database: Database
    ) throws {
        for snapshot in commit.snapshots {
            let tensors = commit.files.filter {
                $0.record.role == .weights && $0.record.snapshot == snapshot.ordinal
            }.flatMap(\.tensors)
            guard !tensors.isEmpty else { continue }
            let descriptions = tensors.map(\.description)
            let nonFinite = tensors.map { ($0.facts?.nanCount ?? 0) + ($0.facts?.infinityCount ?? 0) }
            try database.execute(
                cachedSQL: "INSERT INTO snapshotFact VALUES (?, ?, ?, ?, ?, ?, ?)",
                arguments: [
                    version, snapshot.ordinal, tensors.count,
                    descriptions.map { $0.elementCount ?? 0 }.reduce(0, +),
                    descriptions.map { $0.byteCount ?? 0 }.reduce(0, +),
                    nonFinite.reduce(0, +),
                    Set(descriptions.map(\.dtype.rawValue)).sorted().joined(separator: ","),
                ]
            )
        }
    }
}
