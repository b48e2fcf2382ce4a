import Catalog
import Foundation
import ParameterStore
import TensorCoding

extension ModelArchive {
    /// Codes contents anew into a new pack, or moves them there, and lets the catalog point there; the
    /// archive's lock is held.
    ///
    /// Every chunk is decoded again and compared before it counts. A crash before the catalog's
    /// transaction leaves everything as it was, and a pack that the next collection takes away.
    ///
    /// - Parameters:
    ///   - steps: A base stands before what is coded against it. What is no longer there is left out, and
    ///     what would close a circle.
    ///   - deltaLayout: How deltas treat the significance of their bits; nil for what suits where the planes
    ///     are.
    ///   - progress: Is called with the bytes of each step that is done.
    /// - Returns: How many contents were coded, how many moved, and how many stay where they are because
    ///   they are damaged or not there.
    func recode(
        _ steps: ArraySlice<RepackPlan.Step>,
        deltaLayout: DeltaLayout? = nil,
        progress: (Int) -> Void = { _ in }
    ) throws -> (count: Int, movedCount: Int, damagedCount: Int) {
        let next = try catalog.nextIDs()
        let pack = (id: next.pack, name: GlobalID().description)
        let writer = ContentWriter(
            store: store,
            packName: pack.name,
            pack: pack.id,
            firstContentID: next.content
        )
        var written: [ContentID: ContentRecord] = [:]
        var movedCount = 0
        var damagedCount = 0
        // Where planes were moved away, low resolutions must not need them.
        let layout = try deltaLayout ?? (catalog.lowPlanesDirectories().isEmpty ? .whole : .fields)
        do {
            for step in steps where try isPossible(step, after: written) {
                do {
                    written[step.content] = step.isMove
                        ? try writer.move(step.content)
                        : try writer.reencode(
                            step.content,
                            base: step.base,
                            deltaLayout: layout,
                            findsLowRank: step.findsLowRank ?? store.hasLowRank(step.content)
                        )
                    if step.isMove { movedCount += 1 }
                } catch let error as ParameterStoreError where error.isDamage {
                    // What cannot be read cannot be moved either; 'dlv verify' tells of it.
                    damagedCount += 1
                }
                progress(step.byteCount)
            }
            let records = try writer.finish()
            try catalog.replaceCodings(records, pack: pack)
            return (records.count - movedCount, movedCount, damagedCount)
        } catch {
            writer.discard()
            throw error
        }
    }

    /// Whether both contents are there still, and the base is not coded against the content.
    ///
    /// - Parameter written: The new records of what was coded before it, which the catalog gets later.
    private func isPossible(
        _ step: RepackPlan.Step,
        after written: [ContentID: ContentRecord]
    ) throws -> Bool {
        guard try catalog.record(of: step.content) != nil else { return false }
        var base = step.isMove ? nil : step.base
        while let id = base {
            guard id != step.content, let record = try written[id] ?? catalog.record(of: id) else {
                return false
            }
            base = record.base
        }
        return true
    }
}

extension ParameterStoreError {
    /// Whether stored bytes are at fault, not the disk or the system.
    var isDamage: Bool {
        switch code {
        case .full, .system: false
        default: true
        }
    }
}
