import Foundation

// Asks many networks for `m["conv*"].next has POOL("MAX")`, and prints what loading and matching take:
//
//     swift run -c release --package-path Tests/Benchmarks NetworkBenchmark [COUNT] [NODES]
//
// Times are CPU times, the least of five interleaved rounds. What they are compared with, in the same
// rounds: networks that are loaded as a whole, the same names matched by Swift's Regex, and network.json
// parsed by Foundation.

/// The processor time of the thread, in seconds.
func cpuSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

let numbers = CommandLine.arguments.dropFirst().compactMap { Int($0) }
let networkCount = numbers.first ?? 10_000
let nodeCount = numbers.dropFirst().first ?? 150
let questions = try NetworkQuestions(networkCount: networkCount, nodeCount: nodeCount)
let steps = questions.steps
var least = Array(repeating: Double.infinity, count: steps.count)
var answers = Array(repeating: 0, count: steps.count)
for _ in 0..<5 {
    for (index, step) in steps.enumerated() {
        let start = cpuSeconds()
        answers[index] = try step.run()
        least[index] = min(least[index], (cpuSeconds() - start) / Double(max(1, step.networks)))
    }
}
let bytesPerNode = questions.byteCount / networkCount / nodeCount
print("\(networkCount) networks of \(nodeCount) nodes, \(bytesPerNode) bytes a node")
for (index, step) in steps.enumerated() {
    let ratio = String(format: "%.2f", least[index] / least[0])
    let time = String(format: "%.1f", least[index] * 1e6)
    print("\(step.name): \(time) µs a network, × \(ratio), answer \(answers[index])")
}
