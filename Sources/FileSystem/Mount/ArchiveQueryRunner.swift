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

    private var source: ArchiveVersionSource { ArchiveVersionSource(archive) }

    func compilationError(name: String, text: [UInt8]) -> [UInt8]? {
        do {
            _ = try DQLQuery(compiling: text, named: name, source: source)
            return nil
        } catch {
            return rendered(error, name, text)
        }
    }

    func answerKey(name: String, text: [UInt8]) -> String {
        // A text that does not compile depends on itself alone, until what it names appears.
        let dependencies =
            (try? DQLQuery(compiling: text, named: name, source: source))?.dependencies ?? [:]
        let texts = dependencies.sorted { $0.key < $1.key }.map { "\($0.key)\u{0}\($0.value)" }
        let generation = (try? archive.catalog.generation()).map(String.init) ?? "unknown"
        return ([generation, "\(text)"] + texts).joined(separator: "\u{1}")
    }

    func run(
        name: String,
        text: [UInt8],
        isCancelled: @Sendable () -> Bool
    ) -> QueryOutcome {
        do {
            let query = try DQLQuery(compiling: text, named: name, source: source)
            let answer = try withoutActuallyEscaping(isCancelled) { isCancelled in
                try query.run(source: source, limits: .mount, isCancelled: isCancelled)
            }
            return .answer(
                QueryAnswerFiles(
                    links: answer.links.map { link in
                        .init(
                            name: link.name,
                            target: "../../models/\(link.model)/v\(link.number)"
                        )
                    },
                    tsv: Array(answer.tsv.utf8),
                    json: Array(answer.json.utf8),
                    explanation: Array(answer.explanation.utf8)
                )
            )
        } catch {
            logger.info("The query '\(name)' failed: \(error)")
            return .failure(rendered(error, name, text))
        }
    }

    private func rendered(_ error: any Error, _ name: String, _ text: [UInt8]) -> [UInt8] {
        guard let error = error as? DQLError else { return Array("\(name).dql: error: \(error)\n".utf8) }
        return Array(error.rendered(in: text, name: "\(name).dql").utf8)
    }
}
