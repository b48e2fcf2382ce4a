public import StoragePlanning

/// What bounds the reading of a snapshot.
public enum RecreationBound: Hashable, Sendable {
    /// A multiple of what the quickest plan needs.
    case alpha(Double)
    /// Such a multiple, or what a snapshot needs now where that is more: so what is stored is quick enough,
    /// and is changed only for less room.
    case alphaOrPresent(Double)
    /// The bytes that are read from the packs for a snapshot.
    case bytes(Int)
    /// The time that decoding a snapshot takes one core.
    case seconds(Double)

    /// The bound that a user wrote: `250ms`, `2s`, `100MB`, `64MiB`, or a plain number of bytes.
    ///
    /// - Throws: ``ArchiveError`` if it is none.
    public init(budget text: String) throws {
        let digits = text.prefix { $0.isNumber || $0 == "." }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }
        guard let value = Double(digits), value > 0, value.isFinite else {
            throw Self.notABudget(text)
        }
        let bytes: [String: Double] = [
            "": 1, "B": 1, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
            "KiB": 1024, "MiB": 1_048_576, "GiB": 1_073_741_824,
        ]
        switch unit {
        case "s": self = .seconds(value)
        case "ms": self = .seconds(value / 1000)
        default:
            guard let factor = bytes[String(unit)], value * factor < 1e18 else {
                throw Self.notABudget(text)
            }
            self = .bytes(Int(value * factor))
        }
    }

    private static func notABudget(_ text: String) -> ArchiveError {
        ArchiveError(
            .invalid,
            "'\(text)' is no budget. Write a time a snapshot, such as 250ms or 2s, or the bytes that "
                + "are read for it, such as 100MB."
        )
    }
}

/// What a storage plan is asked for.
public struct RepackRequest: Hashable, Sendable {
    /// What each snapshot may cost.
    public var bound: RecreationBound
    /// How its tensors are read together.
    public var retrieval: RetrievalScheme
    /// Who chooses the plan.
    public var algorithm: PlanningAlgorithm

    /// The factor that is taken unless said otherwise: what the four links of a commit's longest chains
    /// cost, since a link takes about four times as long as plain floats. So deltas stay deltas;
    /// smaller factors trade room for speed, and 8 already reads a third quicker for a few percent.
    public static let defaultAlpha = 16.0

    /// Creates a request.
    public init(
        bound: RecreationBound = .alphaOrPresent(RepackRequest.defaultAlpha),
        retrieval: RetrievalScheme = .independent,
        algorithm: PlanningAlgorithm = .pasLR
    ) {
        self.bound = bound
        self.retrieval = retrieval
        self.algorithm = algorithm
    }
}
