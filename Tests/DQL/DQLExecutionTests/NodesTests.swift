import Catalog
import DQLSyntax
import Testing

@testable import DQLExecution

/// Questions about nodes and what their weights are like.
struct NodesTests {
    private static let conditions: [(text: String, links: [String])] = [
        ("m[\"conv5\"].next has POOL(\"MAX\")", ["alexnet-origin-1@v1", "alexnet_bvlc@v1"]),
        ("m[\"conv5\"].next has POOL(\"AVE\")", ["alexnet-avgv1-1@v1", "alexnet-avgv1-1@v2"]),
        ("m[\"conv1\"].next.next has POOL and not m.name like \"%avg%\"",
            ["alexnet-origin-1@v1", "alexnet_bvlc@v1", "resnet50@v1"]),
        ("m[\"pool5\"].prev.prev has CONV(kernel=3, channels=256) and m.version = 1",
            ["alexnet-avgv1-1@v1", "alexnet-origin-1@v1", "alexnet_bvlc@v1"]),
        ("m[\"conv*($1)\"].next has RELU(\"relu$1\") and m.name like \"vgg%\"", ["vgg16@v1", "vgg16@v2"]),
        ("m[\"conv1\"].next has RELU(\"relu2\")", []),
        ("m.nodes has CONCAT", ["googlenet@v1"]),
        ("m[\"*\"] not has CONV and m.nodes has FULL", []),
        ("m[\"conv1\"].kernel = 11", ["alexnet-avgv1-1@v1", "alexnet-avgv1-1@v2", "alexnet-origin-1@v1",
            "alexnet_bvlc@v1"]),
        ("m[\"*\"].operator = \"ADD\"", ["resnet50@v1"]),
        ("count(m[\"*\"]) > 200", ["resnet50@v1"]),
        ("\"LRN\" in m.operators and m.layers > 100", ["googlenet@v1"]),
        ("m.network_source = \"names only\"", ["lenet@v1", "lenet@v2", "lenet-copy@v1"]),
        ("m[\"conv1\"].content = \"x\"", []),
        ("m[\"conv1.weight\"].norm > 0", ["lenet@v1", "lenet@v2", "lenet-copy@v1"]),
        ("m[\"conv*\"].norm > 1000", []),
        ("min(m[\"*\"].minimum) < 0 and max(m[\"*\"].maximum) > 0", ["lenet@v1", "lenet@v2", "lenet-copy@v1"]),
        ("m[\"*\"].finite and not m[\"*\"].nans > 0", ["lenet@v1", "lenet@v2", "lenet-copy@v1"]),
        ("m[\"conv1\"].shape like \"%[6,1,5,5]%\"", ["lenet@v1", "lenet@v2", "lenet-copy@v1"]),
        ("m[\"conv1\"].dtype = \"F32\" and m[\"conv1\"].parameters = 156", ["lenet@v1", "lenet@v2", "lenet-copy@v1"]),
    ]

    @Test
    func nodesAreFoundByNamePlaceAndWeights() throws {
        let zoo = try NetworkZoo.shared()
        for (text, links) in Self.conditions {
            let found = try zoo.links("select m where \(text)")
            #expect(found == links, "\(text)")
        }
    }

    @Test
    func layersAreComparedByTheirBytes() throws {
        let zoo = try NetworkZoo.shared()
        let same = "select a from versions a, versions b where a != b and a[\"conv*\"] = b[\"conv*\"]"
        #expect(try zoo.links(same) == ["lenet@v1", "lenet-copy@v1"])
        let changed = "select m from versions m, versions p where m.parent = p and m[\"head\"] != p[\"head\"]"
        #expect(try zoo.links(changed) == ["lenet@v2"])
        // A measurement of that name is a measurement.
        #expect(try zoo.links("select a from versions a, versions b where a[\"loss\"] = b[\"loss\"] and a != b").isEmpty)
        let snapshots = "select a from snapshots a, snapshots b where a = b and a.iteration < b.iteration and a[\"conv1\"] != b[\"conv1\"]"
        #expect(try zoo.links(snapshots) == ["lenet@v1+4"])
    }

    @Test
    func versionsWithoutEdgesAreCounted() throws {
        let zoo = try NetworkZoo.shared()
        let answer = try zoo.answer("select m where m.name like \"lenet%\" and m[\"conv1\"].next has POOL")
        #expect(answer.rows.isEmpty)
        #expect(answer.notes.contains { $0.hasPrefix("3 of the versions have names of layers only") })
        #expect(try zoo.answer("select m where m[\"conv1\"] has CONV").notes.isEmpty)
    }
}
