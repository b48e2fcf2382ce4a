import Foundation

/// Tells on standard error how far a command is, once it has taken a second.
///
/// A bar that moves on a terminal; elsewhere a plain line every ten seconds, so that logs stay short.
final class ProgressLine {
    private let verb: String
    private let isTerminal = isatty(STDERR_FILENO) != 0
    private let start = ContinuousClock.now
    private var last: ContinuousClock.Instant?
    private var isDrawn = false

    /// Starts to measure time.
    ///
    /// - Parameter verb: What the command is doing: `committing`.
    init(_ verb: String) {
        self.verb = verb
    }

    /// Tells how much is done.
    func update(_ done: Int, of total: Int, _ detail: @autoclosure () -> String = "") {
        let now = ContinuousClock.now
        let pause: Duration = isTerminal ? .milliseconds(100) : .seconds(10)
        guard now - start > .seconds(1), last.map({ now - $0 >= pause }) ?? true else { return }
        last = now
        let share = total == 0 ? 1 : Double(done) / Double(total)
        let percent = "\(Int(share * 100)) %"
        guard isTerminal else {
            StandardError.write("\(verb): \(percent) \(detail())\n")
            return
        }
        let filled = Int(share * 30)
        let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: 30 - filled)
        StandardError.write("\r\(verb) [\(bar)] \(percent) \(detail())\u{1B}[K")
        isDrawn = true
    }

    /// Takes the bar away.
    func finish() {
        if isDrawn { StandardError.write("\r\u{1B}[K") }
        isDrawn = false
    }
}
