import Archive
import ArgumentParser
import StoragePlanning

struct ArchiveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "archive",
        abstract: "Chooses anew what is stored as a delta against what, and stores it so.",
        discussion: """
            Examples:
              dlv archive --dry-run             shows what each algorithm would make of the archive
              dlv archive                       as small as it gets with the chains that commits make
              dlv archive --alpha 2             at most twice the reading cost of the quickest plan: larger
              dlv archive --budget 250ms        no snapshot may take a core longer than that
              dlv archive --budget 64MB --retrieval reusable

            Commits pick a good base at once; this weighs all versions together: neighbouring \
            snapshots, parents and children, and look-alikes that nobody declared. Costs are measured on \
            this machine. No bit is ever lost, mounts and commits go on meanwhile, and an interrupted run \
            is continued by the next one.

            Algorithms: mst (least storage, no bounds), spt (quickest), last, pas-mt, pas-pt (as published), \
            pas-lr (never worse than these, exact for small archives).
            """
    )

    @OptionGroup var archive: ArchiveOptions
    @OptionGroup var output: JSONOption

    @Option(
        help: """
            A snapshot may cost this many times what the quickest plan needs, 1 or more; without it 16 \
            times, or what it costs now.
            """
    )
    var alpha: Double?

    @Option(
        help: ArgumentHelp(
            "What a snapshot may cost: a time (250ms, 2s) or the bytes that are read (64MB).",
            valueName: "bytes|seconds"
        )
    )
    var budget: String?

    @Option(
        help: "How the tensors of a snapshot are read together: independent, parallel or reusable."
    )
    var retrieval = RetrievalScheme.independent.rawValue

    @Option(help: "Who chooses the plan: mst, spt, last, pas-mt, pas-pt or pas-lr.")
    var algorithm = PlanningAlgorithm.pasLR.rawValue

    @Flag(help: "Read every snapshot afterwards, and tell its time beside the predicted one.")
    var measure = false

    @Flag(help: "Show the plan and change nothing.")
    var dryRun = false

    func run() throws {
        let request = try request()
        let archive = try archive.open(readOnly: dryRun)
        let progress = ProgressLine("planning")
        defer { progress.finish() }
        let plan = try archive.planRepack(request) { step, done, total in
            progress.update(done, of: total, step)
        }
        progress.finish()
        let report = RepackReport(plan: plan)
        guard !dryRun else {
            output.json ? report.printJSON(nil) : report.printText()
            return
        }
        if !output.json { report.printText() }
        let bar = ProgressLine("archiving")
        defer { bar.finish() }
        let summary = try archive.repack(plan) { done, total in
            bar.update(done, of: total, "\(byteText(done)) of \(byteText(total))")
        }
        bar.finish()
        let measured = try measure ? measurements(of: archive, request.retrieval) : nil
        output.json ? report.printJSON(summary, measured) : report.printText(summary, measured)
    }

    private func measurements(
        of archive: ModelArchive,
        _ retrieval: RetrievalScheme
    ) throws -> [Double] {
        let progress = ProgressLine("measuring")
        defer { progress.finish() }
        return try archive.measureRecreation(retrieval) { progress.update($0, of: $1) }
    }

    private func request() throws -> RepackRequest {
        guard alpha == nil || budget == nil else {
            throw ValidationError("Give either --alpha or --budget: each is a bound of its own.")
        }
        var request = RepackRequest(
            retrieval: try RetrievalScheme(named: retrieval),
            algorithm: try PlanningAlgorithm(named: algorithm)
        )
        if let alpha { request.bound = .alpha(alpha) }
        if let budget { request.bound = try RecreationBound(budget: budget) }
        return request
    }
}
