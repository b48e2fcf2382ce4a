import StoragePlanning

/// A repository of fine-tuned models as the papers make them: versions that derive from one another,
/// each with snapshots of some matrices.
///
/// In the manner of SD (54 versions of 10 snapshots of 16 matrices) and RD (other delta ratios, group
/// sizes, counts) of Miao et al. (ICDE 2017, §V): sizes of VGG-like layers, deltas between neighbouring
/// snapshots and to the parent's last one, the last layers retrained.
struct SyntheticRepository {
    var versionCount = 54
    var snapshotCount = 10
    var matrixCount = 16
    /// The size of a typical delta for the size of the matrix alone.
    var deltaRatio = 0.55
    /// Edges besides those of the lineage, a matrix: look-alikes.
    var lookAlikeCount = 2
    /// A link of a delta chain costs as much to decode for its raw size as a matrix alone costs times this.
    var linkCost = 1.0
    var seed: UInt64 = 1

    /// The matrices of each layer of VGG-16 hold about these shares of its weights.
    private static let layerShares: [Double] = [
        0.0002, 0.0004, 0.0008, 0.0016, 0.0032, 0.0064, 0.0064, 0.0128, 0.0256, 0.0256, 0.0256, 0.0256,
        0.0256, 0.743, 0.121, 0.003,
    ]

    func graph() throws -> MatrixStorageGraph {
        var random = Mixer(state: seed)
        var edges: [MatrixStorageGraph.Edge] = []
        var groups: [[Int]] = []
        func node(_ version: Int, _ snapshot: Int, _ matrix: Int) -> Int {
            1 + (version * snapshotCount + snapshot) * matrixCount + matrix
        }
        for version in 0..<versionCount {
            let parent = version == 0 ? nil : Int(random.next() % UInt64(version))
            for snapshot in 0..<snapshotCount {
                groups.append((0..<matrixCount).map { node(version, snapshot, $0) })
                for matrix in 0..<matrixCount {
                    let target = node(version, snapshot, matrix)
                    let raw = 538 * Self.layerShares[matrix % Self.layerShares.count]
                    let alone = raw * random.uniform(0.82, 0.86)
                    edges.append(
                        .init(from: 0, to: target, storageCost: alone, recreationCost: alone)
                    )
                    var others: [(node: Int, ratio: Double)] = []
                    let isRetrained = matrix == matrixCount - 1
                    if snapshot > 0 {
                        // Late snapshots differ less: the learning rate falls.
                        let ratio = deltaRatio * random.uniform(0.8, 1.1)
                            * (1 - 0.3 * Double(snapshot) / Double(snapshotCount))
                        others.append((node(version, snapshot - 1, matrix), ratio))
                        if snapshot > 1 {
                            others.append((node(version, snapshot - 2, matrix), ratio * 1.12))
                        }
                    }
                    if let parent, !isRetrained {
                        let last = node(parent, snapshotCount - 1, matrix)
                        others.append((last, deltaRatio * random.uniform(0.9, 1.5)))
                    }
                    for _ in 0..<lookAlikeCount where version > 0 && !isRetrained {
                        let other = node(
                            Int(random.next() % UInt64(version)),
                            Int(random.next() % UInt64(snapshotCount)),
                            matrix
                        )
                        others.append((other, deltaRatio * random.uniform(1.1, 1.8)))
                    }
                    for other in others where other.ratio < 1.05 {
                        let delta = alone * other.ratio
                        let edge = MatrixStorageGraph.Edge(
                            from: other.node,
                            to: target,
                            storageCost: delta,
                            recreationCost: delta * linkCost
                        )
                        edges += [edge, edge.reversed]
                    }
                }
            }
        }
        return try MatrixStorageGraph(
            matrixCount: versionCount * snapshotCount * matrixCount,
            edges: edges,
            groups: groups
        )
    }
}

/// SplitMix64, so that every run plans the same graphs.
struct Mixer {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func uniform(_ low: Double, _ high: Double) -> Double {
        low + (high - low) * Double(next() >> 11) * 0x1p-53
    }
}
