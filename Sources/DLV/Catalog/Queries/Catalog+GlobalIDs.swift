import Foundation
import GRDB

extension Catalog {
    /// The version of an identity; nil if this archive has none that was not removed.
    public func version(_ identity: GlobalID) throws -> VersionRecord? {
        try read { database in
            try Row.fetchOne(
                database,
                cachedSQL: """
                    SELECT v.id, globalID, v.model, m.name, number, creationTime, message,
                        removalTime
                    FROM version v JOIN model m ON m.id = v.model
                    WHERE globalID = ? AND removalTime IS NULL
                    """,
                arguments: [Data(identity.bytes)]
            ).flatMap { VersionRecord(row: $0) }
        }
    }
}
