import Networks

/// What a version, a snapshot or a derived network has that a query can name.
indirect enum Attribute: Hashable, Sendable {
    /// Which value of a measurement counts.
    enum Reading: Hashable, Sendable {
        case latest
        case first
        case at(Int64)
        case minimum
        case maximum
    }

    /// `lenet@v3`: what a variable alone stands for.
    case reference
    case name
    case version
    case creationTime
    case message
    case globalID
    case tags
    case parents
    case children
    case ancestors
    case descendants
    case iteration
    case label
    case parameters
    case byteCount
    case storedByteCount
    case dtypes
    case isFinite
    case operators
    case layerCount
    case networkSource
    case hyperparameter(String)
    case measurement(String, Reading)
    /// A fact of every node that a selector finds: a list.
    case nodes(NodeSelection, NodeFact)
    /// Whether one of the nodes matches a template.
    case has(NodeSelection, NodeTemplate)
    /// The least or greatest of a list of facts.
    case extreme(Attribute, isMaximum: Bool)

    /// The attributes that are written as one word, with every spelling.
    static let byName: [String: Attribute] = [
        "name": .name, "model": .name, "version": .version, "creation_time": .creationTime,
        "message": .message, "id": .globalID, "reference": .reference, "tags": .tags,
        "tag": .tags, "parents": .parents, "parent": .parents, "children": .children,
        "child": .children, "ancestors": .ancestors, "ancestor": .ancestors,
        "descendants": .descendants, "descendant": .descendants, "iteration": .iteration,
        "label": .label, "parameters": .parameters, "bytes": .byteCount,
        "stored_bytes": .storedByteCount, "dtypes": .dtypes, "dtype": .dtypes,
        "finite": .isFinite, "operators": .operators, "operator": .operators,
        "layers": .layerCount, "network_source": .networkSource,
    ]

    /// The spellings that messages and documentation use.
    static let names = [
        "name", "version", "creation_time", "message", "id", "reference", "tags", "parents",
        "children", "ancestors", "descendants", "iteration", "label", "parameters", "bytes",
        "stored_bytes", "dtypes", "finite", "operators", "layers", "network_source",
    ]

    /// The kind of all values; nil if that is only known from the archive.
    var kind: ValueKind? {
        switch self {
        case .reference: .version
        case .name, .message, .globalID, .label, .networkSource: .text
        case .version, .measurement, .iteration, .parameters, .byteCount, .storedByteCount,
            .layerCount:
            .number
        case .creationTime: .time
        case .tags, .dtypes, .operators: .list
        case .parents, .children, .ancestors, .descendants: .versions
        case .isFinite, .has: .boolean
        case .nodes(_, let fact): fact.kind
        case .extreme: .number
        case .hyperparameter: nil
        }
    }

    /// Whether a value is a list, of which any element counts.
    var isList: Bool {
        switch self {
        case .nodes(_, .count), .nodes(_, .contents): false
        case .nodes, .tags, .dtypes, .operators, .parents, .children, .ancestors, .descendants: true
        default: false
        }
    }

    /// Whether the networks of the versions have to be looked at.
    var needsNetworks: Bool {
        switch self {
        case .operators, .layerCount, .networkSource, .nodes, .has: true
        case .extreme(let inner, _): inner.needsNetworks
        default: false
        }
    }

    /// How much it costs to find out: what is cheap is asked first.
    var cost: Int {
        switch self {
        case .nodes, .has, .extreme: 3
        case .operators, .layerCount, .networkSource, .ancestors, .descendants,
            .storedByteCount:
            2
        case .hyperparameter, .measurement, .tags, .parents, .children, .dtypes: 1
        default: 0
        }
    }
}
