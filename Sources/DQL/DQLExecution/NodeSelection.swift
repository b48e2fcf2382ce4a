import Networks

/// Nodes of a network: `m["conv*"].next.prev`.
struct NodeSelection: Hashable, Sendable {
    /// A step along the edges.
    enum Step: String, Hashable, Sendable {
        case next
        case previous = "prev"
    }

    /// The pattern of the names that the steps begin at.
    var pattern: NodePattern

    /// The steps, in order.
    var steps: [Step] = []

    /// The selection as a query writes it.
    var text: String {
        "[\"\(pattern.text)\"]" + steps.map { ".\($0.rawValue)" }.joined()
    }
}

/// What is asked of a node.
enum NodeFact: Hashable, Sendable {
    /// How many nodes there are: one number, not one a node.
    case count
    case name
    case `operator`
    case parameters
    case byteCount
    case shape
    case dtypes
    /// What the bytes of its tensors are, so that equal layers have equal values.
    case content
    /// The contents of all nodes together, by their names: one text, not one a node.
    case contents
    case minimum
    case maximum
    case mean
    /// The square root of the sum of all squares.
    case norm
    case zeros
    case nans
    case infinities
    case isFinite
    /// An attribute of the operator, such as `kernel`.
    case attribute(String)

    /// The facts by the names that queries write.
    static let byName: [String: NodeFact] = [
        "count": .count, "name": .name, "operator": .operator, "parameters": .parameters,
        "bytes": .byteCount, "shape": .shape, "dtype": .dtypes, "dtypes": .dtypes,
        "content": .content, "minimum": .minimum, "min": .minimum, "maximum": .maximum,
        "max": .maximum, "mean": .mean, "norm": .norm, "zeros": .zeros, "nans": .nans,
        "nan": .nans, "infinities": .infinities, "finite": .isFinite,
    ]

    /// The kind of its values; nil if each node's own operator decides.
    var kind: ValueKind? {
        switch self {
        case .name, .operator, .shape, .dtypes, .content, .contents: .text
        case .isFinite: .boolean
        case .attribute: nil
        default: .number
        }
    }

    /// Whether the tensors have to be looked at, not the graph alone.
    var needsWeights: Bool {
        switch self {
        case .count, .name, .operator, .attribute: false
        default: true
        }
    }
}
