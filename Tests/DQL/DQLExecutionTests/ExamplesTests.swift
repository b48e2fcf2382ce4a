import DQLSyntax
import Foundation
import TestSupport
import Testing

@testable import DQLExecution

/// Every example of the documentation runs, and finds something.
struct ExamplesTests {
    private static let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Sources/DQL/DQLExecution/DQLExecution.docc/Examples.md")

    /// The blocks that are marked as DQL.
    private static func examples() throws -> [String] {
        try String(contentsOf: page, encoding: .utf8).components(separatedBy: "```dql\n").dropFirst()
            .compactMap { $0.components(separatedBy: "\n```").first }
    }

    @Test
    func everyExampleFindsSomething() throws {
        let zoo = try NetworkZoo.shared()
        let examples = try Self.examples()
        #expect(examples.count >= 25)
        for text in examples {
            do {
                let answer = try zoo.answer(text)
                // Broken checkpoints are what this archive has none of.
                #expect(answer.rows.isEmpty == text.contains("finite"), "\(text)\n\(answer.explanation)")
                #expect(answer.rows.allSatisfy { $0.count == answer.columns.count })
            } catch let error as DQLError {
                Issue.record("\(error.rendered(source: text, name: nil))")
            }
        }
    }

    @Test
    func thePublishedQueriesFindWhatTheyAreAbout() throws {
        let zoo = try NetworkZoo.shared()
        let examples = try Self.examples()
        // Behind the fifth convolution come relu5 and pool5; '_' is any character; the export to ONNX
        // names its convolutions otherwise.
        #expect(try zoo.links(examples[0]) == ["alexnet-origin-1@v1", "alexnet_bvlc@v1"])
        let slice = try zoo.answer(examples[1], name: "query2")
        #expect(slice.networks.map(\.name) == ["alexnet-origin-1@v1~query2"])
        let kept = slice.networks[0].derived.network.nodes.map(\.name)
        #expect(kept.contains("conv1") && kept.contains("fc7") && kept.contains("pool5"))
        #expect(!kept.contains("fc8") && !kept.contains("prob"))
        let construct = try zoo.answer(examples[2], name: "query3")
        #expect(
            construct.networks.map(\.name)
                == ["alexnet-avgv1-1@v1~query3", "alexnet-avgv1-1@v2~query3"]
        )
        // Behind conv1 and conv2 the normalisation comes first. The name relu5 is taken already.
        #expect(construct.networks[0].inserted == ["relu5_2"])
        let evaluate = try zoo.answer(examples[3])
        #expect(evaluate.rows.count == 2 * 3 * 4 * 2)
        #expect(evaluate.explanation.contains("combinations: 2 × 3 × 4 × 2 = 48"))
    }
}
