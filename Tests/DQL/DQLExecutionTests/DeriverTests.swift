import DQLSyntax
import Testing

@testable import DQLExecution

struct DeriverTests {
    private let zoo: NetworkZoo

    init() throws {
        zoo = try NetworkZoo.shared()
    }

    private func names(_ made: MadeNetwork) -> [String] { made.derived.network.nodes.map(\.name) }

    @Test
    func aSliceIsAllThatLiesBetween() throws {
        let answer = try zoo.answer(
            "slice n from m where m.name = \"googlenet\" mutate n.input = m[\"pool1/3x3_s2\"] and n.output = m[\"inception_3a/output\"]"
        )
        let made = try #require(answer.networks.first)
        #expect(made.name == "googlenet@v1~slice" && answer.links.isEmpty)
        #expect(names(made).contains("inception_3a/5x5") && !names(made).contains("inception_3b/1x1"))
        #expect(made.removed.contains("conv1/7x7_s2"))
        #expect(answer.rows[0][1] == .text("googlenet@v1"))
    }

    @Test
    func onlyNodesForWhichWhereHoldsAreChanged() throws {
        let answer = try zoo.answer(
            """
            construct n from m
            where m.name = "alexnet_bvlc" and m["conv*($1)"].next has LRN and m["conv*($1)"].kernel = 5
            mutate m["conv*($1)"].insert = DROPOUT("drop_conv$1", 0.1)
            """
        )
        #expect(answer.networks.map(\.inserted) == [["drop_conv2"]])
    }

    @Test
    func nodesAndEdgesAreDeleted() throws {
        let answer = try zoo.answer(
            "construct n from m where m.name = \"alexnet_bvlc\" mutate m[\"drop*\"].delete and m[\"norm1\"].delete"
        )
        let made = try #require(answer.networks.first)
        #expect(made.removed == ["norm1", "drop6", "drop7"] && made.inserted.isEmpty)
        let edges = try zoo.answer(
            "construct n from m where m.name = \"resnet50\" mutate m[\"res2a_branch1\"].delete = m[\"bn2a_branch1\"]"
        )
        // The batch normalisation would have nothing to read.
        #expect(edges.networks.isEmpty)
        #expect(edges.dropped.first?.source == "resnet50@v1")
        #expect(edges.dropped.first?.node == "bn2a_branch1")
    }

    @Test
    func whatCannotBeMadeIsDroppedWithItsReason() throws {
        let answer = try zoo.answer(
            "construct n from m where m.name like \"%net%\" mutate m[\"fc7\"].insert = POOL(\"MAX\", 3, 2)"
        )
        #expect(answer.networks.isEmpty)
        let reasons = Dictionary(grouping: answer.dropped, by: \.source).mapValues { $0[0].reason }
        #expect(reasons["lenet@v1"]?.contains("names of its layers") == true)
        #expect(reasons["resnet50@v1"]?.contains("No node") == true)
        #expect(reasons["alexnet_bvlc@v1"] != nil)
        #expect(String(decoding: answer.droppedTSV(), as: UTF8.self).hasPrefix("source\tnode\treason\n"))
        #expect(answer.notes.contains { $0.contains("dropped in all") })
    }

    @Test
    func madeNetworksAreSourcesAndHaveNames() throws {
        try zoo.save("slice n from m where m.name like \"alexnet_bvlc\" mutate n.input = m[\"conv1\"] and n.output = m[\"fc7\"]", as: "cut")
        let text = "construct k from \"cut\" n where n[\"fc7\"] has FULL mutate n[\"fc7\"].insert = RELU"
        let answer = try zoo.answer(text, name: "more")
        #expect(answer.networks.map(\.name) == ["alexnet_bvlc@v1~cut~more"])
        #expect(try zoo.answer("select n.name, n.layers from \"cut\" n where n.nodes has LRN").rows.count == 1)
        #expect(try zoo.facts.madeNetwork(named: "alexnet_bvlc@v1~cut")?.queryName == "cut")
        #expect(try zoo.facts.madeNetwork(named: "alexnet_bvlc@v1") == nil)
        let error = try #require(throws: DQLError.self) { try zoo.facts.madeNetwork(named: "lenet@v1~cut") }
        #expect(error.message.contains("makes no network"))
        #expect(throws: DQLError.self) { try zoo.facts.madeNetwork(named: "lenet@v1~ctu") }
    }

    @Test
    func metadataTellsWhereANetworkComesFrom() throws {
        let made = try #require(try zoo.answer("slice n from m where m.name = \"vgg16\" mutate n.input = m[\"conv1_1\"] and n.output = m[\"pool1\"]").networks.first)
        let files = try MadeNetworkFiles(made, in: zoo.archive)
        #expect(files.tensors.isEmpty)
        let metadata = try #require(files.documents.first { $0.name == "metadata.json" }?.bytes)
        #expect(MadeNetworkFiles.sourceID(inMetadata: metadata) == made.version.globalID)
        #expect(MadeNetworkFiles.sourceID(inMetadata: Array("{}".utf8)) == nil)
        #expect(MadeNetworkFiles.sourceID(inMetadata: [0xFF]) == nil)
    }
}
