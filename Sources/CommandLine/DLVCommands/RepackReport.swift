import Archive
import StoragePlanning

/// Tells of a storage plan and of what was done for it.
struct RepackReport {
    let plan: RepackPlan

    func printText() {
        print(
            "\(counted(plan.contentCount, "content")) of \(counted(plan.snapshotCount, "snapshot")), "
                + "\(byteText(plan.byteCount)) before coding; \(counted(plan.edgeCount, "way")) to "
                + "store them were weighed."
        )
        var listing = Listing(
            ["PLAN", "STORED", "RATIO", "A SNAPSHOT, MEAN", "WORST", "LONGEST CHAIN", "CHANGES", ""],
            rightAligned: [1, 2, 3, 4, 5, 6]
        )
        for offer in plan.offers {
            listing.add([
                offer.algorithm?.rawValue ?? "now",
                byteText(offer.storedByteCount),
                ratio(offer.storedByteCount),
                recreation(offer.meanRecreation),
                recreation(offer.largestRecreation),
                "\(offer.longestChain)",
                offer.algorithm == nil ? "" : "\(offer.changeCount)",
                note(offer),
            ])
        }
        listing.print()
    }

    /// Why the archive stays as it is.
    private var reasonToStay: String {
        plan.chosen.changeCount == 0
            ? "everything is stored as planned"
            : "what the plan would change makes the packs no smaller"
    }

    func printText(_ summary: RepackSummary, _ measured: [Double]?) {
        printSummary(summary)
        guard let measured, !plan.countsBytes, measured.count == plan.recreationCosts.count else { return }
        let ratios = zip(measured, plan.recreationCosts).map { $0 / $1 }.sorted()
        guard let least = ratios.first, let largest = ratios.last else { return }
        print(
            "Measured time of a snapshot / predicted: \(percent(ratios[ratios.count / 2])) in the middle, from "
                + "\(percent(least)) to \(percent(largest))."
        )
    }

    private func percent(_ ratio: Double) -> String { "\(Int((ratio * 100).rounded())) %" }

    private func printSummary(_ summary: RepackSummary) {
        let moved = summary.movedCount > 0
            ? " and moved \(counted(summary.movedCount, "other")) out of their packs" : ""
        if summary.contentCount + summary.movedCount > 0
            || summary.byteCountBefore != summary.byteCountAfter
        {
            print(
                "Coded \(counted(summary.contentCount, "content")) anew\(moved): the packs take "
                    + "\(byteText(summary.byteCountAfter)) instead of \(byteText(summary.byteCountBefore))."
            )
        } else if plan.steps.isEmpty {
            print("Nothing to do: \(reasonToStay).")
        }
        if summary.damagedCount > 0 {
            print(
                "\(counted(summary.damagedCount, "content")) cannot be read and stayed as they are; "
                    + "'dlv verify' tells more."
            )
        }
        if summary.heldPackCount > 0 {
            print(
                "\(counted(summary.heldPackCount, "old pack")) that a mount holds open stayed; "
                    + "unmount and run 'dlv gc'."
            )
        }
    }

    func printJSON(_ summary: RepackSummary?, _ measured: [Double]? = nil) {
        var members: [JSONText.Member] = [
            .init("contents", .integer(Int64(plan.contentCount))),
            .init("snapshots", .integer(Int64(plan.snapshotCount))),
            .init("bytes", .integer(Int64(plan.byteCount))),
            .init("edges", .integer(Int64(plan.edgeCount))),
            .init("recreation_unit", .string(plan.countsBytes ? "bytes" : "seconds")),
            .init("plans", .array(plan.offers.map(json))),
            .init("chosen", .string(plan.request.algorithm.rawValue)),
            .init("recreation", .array(plan.recreationCosts.map { .number($0) })),
            .init("changes", .integer(Int64(plan.steps.count))),
        ]
        if let measured {
            members.append(.init("measured", .array(measured.map { .number($0) })))
        }
        if let summary {
            members += [
                .init("coded", .integer(Int64(summary.contentCount))),
                .init("moved", .integer(Int64(summary.movedCount))),
                .init("damaged", .integer(Int64(summary.damagedCount))),
                .init("pack_bytes_before", .integer(Int64(summary.byteCountBefore))),
                .init("pack_bytes", .integer(Int64(summary.byteCountAfter))),
                .init("held_packs", .integer(Int64(summary.heldPackCount))),
            ]
        }
        print(JSONText.object(members).rendered(), terminator: "")
    }

    private func json(_ offer: RepackPlan.Offer) -> JSONText {
        .object([
            .init("plan", .string(offer.algorithm?.rawValue ?? "now")),
            .init("stored_bytes", .integer(Int64(offer.storedByteCount))),
            .init("mean_recreation", .number(offer.meanRecreation)),
            .init("largest_recreation", .number(offer.largestRecreation)),
            .init("longest_chain", .integer(Int64(offer.longestChain))),
            .init("changes", .integer(Int64(offer.changeCount))),
            .init("keeps_bounds", .boolean(offer.keepsBounds)),
        ])
    }

    private func note(_ offer: RepackPlan.Offer) -> String {
        let isChosen = offer.algorithm == plan.request.algorithm
        return (isChosen ? ["chosen"] : []).joined()
            + (offer.keepsBounds ? "" : (isChosen ? ", " : "") + "beyond the bounds")
    }

    private func ratio(_ byteCount: Int) -> String {
        let thousandths = Int((Double(byteCount) / Double(max(1, plan.byteCount)) * 1000).rounded())
        let digits = String(thousandths % 1000)
        return "\(thousandths / 1000)." + String(repeating: "0", count: 3 - digits.count) + digits
    }

    private func recreation(_ cost: Double) -> String {
        if plan.countsBytes { return byteText(Int(cost)) }
        let hundredths = Int((cost * 100_000).rounded())
        return cost < 1
            ? "\(hundredths / 100).\(hundredths % 100 / 10)\(hundredths % 10) ms"
            : "\(Int(cost)).\(Int(cost * 10) % 10) s"
    }
}
