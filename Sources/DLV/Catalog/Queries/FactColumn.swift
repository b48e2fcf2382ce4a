import Foundation
import GRDB

/// A number of the table `tensorFact`: four little-endian bytes where single precision holds it, a REAL
/// of eight where it does not, NULL for NaN.
///
/// Nearly all are of weights in single precision or less, and these columns are most of a catalog of
/// small models. SQLite keeps a BLOB in a REAL column as it is
/// (https://www.sqlite.org/datatype3.html#type_affinity).
struct FactColumn: DatabaseValueConvertible {
    let value: Double

    init(_ value: Double) {
        self.value = value
    }

    var databaseValue: DatabaseValue {
        guard !value.isNaN else { return .null }
        let single = Float(value)
        guard Double(single) == value else { return value.databaseValue }
        return withUnsafeBytes(of: single.bitPattern.littleEndian) { Data($0).databaseValue }
    }

    static func fromDatabaseValue(_ value: DatabaseValue) -> FactColumn? {
        switch value.storage {
        case .null: FactColumn(.nan)
        case .double(let number): FactColumn(number)
        case .blob(let bytes) where bytes.count == MemoryLayout<UInt32>.size:
            FactColumn(
                Double(Float(bitPattern: bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }))
            )
        default: nil
        }
    }

    /// The number in a column; NaN for what is none.
    static func value(_ column: FactColumn?) -> Double { column?.value ?? .nan }
}
