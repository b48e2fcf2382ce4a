import Foundation
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// A directory in which a test works as a user does: with a shell, the built `dlv`, and Python.
///
/// In its scripts, `dlv` is the built program, `python` has numpy and safetensors, `$FIXTURES` holds the
/// checkpoints of the repository, and DLV_ARCHIVE is `zoo.dlv`. `apart COMMAND …` runs a command whose mounts
/// nobody else sees, and which sees nobody else's; `server-of mnt` tells the process that serves a mount.
final class Workplace: Sendable {
    /// Where scripts run.
    let directory: TemporaryDirectory

    private let environment: [Environment.Key: String]

    /// A new namespace has a copy of every mount; one that stayed would keep the server of another test alive.
    private static let apart = #"""
        unshare --mount --propagation private sh -c '
            grep -w fuse.dlv /proc/self/mountinfo | cut -d" " -f5 | grep -v "^$HOME/" |
                xargs -r umount --lazy --internal-only 2> /dev/null
            exec "$@"' sh
        """#

    private static let serverOf = #"""
        python -c 'import json, sys; print(json.load(open(sys.argv[1] + "/.status"))["pid"])'
        """#

    /// How long a script may take before it is a failure; nothing should take a tenth of it.
    private static let timeLimitSeconds = 240

    private init() throws {
        directory = try TemporaryDirectory()
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let programs = try Self.programs()
        let tools = directory.url.appendingPathComponent(".tools")
        try FileManager.default.createDirectory(at: tools, withIntermediateDirectories: false)
        let python = root.appendingPathComponent(".venv/bin/python")
        guard FileManager.default.isExecutableFile(atPath: python.path) else {
            throw Failure("There is no Python environment in .venv; run 'Scripts/setup --tests'.")
        }
        // Scripts, not links: Python finds its environment by the path that it was started by.
        for (name, command) in [
            ("dlv", "'\(programs.appendingPathComponent("dlv").path)'"),
            ("python", "'\(python.path)'"),
            ("apart", Self.apart),
            ("server-of", Self.serverOf),
        ] {
            let file = tools.appendingPathComponent(name)
            try "#!/bin/sh\nexec \(command) \"$@\"\n"
                .write(to: file, atomically: false, encoding: .utf8)
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755],
                ofItemAtPath: file.path
            )
        }
        let inherited = ProcessInfo.processInfo.environment
        environment = [
            "PATH": "\(tools.path):\(inherited["PATH"] ?? "/usr/bin:/bin")",
            "HOME": directory.path,
            "LC_ALL": "C.UTF-8",
            "DLV_ARCHIVE": directory.path("zoo.dlv"),
            "FIXTURES": root.appendingPathComponent("Tests/Fixtures/lenet").path,
            "SCRIPTS": root.appendingPathComponent("Scripts").path,
        ]
    }

    /// The directory of the test program holds the built `dlv` too.
    private static func programs() throws -> URL {
        var folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        if let main = Bundle.main.executableURL?.deletingLastPathComponent() { folder = main }
        let candidates = [folder, folder.deletingLastPathComponent()]
        guard
            let found = candidates.first(where: {
                FileManager.default.isExecutableFile(atPath: $0.appendingPathComponent("dlv").path)
            })
        else { throw Failure("There is no built 'dlv' beside the tests in '\(folder.path)'.") }
        return found
    }

    /// Runs a test in a new workplace and unmounts whatever it mounted, also when it fails.
    static func use(_ body: (Workplace) async throws -> Void) async throws {
        let workplace = try Workplace()
        do {
            try await body(workplace)
        } catch {
            try? await workplace.unmountAll()
            throw error
        }
        try await workplace.unmountAll()
    }

    /// Runs a test in a new workplace whose archive, of two versions, is mounted at `mnt`.
    static func useMountedZoo(
        _ options: String = "",
        _ body: (Workplace) async throws -> Void
    ) async throws {
        try await use { place in
            try await place.makeZoo()
            try await place.mount(options)
            try await body(place)
        }
    }

    private func unmountAll() async throws {
        _ = try await run(
            """
            grep -oE " $PWD/[^ ]+" /proc/self/mountinfo | sort -r | while read -r place; do
                fusermount3 -u "$place" 2>/dev/null || fusermount3 -uz "$place" 2>/dev/null ||
                    umount -l "$place"
            done
            """
        )
    }

    /// What a script printed, and how it ended.
    struct Result {
        let status: Int
        let output: String
        let errors: String

        /// The lines of the output.
        var lines: [String] {
            output.split(separator: "\n").map(String.init)
        }
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String

        init(_ description: String) {
            self.description = description
        }
    }

    /// Runs a script of bash and gives what it printed, whatever its status.
    func run(_ script: String) async throws -> Result {
        // Into files, not pipes: what a script leaves running must not keep the test waiting.
        let name = ".run-\(UUID().uuidString)"
        let wrapped = "exec >'\(name).out' 2>'\(name).err'\n\(script)"
        let result = try await Subprocess.run(
            .path("/usr/bin/timeout"),
            arguments: ["--kill-after=5", "\(Self.timeLimitSeconds)", "bash", "-c", wrapped],
            environment: .custom(environment),
            workingDirectory: FilePath(directory.path),
            output: .discarded,
            error: .discarded
        )
        func text(_ suffix: String) -> String {
            let data = FileManager.default.contents(atPath: directory.path(name + suffix))
            return String(decoding: data ?? Data(), as: UTF8.self)
        }
        let status: Int =
            switch result.terminationStatus {
            case .exited(let code): Int(code)
            case .signaled(let signal): 128 + Int(signal)
            }
        let answer = Result(status: status, output: text(".out"), errors: text(".err"))
        for suffix in [".out", ".err"] {
            try? FileManager.default.removeItem(atPath: directory.path(name + suffix))
        }
        return answer
    }

    /// A script that ends at the first line that is not true, and says which it is. Bash goes on after a `!`
    /// whose command succeeds, whatever `set -e` says.
    static func strict(_ script: String) -> String {
        let lines = script.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let isNegation = line.drop { $0 == " " }.hasPrefix("! ") && !line.contains("||")
            return isNegation ? "\(line) || false" : String(line)
        }
        // The trap's line counts: the script's first line is the third that bash sees, after what `run` adds.
        let trap = "trap 'echo \"line $((LINENO - 2)) is not true: $BASH_COMMAND\" >&2' ERR"
        return "set -Eeuo pipefail; \(trap)\n" + lines.joined(separator: "\n")
    }

    /// Runs a script of bash that must succeed in every line, and gives what it printed.
    @discardableResult
    func check(
        _ script: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> String {
        let result = try await run(Self.strict(script))
        if result.status != 0 {
            Issue.record(
                "status \(result.status)\n\(result.output)\(result.errors)\nof: \(script)",
                sourceLocation: sourceLocation
            )
        }
        return result.output
    }

    /// Runs a script of bash that must fail with one sentence, and gives that sentence.
    func fail(
        _ script: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> String {
        let result = try await run(script)
        #expect(result.status != 0, "it should fail: \(script)", sourceLocation: sourceLocation)
        #expect(
            result.status < 124,
            "it hung or crashed (\(result.status)): \(script)\n\(result.errors)",
            sourceLocation: sourceLocation
        )
        // How far it was may be told too; ArgumentParser ends with how the command is used.
        let lines = result.errors.split(separator: "\n").filter { line in
            !["Usage:", "  See 'dlv"].contains { line.hasPrefix($0) } && !line.contains("ing: ")
        }
        #expect(
            lines.count == 1,
            "it should say one sentence: \(script)\n\(result.errors)",
            sourceLocation: sourceLocation
        )
        return lines.first.map(String.init) ?? ""
    }

    /// Makes an archive with two versions: the base run, and a fine-tune of it.
    func makeZoo() async throws {
        try await check(
            """
            dlv init zoo.dlv
            dlv commit --model lenet -m 'LeNet-5 on MNIST' --tag base --hyperparameter lr=0.05 \
                --measurements $FIXTURES/base.tsv $FIXTURES/base_*.safetensors
            dlv commit --model lenet -m 'fine-tuned' --hyperparameter lr=0.00005 \
                --measurements $FIXTURES/fine-tune-a.tsv $FIXTURES/fine-tune-a_*.safetensors
            """
        )
    }

    /// Mounts the archive at `mnt`.
    func mount(_ options: String = "") async throws {
        try await check("mkdir -p mnt\ndlv mount \(options) zoo.dlv mnt")
    }
}
