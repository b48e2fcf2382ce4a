import ModelFormats
import Tensors

/// Maps files of raw tensors by the ONNX models that name them.
///
/// A model may name any path, and readers have been tricked that way (CVE-2022-25882, CVE-2024-27318):
/// only a file of the same commit, in the model's folder or below, is looked at, and none is opened.
enum ExternalData {
    /// Gives data files their span maps, and models without their data a note.
    static func map(_ items: inout [CommitItem]) {
        var places: [String: Int] = [:]
        for (index, item) in items.enumerated() where item.scanned.linkTarget == nil {
            places[item.scanned.name] = index
        }
        var tensors: [Int: [ExternalTensor]] = [:]
        for index in items.indices {
            for tensor in items[index].map?.externalTensors ?? [] {
                let path = items[index].folder + tensor.location
                guard isInside(tensor.location), let data = places[path], data != index else {
                    items[index].note =
                        "its data file '\(tensor.location)' is not part of the commit."
                    continue
                }
                tensors[data, default: []].append(tensor)
            }
        }
        for (index, found) in tensors where items[index].map == nil {
            let map = SpanMap.joining(
                found,
                format: .onnxData,
                byteCount: items[index].scanned.status.byteCount
            )
            items[index].map = map
            items[index].note =
                map == nil ? "the model that names it expects more bytes than it has." : nil
        }
    }

    /// Whether a path stays in the folder that it is relative to.
    private static func isInside(_ location: String) -> Bool {
        let parts = location.split(separator: "/", omittingEmptySubsequences: false)
        return !location.contains("\0") && parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
    }
}
