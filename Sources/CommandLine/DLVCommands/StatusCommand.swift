import Archive
import ArgumentParser
import Foundation
import Mount

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Lists the archives that are mounted, and what their servers do.",
        discussion: """
            Examples:
              dlv status
              dlv status --json

            HITS is how many of the wanted chunks were decoded already, QUEUE how many are being \
            decoded or waited for. A mount whose server was killed is listed as dead; mounting there \
            again clears it.
            """
    )

    @OptionGroup var output: JSONOption

    func run() {
        let all = RunningMount.all()
        let mounts = zip(all, RunningMount.replies(of: all))
        if output.json {
            print(JSONText.array(mounts.map(Self.json)).rendered(), terminator: "")
        } else if all.isEmpty {
            print("No archive is mounted.")
        } else {
            var listing = Listing(
                ["ARCHIVE", "MOUNT POINT", "PID", "STATE", "FILES", "READ", "DECODED", "CACHE", "HITS", "QUEUE"],
                rightAligned: [2, 4, 5, 6, 7, 8, 9]
            )
            for (mount, reply) in mounts { listing.add(Self.row(mount, reply)) }
            listing.print()
        }
    }

    private static func state(_ reply: RunningMount.Reply) -> String {
        switch reply {
        case .running: "running"
        case .dead: "dead"
        case .silent: "silent"
        }
    }

    private static func json(_ mount: RunningMount, _ reply: RunningMount.Reply) -> JSONText {
        var members: [JSONText.Member] = [
            .init("archive", .string(mount.archive)),
            .init("mount_point", .string(mount.mountPoint)),
            .init("pid", mount.processID(reply).map { .integer(Int64($0)) } ?? .null),
            .init("alive", .boolean(reply != .dead)),
            .init("state", .string(state(reply))),
        ]
        if case .running(let text) = reply {
            let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
            members.append(.init("server", trimmed.isEmpty ? .null : .raw(trimmed)))
        }
        return .object(members)
    }

    private static func row(_ mount: RunningMount, _ reply: RunningMount.Reply) -> [String] {
        let pid = mount.processID(reply).map(String.init) ?? ""
        var row = [mount.archive, mount.mountPoint, pid, state(reply)]
        guard let facts = mount.facts(reply) else { return row }
        func number(_ name: String) -> Int { facts[name] ?? 0 }
        let wanted = number("cache_hits") + number("cache_misses")
        row += [
            "\(number("open_files"))", byteText(number("read_bytes")),
            byteText(number("decoded_bytes")), byteText(number("cache_bytes")),
            wanted == 0 ? "" : "\(number("cache_hits") * 100 / wanted) %",
            "\(number("waiting_chunks") + number("running_queries") + number("waiting_queries"))",
        ]
        return row
    }
}
