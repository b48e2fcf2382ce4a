/// A network that a query made of another one.
public struct DerivedNetwork: Hashable, Sendable {
    /// The new network.
    public let network: Network
    /// Per node of ``network`` the node of the old network that it is; nil for a new one.
    public let origins: [Int?]
    /// What a user may want to know of how it came about, in sentences.
    public let notes: [String]

    /// The names of the stored tensors of its layers, in order, each once.
    public var inheritedTensors: [String] {
        var seen: Set<String> = []
        return network.nodes.flatMap(\.parameters).filter(\.isStored).map(\.name)
            .filter { seen.insert($0).inserted }
    }
}

/// Names that are still free in a network.
struct FreeNames {
    private var taken: Set<String>

    init(_ taken: some Sequence<String>) {
        self.taken = Set(taken)
    }

    /// The name itself if it is free, else with `_2`, `_3` …; it is taken from now on.
    mutating func take(_ name: String, from first: Int = 2) -> String {
        if taken.insert(name).inserted { return name }
        var number = first
        while !taken.insert("\(name)_\(number)").inserted { number += 1 }
        return "\(name)_\(number)"
    }
}
