import Catalog

/// What a variable stands for in one row: a version, a snapshot, or a network made of a version's.
struct Entity: Sendable {
    /// The version, or the one that the snapshot or network is of.
    var version: VersionRecord
    /// The snapshot, if the variable is of snapshots.
    var snapshot: SnapshotRecord?
    /// The network, if a query made it.
    var network: MadeNetwork?

    /// The name of the model, or of the network.
    var name: String { network?.name ?? version.model }

    /// The reference of the version, or the name of the network.
    var reference: String { network?.name ?? version.reference }

    /// The name in a listing: `lenet@v3`, `lenet@v3+10000`, `lenet@v3~cut`; `+` for a slash.
    var listed: String {
        let name = network?.name ?? version.reference
        let folder = name.replacing("/", with: "+")
        return snapshot.map { "\(folder)+\($0.name)" } ?? folder
    }

    /// Tells entities apart.
    var identity: String { snapshot.map { "\(reference)+\($0.ordinal)" } ?? reference }
}

/// The rows that a variable stands for, with what was found out about them: a column a slot.
final class EntityTable {
    let variable: BoundVariable
    private(set) var entities: [Entity]
    private var columns: [[DQLValue]?]
    /// Whether the order of the rows is that of an `order by` below.
    let isOrdered: Bool

    init(_ variable: BoundVariable, _ entities: [Entity], isOrdered: Bool) {
        self.variable = variable
        self.entities = entities
        self.isOrdered = isOrdered
        columns = Array(repeating: nil, count: variable.attributes.count)
    }

    var count: Int { entities.count }

    /// The slots that nobody has looked at yet, of some.
    func missing(_ slots: Set<Int>) -> [Int] {
        slots.filter { columns[$0] == nil }.sorted()
    }

    /// Keeps what was found out.
    func setColumn(_ slot: Int, _ values: [DQLValue]) {
        columns[slot] = values
    }

    /// What was found out; missing where nobody looked.
    func value(slot: Int, row: Int) -> DQLValue {
        columns[slot]?[row] ?? .missing
    }

    /// The rows in the given order, others are gone.
    func keep(_ rows: [Int]) {
        guard rows.count < entities.count || rows != Array(entities.indices) else { return }
        entities = rows.map { entities[$0] }
        for slot in columns.indices {
            columns[slot] = columns[slot].map { column in rows.map { column[$0] } }
        }
    }
}
