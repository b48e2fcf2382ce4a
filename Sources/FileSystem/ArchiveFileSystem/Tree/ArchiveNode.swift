import Catalog

/// What a node number of the read-only tree stands for.
///
///     bits 58–61  kind
///     bits  0–57  fixed:   which of the few nodes at the top
///                 named:   an entry of ``NamedNodes``: a folder of models, or a tag
///                 version: row of the version (32 bits), entry of its tree (26 bits)
///                 lineage: row of the version (28 bits), place (2 bits), other version (28 bits)
enum ArchiveNode: Hashable {
    case root
    case readme
    case cacheTag
    case models
    case lineage
    case named(Int)
    case version(VersionID, entry: Int)
    case lineageOf(VersionID)
    case parents(VersionID)
    case children(VersionID)
    case parent(VersionID, VersionID)
    case child(VersionID, VersionID)

    private static let kindShift: UInt64 = 58
    private static let entryBits: UInt64 = 26
    private static let rowBits: UInt64 = 28

    init?(_ number: NodeNumber) {
        let payload = number.rawValue & (1 << Self.kindShift - 1)
        switch number.rawValue >> Self.kindShift {
        case 0:
            switch payload {
            case 1: self = .root
            case 2: self = .readme
            case 3: self = .cacheTag
            case 4: self = .models
            case 5: self = .lineage
            default: return nil
            }
        case 1: self = .named(Int(payload))
        case 2:
            self = .version(
                VersionID(rawValue: Int64(payload >> Self.entryBits)),
                entry: Int(payload & (1 << Self.entryBits - 1))
            )
        case let kind where kind >= 3 && kind <= 7:
            let first = VersionID(rawValue: Int64(payload >> Self.rowBits))
            let second = VersionID(rawValue: Int64(payload & (1 << Self.rowBits - 1)))
            switch kind {
            case 3: self = .lineageOf(first)
            case 4: self = .parents(first)
            case 5: self = .children(first)
            case 6: self = .parent(first, second)
            default: self = .child(first, second)
            }
        default: return nil
        }
    }

    var number: NodeNumber {
        switch self {
        case .root: Self.number(0, 1)
        case .readme: Self.number(0, 2)
        case .cacheTag: Self.number(0, 3)
        case .models: Self.number(0, 4)
        case .lineage: Self.number(0, 5)
        case .named(let index): Self.number(1, UInt64(index))
        case .version(let version, let entry):
            Self.number(2, UInt64(version.rawValue) << Self.entryBits | UInt64(entry))
        case .lineageOf(let version): Self.number(3, version)
        case .parents(let version): Self.number(4, version)
        case .children(let version): Self.number(5, version)
        case .parent(let version, let other): Self.number(6, version, other)
        case .child(let version, let other): Self.number(7, version, other)
        }
    }

    private static func number(_ kind: UInt64, _ payload: UInt64) -> NodeNumber {
        NodeNumber(rawValue: kind << kindShift | payload)
    }

    private static func number(
        _ kind: UInt64,
        _ version: VersionID,
        _ other: VersionID? = nil
    ) -> NodeNumber {
        number(kind, UInt64(version.rawValue) << rowBits | UInt64(other?.rawValue ?? 0))
    }
}
