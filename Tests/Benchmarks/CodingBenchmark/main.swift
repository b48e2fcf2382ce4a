import Foundation
import TensorCoding

// CodingBenchmark CHILD [PARENT] [--threads]: ratio and speed of every coding on a safetensors file,
// alone and as a delta to another of the same tensors.
//
// Speeds are 1e6 bytes of tensors per second of one thread's CPU time, minima of several rounds;
// whatever decodes is compared with what was encoded.

let arguments = CommandLine.arguments.dropFirst().filter { !$0.hasPrefix("--") }
guard let childPath = arguments.first else {
    print("usage: CodingBenchmark CHILD.safetensors [PARENT.safetensors]")
    exit(64)
}
let child = try WeightFile(childPath)
let parent = try arguments.dropFirst().first.map { try WeightFile($0) }
try Measurement.run(child: child, parent: nil, layout: .whole, label: "raw")
if let parent {
    try Measurement.run(child: child, parent: parent, layout: .whole, label: "delta")
    try Measurement.run(child: child, parent: parent, layout: .fields, label: "delta, fields")
}
