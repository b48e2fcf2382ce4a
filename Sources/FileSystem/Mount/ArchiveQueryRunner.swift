import Archive
import ArchiveFileSystem
import Catalog
import DQLExecution
import DQLSyntax
import Logging

/// Runs the queries of a mount on its archive.
struct ArchiveQueryRunner: QueryRunner {
    let archive: ModelArchive
    let logger: Logger

    private var facts: ArchiveFacts { ArchiveFacts(archive) }

    func compilationError(name: String, text: [UInt8]) -> [UInt8]? {
        do {
            _ = try DQLQuery(text, name: name, archive: facts)
            return nil
        } catch {
            return rendered(error, name, text)
        }
    }

    func answerKey(name: String, text: [UInt8]) -> String {
        let reached = (try? DQLQuery.reachedQueries(from: text, archive: facts)) ?? [:]
        let texts = reached.sorted { $0.key < $1.key }.map { "\($0.key)\u{0}\($0.value)" }
        let generation = (try? archive.catalog.generation()).map(String.init) ?? "unknown"
        return ([generation, "\(text)"] + texts).joined(separator: "\u{1}")
    }

    func run(
        name: String,
        text: [UInt8],
        isCancelled: @Sendable () -> Bool
    ) -> QueryOutcome {
        do {
            let query = try DQLQuery(text, name: name, archive: facts)
            let answer = try query.run(limits: .mount, isCancelled: isCancelled)
            return .answer(try files(of: answer))
        } catch {
            logger.info("The query '\(name)' failed: \(error)")
            return .failure(rendered(error, name, text))
        }
    }

    private func files(of answer: DQLExecution.QueryAnswer) throws -> QueryAnswerFiles {
        var documents: [QueryAnswerFiles.Document] = [
            .init(name: "results.tsv", bytes: answer.tsv()),
            .init(name: "results.json", bytes: answer.json()),
        ]
        if !answer.dropped.isEmpty {
            documents.append(.init(name: "dropped.tsv", bytes: answer.droppedTSV()))
        }
        return QueryAnswerFiles(
            links: answer.links.map { .init(name: $0.name, target: "../../\($0.path)") },
            models: try answer.networks.map { try directory(of: $0) },
            documents: documents,
            explanation: Array(answer.explanation.utf8)
        )
    }

    private func directory(of made: MadeNetwork) throws -> ModelDirectory {
        let files = try MadeNetworkFiles(made, in: archive)
        return ModelDirectory(
            name: made.listed,
            tensors: files.tensors,
            documents: files.documents.map { .init(name: $0.name, bytes: $0.bytes) },
            layerIndex: files.layerIndex,
            store: archive.store
        )
    }

    private func rendered(_ error: any Error, _ name: String, _ text: [UInt8]) -> [UInt8] {
        guard let error = error as? DQLError else { return Array("\(name).dql: error: \(error)\n".utf8) }
        return Array(error.rendered(source: text, name: name).utf8)
    }
}
