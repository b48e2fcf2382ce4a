import Crypto
import Foundation

/// Where a tensor lies below `layers/`.
///
/// The layer is the tensor's name up to the last `.` or `/`; a name without either lies in
/// `layers/` itself. Characters that tools trip over become `%XX`.
public struct LayerPath: Hashable, Sendable {
    /// The folder, or nil if the file lies in `layers/` itself.
    public let layer: String?

    /// The file with its suffix: `weight.npy`.
    public let fileName: String

    /// The path below `layers/`.
    public var path: String { layer.map { "\($0)/\(fileName)" } ?? fileName }
}

/// Gives every tensor of a snapshot a path of its own below `layers/`.
///
/// The answer depends on the names and their order only, so it is the same whenever it is asked.
public struct LayerNaming {
    private var taken: Set<String> = ["index.tsv"]
    private var folders: Set<String> = []

    /// The longest name of a file or folder (NAME_MAX of Linux).
    static let nameByteCountMax = 255

    /// Starts with an empty folder.
    public init() {}

    /// The paths of tensors, in the order of their names.
    public static func paths(of names: [String]) -> [LayerPath] {
        var naming = LayerNaming()
        return names.map { naming.path(of: $0) }
    }

    /// The path of the next tensor; different from all that were given before.
    public mutating func path(of name: String) -> LayerPath {
        let scalars = name.unicodeScalars
        let cut = scalars.lastIndex { $0 == "." || $0 == "/" }
        var layer = cut.map { Self.escaped(String(scalars[..<$0])) }
        let last = cut.map { String(scalars[scalars.index(after: $0)...]) } ?? name
        if let folder = layer, !folders.contains(folder) {
            layer = Self.unused(folder, suffix: "", in: taken)
            folders.insert(layer ?? folder)
            taken.insert(layer ?? folder)
        }
        let prefix = layer.map { $0 + "/" } ?? ""
        let file = Self.unused(Self.escaped(last), suffix: ".npy", in: taken, prefix: prefix)
        taken.insert(prefix + file)
        return LayerPath(layer: layer, fileName: file)
    }

    private static func unused(
        _ name: String,
        suffix: String,
        in taken: Set<String>,
        prefix: String = ""
    ) -> String {
        var candidate = shortened(name, suffix: suffix)
        var number = 2
        while taken.contains(prefix + candidate) {
            candidate = shortened("\(name)~\(number)", suffix: suffix)
            number += 1
        }
        return candidate
    }

    /// Cuts a name that is too long, with a hash of the whole so that it stays unique.
    private static func shortened(_ name: String, suffix: String) -> String {
        guard name.utf8.count + suffix.utf8.count > nameByteCountMax else { return name + suffix }
        let digest = SHA256.hash(data: Data(name.utf8)).prefix(8)
            .map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let room = nameByteCountMax - suffix.utf8.count - digest.count - 1
        // Escaped names are ASCII, so a cut never splits a character.
        return String(name.prefix(room)) + "~" + digest + suffix
    }

    /// A name without characters that shells, glob or file systems treat in a special way.
    private static func escaped(_ name: String) -> String {
        if name.isEmpty { return "%" }
        var text = ""
        for (index, byte) in name.utf8.enumerated() {
            let isPlain =
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "+"),
                    UInt8(ascii: "="), UInt8(ascii: ","), UInt8(ascii: "@"):
                    true
                case UInt8(ascii: "."), UInt8(ascii: "-"): index > 0
                default: false
                }
            if isPlain {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                text += "%" + (byte < 16 ? "0" : "") + digits
            }
        }
        return text
    }
}
