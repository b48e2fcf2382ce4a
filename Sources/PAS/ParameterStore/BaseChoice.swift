import TensorCoding
import Tensors

/// Chooses what a new content is coded against, judged by samples.
///
/// The depth of chains is bounded, and a line of contents is longer: what comes next must begin anew at
/// some ancestor that is less deep, at the price of a larger delta. An ancestor that is farther away costs
/// more, but lets more of the following contents be deltas to their neighbours; so what it costs beyond
/// the nearest one is spread over those.
struct BaseChoice {
    let store: ParameterStore
    /// How many contents will follow that are like the new one.
    let successorCount: Int

    private struct Candidate {
        let content: StoredContent
        let byteCount: Double
    }

    /// The base; nil if none promises less than the content alone.
    ///
    /// - Parameters:
    ///   - source: The new content.
    ///   - kind: What its elements are.
    ///   - given: Contents that are like it.
    func base(
        for source: any ByteSource,
        kind: ElementKind,
        _ given: [ContentID]
    ) throws -> StoredContent? {
        let contents = try contents(given, source.byteCount, kind)
        guard !contents.isEmpty else { return nil }
        let samples = try ContentSample.samples(of: source, kind: kind)
        let alone = samples.reduce(0) { $0 + CodingEstimate.alone($1.bytes, kind: kind) }
        let candidates = try contents.map { content in
            let byteCount = try samples.reduce(0) {
                try $0 + $1.byteCount(against: content, in: store)
            }
            return Candidate(content: content, byteCount: byteCount)
        }
        let least = candidates.map(\.byteCount).min() ?? alone
        let best = candidates
            .filter { $0.byteCount < alone && depth($0) < ContentWriter.depthMax }
            .min { cost($0, least) < cost($1, least) }
        return best?.content
    }

    private func depth(_ candidate: Candidate) -> Int { candidate.content.record.depth }

    /// What a candidate costs beyond the nearest, for each content that gains from it.
    private func cost(_ candidate: Candidate, _ least: Double) -> Double {
        let gaining = min(ContentWriter.depthMax - depth(candidate), successorCount + 1)
        return (candidate.byteCount - least) / Double(gaining)
    }

    /// What fits of the given contents; and of one that is too deep, the bases it has itself.
    private func contents(
        _ given: [ContentID],
        _ byteCount: Int,
        _ kind: ElementKind
    ) throws -> [StoredContent] {
        var contents: [StoredContent] = []
        func add(_ content: StoredContent) {
            guard content.record.byteCount == byteCount, content.record.kind == kind,
                !contents.contains(where: { $0.record.id == content.record.id })
            else { return }
            contents.append(content)
        }
        for id in given {
            var content = try store.content(id)
            add(content)
            guard content.record.depth >= ContentWriter.depthMax else { continue }
            while let base = content.record.base {
                content = try store.content(base)
                add(content)
            }
        }
        return contents
    }
}
