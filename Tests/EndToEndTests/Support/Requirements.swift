import Foundation
import Testing

/// What a machine may lack: a test that needs it is skipped there and says so, also at the end of
/// `Scripts/test`.
extension Trait where Self == ConditionTrait {
    /// Only root may do what the test does.
    static var needsRoot: Self { .enabled(if: geteuid() == 0, "needs root") }

    /// The test runs a program that `Scripts/setup` does not install.
    static func needs(_ program: String) -> Self {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        return .enabled(
            if: folders.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(program)") },
            "needs the program '\(program)'"
        )
    }
}
