import Foundation
import TensorCoding

// CodingBenchmark CHILD [PARENT] [--only alone|delta|fields|lowRank]: ratio and speed of every coding on a
// safetensors file, alone and as a delta to another of the same tensors.
//
// Speeds are 1e6 bytes of tensors per second of the process's CPU time, maxima of several rounds;
// whatever decodes is compared with what was encoded.

var arguments = Array(CommandLine.arguments.dropFirst())
var only: String?
if let option = arguments.firstIndex(of: "--only"), option + 1 < arguments.count {
    only = arguments[option + 1]
    arguments.removeSubrange(option...option + 1)
}
guard let childPath = arguments.first, arguments.count <= 2 else {
    print("usage: CodingBenchmark CHILD.safetensors [PARENT.safetensors] [--only alone|delta|fields|lowRank]")
    exit(64)
}
let child = try WeightFile(childPath)
let parent = try arguments.dropFirst().first.map { try WeightFile($0) }

var ways = [CodingWay(label: "alone", parent: nil)]
if let parent {
    ways += [
        CodingWay(label: "delta", parent: parent),
        CodingWay(label: "fields", parent: parent, deltaLayout: .fields),
        CodingWay(label: "lowRank", parent: parent, findsLowRank: true),
    ]
}
for way in ways where only == nil || only == way.label {
    try Measurement.run(child: child, way)
}
