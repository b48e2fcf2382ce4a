import ArgumentParser
import Foundation

/// The helper of mount(8) for the type `dlv`: what `/sbin/mount.dlv`, a link to `dlv`, does.
///
///     mount.dlv ARCHIVE DIR [-sfnv] [-N NAMESPACE] [-t TYPE] [-o OPTIONS]
///
/// So a line of fstab(5) mounts an archive:
///
///     /srv/zoo.dlv  /mnt/zoo  dlv  allow_other,cache_size=1024,nofail  0  0
public enum MountHelper {
    /// Whether the program was started under the helper's name.
    public static var isCalled: Bool {
        (CommandLine.arguments.first as NSString?)?.lastPathComponent == "mount.dlv"
    }

    /// Mounts, and ends the program as mount(8) expects.
    public static func main() {
        do {
            guard let arguments = try commandArguments(Array(CommandLine.arguments.dropFirst())) else {
                return
            }
            DLV.main(arguments)
        } catch {
            StandardError.write("mount.dlv: \(error)\n")
            // 1 is "incorrect invocation" in mount(8).
            exit(1)
        }
    }

    /// Why a line of fstab(5) cannot be done, in one sentence.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// The arguments of `dlv` that do what the helper's arguments ask; nil if nothing is to be done (`-f`).
    static func commandArguments(_ arguments: [String]) throws -> [String]? {
        var places: [String] = []
        var options: [String] = []
        var isFake = false
        var rest = arguments[...]
        while let word = rest.popFirst() {
            guard word.hasPrefix("-"), word.count > 1 else {
                places.append(word)
                continue
            }
            switch word {
            case "-o": options += try split(try value(of: word, &rest))
            case "-N", "-t": _ = try value(of: word, &rest)
            default:
                guard word.dropFirst().allSatisfy("sfnvw".contains) else {
                    throw Failure(description: "The option '\(word)' is not known.")
                }
                isFake = isFake || word.contains("f")
            }
        }
        guard places.count == 2 else {
            throw Failure(description: "An archive and a directory are needed: mount.dlv ARCHIVE DIR.")
        }
        let translated = try options.flatMap(translate)
        return isFake ? nil : ["mount"] + translated + ["--"] + places
    }

    private static func value(of option: String, _ rest: inout ArraySlice<String>) throws -> String {
        guard let value = rest.popFirst() else {
            throw Failure(description: "The option '\(option)' needs a value.")
        }
        return value
    }

    /// Splits at commas; a backslash keeps one, for paths.
    private static func split(_ text: String) throws -> [String] {
        var options = [""]
        var isEscaped = false
        for character in text {
            if isEscaped {
                options[options.count - 1].append(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "," {
                options.append("")
            } else {
                options[options.count - 1].append(character)
            }
        }
        return options.filter { !$0.isEmpty }
    }

    /// Those with a value, each an option of `dlv mount`.
    private static let valued = [
        "cache_size": "--cache-size", "subdir": "--subdir", "log": "--log", "uid": "--uid",
        "gid": "--gid", "log_level": "--log-level", "query_errors": "--query-errors",
        "read_ahead": "--read-ahead", "grace": "--grace",
    ]

    /// Those that mount(8), systemd or the kernel act on, or that say what is so anyhow.
    private static let ignored: Set = [
        "defaults", "rw", "auto", "noauto", "user", "nouser", "users", "owner", "group", "nofail",
        "_netdev", "exec", "noexec", "suid", "nosuid", "dev", "nodev", "sync", "async", "dirsync",
        "atime", "noatime", "diratime", "nodiratime", "relatime", "norelatime", "strictatime",
        "nostrictatime", "lazytime", "nolazytime", "silent", "loud", "comment",
    ]

    private static func translate(_ option: String) throws -> [String] {
        let parts = option.split(separator: "=", maxSplits: 1).map(String.init)
        let name = parts[0]
        if name.hasPrefix("x-") || name.hasPrefix("X-") || ignored.contains(name) { return [] }
        if parts.count == 2, let long = valued[name] { return [long, parts[1]] }
        switch option {
        case "ro": return ["--read-only"]
        case "allow_other": return ["--allow-other"]
        default:
            let known = (valued.keys.map { "\($0)=…" } + ["ro", "allow_other"]).sorted()
            throw Failure(
                description: "The mount option '\(option)' is not known; there are "
                    + "\(known.joined(separator: ", "))."
            )
        }
    }
}
