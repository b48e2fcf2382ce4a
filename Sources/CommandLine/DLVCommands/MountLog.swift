import Foundation
import Glibc
import Logging

/// Where the log of a mount goes.
enum MountLog {
    /// Lines with a time, on the standard error: a terminal, or a file.
    case standardError
    /// Lines with a priority (sd-daemon(3)), on the standard error that systemd reads.
    case journal
    /// The system's log (syslog(3)), which systemd's journal collects too.
    case system

    /// What a mount that stays in the foreground uses: systemd tells its services of the journal.
    static var foreground: MountLog {
        ProcessInfo.processInfo.environment["JOURNAL_STREAM"] == nil ? .standardError : .journal
    }

    /// A logger that writes messages of a level and above.
    func logger(level: Logger.Level) -> Logger {
        if self == .system { openlog("dlv", LOG_PID, Int32(LOG_DAEMON)) }
        var logger = Logger(label: "dlv.mount") { _ in MountLogHandler(log: self) }
        logger.logLevel = level
        return logger
    }
}

/// Writes each message as one line.
struct MountLogHandler: LogHandler {
    let log: MountLog
    var logLevel = Logger.Level.notice
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let text = "\(event.message)".replacing("\n", with: " ")
        switch log {
        case .standardError: write("\(Self.time()) \(event.level): \(text)\n")
        case .journal: write("<\(Self.priority(event.level))>\(text)\n")
        case .system:
            withVaList([text]) { vsyslog(Self.priority(event.level), "%s", $0) }
        }
    }

    /// In one call, so that lines of several threads or processes do not mix.
    private func write(_ line: String) {
        _ = Glibc.write(2, line, line.utf8.count)
    }

    private static func time() -> String {
        var seconds = time_t()
        var parts = tm()
        Glibc.time(&seconds)
        gmtime_r(&seconds, &parts)
        var text = [CChar](repeating: 0, count: 32)
        let count = strftime(&text, text.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
        return String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The severities of syslog(3).
    private static func priority(_ level: Logger.Level) -> Int32 {
        switch level {
        case .critical: 2
        case .error: 3
        case .warning: 4
        case .notice: 5
        case .info: 6
        case .debug, .trace: 7
        }
    }
}
